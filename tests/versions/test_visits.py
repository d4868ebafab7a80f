"""Since my last visit: what counts as a visit, and from which version on changes are shown."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from flask import Flask

from klimawerk.accounts.models import Person
from klimawerk.clock import now
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.live.open_pages import OpenPage
from klimawerk.versions import service, visits
from klimawerk.versions.models import Version, Visit
from klimawerk.versions.visits import last_visit, record_visits
from tests import factories
from tests.client import ProofReader
from tests.versions.conftest import VersionedMeasure
from tests.versions.test_pages import get, words, workshop


def record_past_visit(desk: VersionedMeasure, who: Person, ago: timedelta) -> None:
    """Record a visit that ended `ago` before now; the versions until now become an hour older than that."""
    record_visits([(who.id, desk.measure.name)])
    with writing():
        db.session.get_one(Visit, (who.id, desk.measure.id)).at = now() - ago
        for version in db.session.scalars(db.select(Version)):
            version.at = now() - ago - timedelta(hours=1)


class SetClock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.seconds)


@pytest.fixture
def open_page(app: Flask, desk: VersionedMeasure) -> OpenPage:
    """An open page of an editor that shows the measure."""
    page = OpenPage("sid-1", desk.editor().id, "login", None)
    entry = {"id": "x", "name": "Editor", "side": "de", "place": "", "item": desk.measure.name, "field": "", "lang": ""}
    app.extensions["live"].pages.add(page)
    app.extensions["presence"].people.put("programme:1", page.sid, entry)
    return page


def visited(desk: VersionedMeasure) -> bool:
    db.session.rollback()
    return db.session.get(Visit, (desk.editor().id, desk.measure.id)) is not None


def test_a_glance_is_no_visit(
    app: Flask, desk: VersionedMeasure, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SetClock(monkeypatch)
    visitors = visits.VisitTracker(app.extensions["live"], app.extensions["presence"])
    visitors.look()
    clock.seconds += 4
    visitors.look()
    assert not visited(desk)
    open_page.hidden = True  # covered by another window
    clock.seconds += 4
    visitors.look()
    assert not visited(desk)
    open_page.hidden = False
    for _ in range(7):
        visitors.look()
        clock.seconds += 1
    assert visited(desk)


def test_where_a_visit_ends_is_noted_when_the_page_goes(
    app: Flask, desk: VersionedMeasure, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SetClock(monkeypatch)
    visitors = visits.VisitTracker(app.extensions["live"], app.extensions["presence"])
    for _ in range(7):
        visitors.look()
        clock.seconds += 1
    desk.set("priority", "low")
    rev = db.session.get_one(Visit, (desk.editor().id, desk.measure.id)).rev
    app.extensions["live"].pages.remove(open_page.sid)
    visitors.look()
    db.session.rollback()
    assert db.session.get_one(Visit, (desk.editor().id, desk.measure.id)).rev > rev


def test_the_changes_since_then_are_shown_and_no_others(
    any_database: str, desk: VersionedMeasure, client: ProofReader
) -> None:
    reviewer = desk.team.partner["reviewer"]
    desk.set("priority", "low")
    desk.keep("Known to the reviewer")
    record_past_visit(desk, reviewer, timedelta(days=3))
    workshop(desk)
    client.login(reviewer)
    sheet = get(client, f"/measures/{desk.measure.id}")
    assert f'href="/items/{desk.measure.id}/compare?from=visit"' in sheet
    answer = client.get(f"/items/{desk.measure.id}/compare?from=visit")
    assert answer.location.endswith("/compare?from=1&to=now"), "an address that means the same tomorrow"
    page = words(get(client, answer.location))
    assert "From your last visit, " in page
    assert "Fifty" in page
    assert "From your last visit" not in words(get(client, f"/items/{desk.measure.id}/compare?from=2&to=now"))


def test_a_version_taken_when_everybody_had_left_stands_for_the_visit(
    desk: VersionedMeasure, client: ProofReader
) -> None:
    """Otherwise the reader would be shown their own changes."""
    desk.keep()
    desk.set("priority", "low")
    desk.write("description.en", "Sixty bins.")
    reader = desk.team.partner["reviewer"]
    record_past_visit(desk, reader, timedelta(hours=1))
    service.take_version(desk.measure.id, service.QUIET)
    with writing():
        service.latest_version(desk.measure.id).at = now() - timedelta(minutes=59)  # type: ignore[union-attr]
    desk.set("priority", "high")
    client.login(reader)
    assert client.get(f"/items/{desk.measure.id}/compare?from=visit").location.endswith("from=2&to=now")


@pytest.mark.parametrize("change", ["field", "text"])
def test_what_others_did_before_that_version_is_not_passed_over(
    desk: VersionedMeasure, client: ProofReader, change: str
) -> None:
    desk.keep()
    reader = desk.team.partner["reviewer"]
    record_past_visit(desk, reader, timedelta(hours=1))
    if change == "field":
        desk.set("priority", "low")
    else:
        desk.write("description.en", "Sixty bins.")
    service.take_version(desk.measure.id, service.QUIET)
    with writing():
        service.latest_version(desk.measure.id).at = now() - timedelta(minutes=59)  # type: ignore[union-attr]
    client.login(reader)
    assert client.get(f"/items/{desk.measure.id}/compare?from=visit").location.endswith("from=1&to=now")


def test_the_visit_that_goes_on_is_not_the_last_one(desk: VersionedMeasure) -> None:
    editor = desk.editor()
    record_past_visit(desk, editor, timedelta(days=9))
    assert last_visit(editor.id, desk.measure.id)
    record_visits([(editor.id, desk.measure.name)])
    visit = last_visit(editor.id, desk.measure.id)
    assert visit is not None
    assert now() - visit.at > timedelta(days=8)


def test_who_was_never_here_is_told_so(desk: VersionedMeasure, client: ProofReader) -> None:
    desk.keep()
    record_past_visit(desk, desk.editor(), timedelta(days=1))
    client.login(desk.editor("partner"))
    answer = client.get(f"/items/{desk.measure.id}/compare?from=visit")
    assert answer.location.endswith("from=1&to=now"), "what changed since the first version is shown"
    assert "You have not been here before" in get(client, answer.location)
    client.login(factories.partnership("Nebenan", "Elsewhere").de["editor"])
    assert client.get(f"/items/{desk.measure.id}/compare?from=visit").status_code == 404


def test_without_any_version_one_comes_to_the_history(desk: VersionedMeasure, client: ProofReader) -> None:
    client.login(desk.editor("partner"))
    answer = client.get(f"/items/{desk.measure.id}/compare?from=visit")
    assert answer.location.endswith(f"/items/{desk.measure.id}/history")
