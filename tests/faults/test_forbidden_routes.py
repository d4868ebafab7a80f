"""Every route is requested by those who may not use it: anonymous visitors, and members of another partnership."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from klimawerk.extensions import db
from klimawerk.measures.models import Measure
from klimawerk.programmes.models import Programme
from klimawerk.sheets.rows import rows_of
from tests import factories
from tests.client import ProofReader
from tests.factories import Team

SECRET = "Kläranlage Geheimtal"  # what no one else may read
OPEN = ("/static/", "/link/", "/import/", "/<")  # files, links that contain their own key, imprint and the like
TRIED = ("GET", "POST", "PUT", "PATCH", "DELETE")


@pytest.fixture
def measure(team: Team) -> Measure:
    team.partnership.name = {"de": SECRET, "en": SECRET}
    return factories.measure(factories.programme(team))


def filled(rule: Rule, measure: Measure, team: Team) -> str:
    """The route's URL with the ids of existing objects."""
    programme = db.session.query(Programme.id).filter_by(frame_id=measure.frame.id).scalar()
    items = {"/programmes": programme, "/goals": measure.goal_id}
    known = {
        "item_id": next((item for start, item in items.items() if rule.rule.startswith(start)), measure.id),
        "partnership_id": team.partnership.id,
        "membership_id": team.partnership.memberships[0].id,
        "municipality_id": team.partnership.municipalities[0].id,
        "row_id": rows_of(measure)["steps"][0].id,
        "kind": "steps",
        "key": "priority",
        "name": measure.name,
    }
    choices = {name: min(one.items) for name, one in rule._converters.items() if hasattr(one, "items")}
    built = rule.build({name: choices.get(name, known.get(name, 1)) for name in rule.arguments}, append_unknown=False)
    assert built is not None, rule
    return built[1]


def routes(app: Flask, measure: Measure, team: Team) -> Iterator[tuple[str, str, str]]:
    """(endpoint, method, URL) of every route that takes an id."""
    for rule in app.url_map.iter_rules():
        if rule.arguments and not rule.rule.startswith(OPEN):
            for method in sorted((rule.methods or set()) & set(TRIED)):
                yield rule.endpoint, method, filled(rule, measure, team)


def response_to(client: ProofReader, method: str, address: str) -> TestResponse:
    data = {"value": "low", "rev": "0"} if method == "POST" else None
    return client.open(address, method=method, data=data, headers={"HX-Request": "true"})


def test_a_visitor_finds_every_door_closed(app: Flask, client: ProofReader, measure: Measure, team: Team) -> None:
    client.get("/login")
    all_doors = list(routes(app, measure, team))
    assert len(all_doors) > 45
    for endpoint, method, address in all_doors:
        answer = client.open(address, method=method)
        to_login = answer.status_code == 302 and "/login" in answer.location
        assert to_login or answer.status_code in (401, 404, 405), (endpoint, method, address, answer.status_code)
        assert SECRET not in answer.text


def test_another_partnership_learns_nothing_by_any_door(
    app: Flask, client: ProofReader, measure: Measure, team: Team
) -> None:
    """An object of another partnership answers like one that does not exist."""
    client.login(factories.partnership("Anderstadt", "Otherton").de["coordinator"])
    for endpoint, method, address in routes(app, measure, team):
        answer = response_to(client, method, address)
        assert answer.status_code in (400, 404, 405), (endpoint, method, address, answer.status_code)
        assert SECRET not in answer.text
        nowhere = re.sub(r"/\d+", "/987654", address)
        if nowhere != address and answer.status_code == 404:
            assert client.open(nowhere, method=method).status_code in (400, 404), (method, nowhere)


def test_an_observer_changes_nothing_by_any_door(app: Flask, client: ProofReader, measure: Measure, team: Team) -> None:
    client.login(team.de["observer"])
    opened = 0
    for endpoint, method, address in routes(app, measure, team):
        if endpoint in ("partnerships.leave", "comments.read"):
            continue  # allowed to everybody: to leave, and to have read what they may read
        answer = response_to(client, method, address)
        opened += method == "GET" and answer.status_code == 200
        if method != "GET":
            assert answer.status_code in (400, 403, 404, 405), (endpoint, method, address, answer.status_code)
    assert opened > 3
