"""Role matrix of routes: every route of the application is requested with every role, and compared with the table.

A role that does not fulfil a route's requirement changes and reads nothing there; one that does is admitted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from klimawerk.extensions import db
from tests import long_runs
from tests.client import ProofReader
from tests.roles.requirements import ACCOUNT, ANYBODY, ROUTES, Requirement
from tests.roles.role_matrix_data import SECRET, Role, World, built

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
OWN_TABLES = ("login", "audit_entry", "known_browser", "attempt")
"""Tables that any request may write to: sessions, audit log, known browsers, counted attempts."""


@pytest.fixture
def world(app: Flask) -> World:
    return built(app)


def routes(app: Flask) -> dict[str, list[Rule]]:
    """ "GET goals.goal" -> its rules."""
    rules_by_name: dict[str, list[Rule]] = {}
    for rule in app.url_map.iter_rules():
        for method in sorted(set(METHODS) & (rule.methods or set())):
            rules_by_name.setdefault(f"{method} {rule.endpoint}", []).append(rule)
    return rules_by_name


def test_every_route_says_what_it_requires(app: Flask) -> None:
    assert set(ROUTES) == set(routes(app))


@pytest.mark.slow
def test_every_route_by_every_role(app: Flask, world: World, tmp_path: Path) -> None:
    faults, request_count = list[str](), 0
    roles = world.roles()
    browsers = {role.name: window_of(app, role) for role in roles}
    with restored() as restore:
        for name, rules in routes(app).items():
            requirement, method = ROUTES[name], name.split()[0]
            for rule in rules:
                address = world.address(rule)
                for role in _roles_to_try(roles, requirement):
                    with writes() as written:
                        answer = _request(browsers[role.name], method, address)
                    request_count += 1
                    fault = _fault(role, requirement, method, answer, written)
                    faults += [f"{name} {address} by {role.name}: {fault}"] if fault else []
                    if written.anything:
                        restore()
    assert request_count > 1000
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("endpoint", "requirement"), [("POST goals.create", "editor"), ("GET measures.measure", "member")]
)
def test_the_matrix_finds_an_open_door(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch, endpoint: str, requirement: str
) -> None:
    """Negative control: a role without the permission by the table, which the application admits."""
    rule = routes(app)[endpoint][0]
    editor = next(role for role in world.roles() if role.name == "editor, de")
    wrong_role = Role("said to be nobody", editor.person)
    with writes() as written:
        answer = _request(window_of(app, editor), endpoint.split()[0], world.address(rule))
    assert _fault(editor, ROUTES[endpoint], endpoint.split()[0], answer, written) == ""
    assert _fault(wrong_role, ROUTES[endpoint], endpoint.split()[0], answer, written) != ""


def _roles_to_try(roles: list[Role], requirement: Requirement) -> list[Role]:
    """All roles that do not fulfil it; of the others one of each side, or all with LONG=1."""
    if long_runs.LONG:
        return roles
    admitted = [role for role in roles if role.fulfils(requirement)]
    by_side = {role.side: role for role in admitted}
    return [role for role in roles if role not in admitted or role in by_side.values()]


def _request(window: Window, method: str, address: str) -> TestResponse:
    data = {"value": "low", "rev": "0"} if method == "POST" else None
    with window.app.app_context():
        answer = window.client().open(address, method=method, data=data, headers={"HX-Request": "true"})
    db.session.rollback()
    db.session.expire_all()
    return answer


def _fault(role: Role, requirement: Requirement, method: str, answer: TestResponse, written: CommittedWrites) -> str:
    """Description of what is wrong with the answer; "" for nothing."""
    if answer.status_code >= 500:
        return f"answers {answer.status}"
    to_login = answer.status_code == 302 and "/login" in answer.location
    refused = to_login or answer.status_code in (400, 401, 403, 404, 405)
    if role.fulfils(requirement):
        closed = to_login or answer.status_code in ((401, 403) if method == "POST" else range(400, 500))
        return f"is let in by the table, and answers {answer.status}" if closed and _is_sufficient(requirement) else ""
    if written.statements:
        return f"changes something: {written.statements[0][:80]}"
    if SECRET in answer.get_data(as_text=True) and not role.role:
        return "reads what is not theirs"
    if not refused and not (method == "POST" and answer.status_code in (302, 303, 409, 422)):
        return f"answers {answer.status}"
    return ""


def _is_sufficient(requirement: Requirement) -> bool:
    """Whether fulfilling it suffices: not where the result also depends on an author or a link."""
    return requirement.author == "" and requirement.side == "" and requirement.who not in (ANYBODY, ACCOUNT)


@dataclass(frozen=True)
class Window:
    """A signed-in browser of one role, without the checks of ProofReader on each page."""

    app: Flask
    session: str
    token: str

    def client(self) -> FlaskClient:
        client = FlaskClient(self.app, TestResponse, use_cookies=True)
        client.set_cookie(self.app.config["SESSION_COOKIE_NAME"], self.session)
        client.environ_base = {**client.environ_base, "HTTP_X_CSRFTOKEN": self.token}
        return client


def window_of(app: Flask, role: Role) -> Window:
    client = app.test_client()
    assert isinstance(client, ProofReader)
    if role.person:
        client.login(role.person)
    else:
        client.get("/login")
    cookie = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    return Window(app, cookie.value if cookie else "", client.token)


class CommittedWrites:
    """Records committed writes: whether there was `anything`, and statements on tables outside of OWN_TABLES."""

    def __init__(self) -> None:
        self.anything = False
        self.statements: list[str] = []
        self._open: list[str] = []

    def execute(self, _connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            self._open.append(statement)

    def commit(self, _connection: object) -> None:
        self.anything |= bool(self._open)
        self.statements += [each for each in self._open if _table(each) not in OWN_TABLES]
        self._open.clear()

    def rollback(self, _connection: object) -> None:
        self._open.clear()


def _table(statement: str) -> str:
    parts = statement.split(maxsplit=3)
    return (parts[1] if parts[0] == "UPDATE" else parts[2]).strip('"')


@contextmanager
def writes() -> Iterator[CommittedWrites]:
    recorder = CommittedWrites()
    listeners: dict[str, Callable[..., None]] = {
        "before_cursor_execute": recorder.execute,
        "commit": recorder.commit,
        "rollback": recorder.rollback,
    }
    for name, listener in listeners.items():
        event.listen(db.engine, name, listener)
    try:
        yield recorder
    finally:
        for name, listener in listeners.items():
            event.remove(db.engine, name, listener)


@contextmanager
def restored() -> Iterator[Callable[[], None]]:
    """Yield a function that restores SQLite's database to its present content; other databases are left as they are."""
    db.session.commit()
    path = db.engine.url.database
    if db.engine.dialect.name != "sqlite":
        yield lambda: None
        return
    assert path is not None
    copy = sqlite3.connect(":memory:")
    with sqlite3.connect(path) as connection:
        connection.backup(copy)

    def restore() -> None:
        db.session.rollback()
        db.engine.dispose()
        with sqlite3.connect(path) as connection:
            copy.backup(connection)
        connection.close()
        db.session.expire_all()

    yield restore
    copy.close()
