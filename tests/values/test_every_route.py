"""Every route with hostile values in its parameters: never a server error.

The names that a route reads from the request are recorded while it is tried, so new routes and names are tested without
a list here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any, ClassVar
from urllib.parse import parse_qsl

import pytest
from flask import Flask
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.routing import Rule
from werkzeug.utils import cached_property

from klimawerk.extensions import db
from klimawerk.web.request_input import PageRequest
from tests import long_runs
from tests.roles.role_matrix_data import Role, World, built
from tests.roles.test_routes import Window, restored, routes, window_of, writes
from tests.values.hostile_values import HOSTILE

GOOD = {
    "rev": "0", "value": "low", "words": "Words", "language": "en", "kind": "question", "name": "A name",
    "step": "take", "table": "A\tB\nC\tD", "purpose": "working", "show": "en", "email": "new@example.org", "seen": "0",
}  # fmt: skip
"""Valid values, with which most routes read the other ones."""

DESTRUCTIVE_ENDINGS = (
    "delete",
    "leave",
    "lock",
    "withdraw",
    "end_member",
    "remove_municipality",
    "logout_everywhere",
    "erase",
)
"""Destructive routes come last, since only SQLite's database is restored after each request."""

IGNORED_NAMES = {"csrf_token", "lang"}


class RecordingRequest(PageRequest):
    """A request that records which names a route reads: (where, name)."""

    requested_names: ClassVar[set[tuple[str, str]]] = set()

    @cached_property
    def args(self) -> MultiDict[str, str]:
        return _RecordingDict(super().args, "query_string")

    def _load_form_data(self) -> None:
        if "form" not in self.__dict__:
            super()._load_form_data()
            self.__dict__["form"] = _RecordingDict(self.form, "data")


class _RecordingDict(ImmutableMultiDict[str, str]):
    def __init__(self, sent: MultiDict[str, str], where: str) -> None:
        super().__init__(sent)
        self._where = where

    def get(self, key: str, default: Any = None, type: Any = None) -> Any:  # type: ignore[override]
        self._note(key)
        return super().get(key, default, type)

    def getlist(self, key: str, type: Any = None) -> Any:
        self._note(key)
        return super().getlist(key, type)

    def __contains__(self, key: object) -> bool:
        self._note(str(key))
        return super().__contains__(key)

    def _note(self, key: str) -> None:
        if key not in IGNORED_NAMES:
            RecordingRequest.requested_names.add((self._where, key))


@pytest.mark.slow
def test_nothing_that_a_route_is_sent_is_an_error_of_ours(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    no_route_has_an_error_of_ours(app, caplog)


@pytest.mark.slow
def test_nor_on_postgresql(postgresql_address: str, app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    no_route_has_an_error_of_ours(app, caplog)


def no_route_has_an_error_of_ours(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    app.request_class, world = RecordingRequest, built(app)
    roles = {role.name: role for role in world.roles()}
    tested_roles = [roles["coordinator, de"], roles["a visitor"], roles["an operator of no partnership"]]
    values, tried = cycle(HOSTILE), 0
    for role in tested_roles if long_runs.LONG else tested_roles[:1]:
        for name, rules in sorted(routes(app).items(), key=lambda route: route[0].endswith(DESTRUCTIVE_ENDINGS)):
            for rule in rules:
                tried += sum(1 for _answer in _all(app, world, role, name.split()[0], rule, values))
    errors = [record.getMessage()[:300] for record in caplog.records if record.levelno >= logging.ERROR]
    assert errors == []
    assert tried > 400


def test_the_walk_finds_a_route_that_trusts_what_it_is_sent(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """The control: an unchecked `int` of a parameter."""
    from flask import request

    app.add_url_rule("/trusting", "trusting", lambda: str(int(request.args.get("id", "1")) // 1), methods=["GET"])
    app.request_class, app.testing = RecordingRequest, False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    world = built(app)
    role = next(candidate for candidate in world.roles() if candidate.name == "coordinator, de")
    rule = next(candidate for candidate in app.url_map.iter_rules() if candidate.endpoint == "trusting")
    with pytest.raises(AssertionError):
        list(_all(app, world, role, "GET", rule, cycle(HOSTILE), each=len(HOSTILE)))


def _all(
    app: Flask, world: World, role: Role, method: str, rule: Rule, values: Iterator[str], each: int = 1
) -> Iterator[int]:
    """The status of every answer: hostile values in the URL, and under every name that the route reads."""
    each = max(each, long_runs.steps(1, 6))
    window = window_of(app, role)
    with restored() as restore:
        for address, sent in _requests(world, window, method, rule, values, each):
            with writes() as written:
                status = _ask(window, method, address, sent)
            assert status < 500, (rule.endpoint, address, sent)
            if written.anything:
                restore()
            yield status


def _requests(
    world: World, window: Window, method: str, rule: Rule, values: Iterator[str], each: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    for argument in sorted(rule.arguments):
        for value in islice(values, each):
            yield world.address(rule, {argument: value or "0"}), _sent(method)
    address, done = world.address(rule), set[tuple[str, str]]()
    RecordingRequest.requested_names.clear()
    yield address, _sent(method)
    while new := sorted(RecordingRequest.requested_names - done):
        done.update(new)  # a route reads some names only when others are valid
        for where, name in new:
            for value in islice(values, each):
                yield address.split("?")[0], _sent(method, where, name, value, address.partition("?")[2])


def _sent(method: str, where: str = "", name: str = "", value: str = "", query: str = "") -> dict[str, Any]:
    sent: dict[str, Any] = {"data": dict(GOOD)} if method == "POST" else {}
    if query:
        sent["query_string"] = dict(parse_qsl(query))
    if where:
        sent.setdefault(where, {})[name] = value
    return sent


def _ask(window: Window, method: str, address: str, sent: dict[str, Any]) -> int:
    with window.app.app_context():
        status = window.client().open(address, method=method, headers={"HX-Request": "true"}, **sent).status_code
    db.session.rollback()
    db.session.expire_all()
    return status
