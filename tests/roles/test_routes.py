"""Every route by every role: the program's own list of routes against the table of what each requires.

Who does not fulfil a route's requirement changes nothing there and reads nothing; who does is let in.
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
"""Written for whoever comes: sessions, the record of who did what, how often somebody tried."""


@pytest.fixture
def world(app: Flask) -> World:
    return built(app)


def routes(app: Flask) -> dict[str, list[Rule]]:
    """ "GET goals.goal" -> its rules."""
    found: dict[str, list[Rule]] = {}
    for rule in app.url_map.iter_rules():
        for method in sorted(set(METHODS) & (rule.methods or set())):
            found.setdefault(f"{method} {rule.endpoint}", []).append(rule)
    return found


def test_every_route_says_what_it_requires(app: Flask) -> None:
    assert set(ROUTES) == set(routes(app))


@pytest.mark.slow
def test_every_route_by_every_role(app: Flask, world: World, tmp_path: Path) -> None:
    faults, asked = list[str](), 0
    roles = world.roles()
    windows = {role.name: window_of(app, role) for role in roles}
    with restored() as restore:
        for name, rules in routes(app).items():
            requirement, method = ROUTES[name], name.split()[0]
            for rule in rules:
                address = world.address(rule)
                for role in _asked(roles, requirement):
                    with writes() as written:
                        answer = _ask(windows[role.name], method, address)
                    asked += 1
                    fault = _fault(role, requirement, method, answer, written)
                    faults += [f"{name} {address} by {role.name}: {fault}"] if fault else []
                    if written.anything:
                        restore()
    assert asked > 1000
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("endpoint", "requirement"), [("POST goals.create", "editor"), ("GET measures.measure", "member")]
)
def test_the_matrix_finds_an_open_door(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch, endpoint: str, requirement: str
) -> None:
    """The control: a role that the table calls outside, and the program lets in."""
    rule = routes(app)[endpoint][0]
    editor = next(role for role in world.roles() if role.name == "editor, de")
    liar = Role("said to be nobody", editor.person)
    with writes() as written:
        answer = _ask(window_of(app, editor), endpoint.split()[0], world.address(rule))
    assert _fault(editor, ROUTES[endpoint], endpoint.split()[0], answer, written) == ""
    assert _fault(liar, ROUTES[endpoint], endpoint.split()[0], answer, written) != ""


def _asked(roles: list[Role], requirement: Requirement) -> list[Role]:
    """Everybody to whom it is closed; of those to whom it is open one of each side, or all with LONG=1."""
    if long_runs.LONG:
        return roles
    let_in = [role for role in roles if role.fulfils(requirement)]
    weakest = {role.side: role for role in let_in}
    return [role for role in roles if role not in let_in or role in weakest.values()]


def _ask(window: Window, method: str, address: str) -> TestResponse:
    data = {"value": "low", "rev": "0"} if method == "POST" else None
    with window.app.app_context():
        answer = window.client().open(address, method=method, data=data, headers={"HX-Request": "true"})
    db.session.rollback()
    db.session.expire_all()
    return answer


def _fault(role: Role, requirement: Requirement, method: str, answer: TestResponse, written: Written) -> str:
    """What is wrong with the answer; empty for nothing."""
    if answer.status_code >= 500:
        return f"answers {answer.status}"
    to_login = answer.status_code == 302 and "/login" in answer.location
    refused = to_login or answer.status_code in (400, 401, 403, 404, 405)
    if role.fulfils(requirement):
        closed = to_login or answer.status_code in ((401, 403) if method == "POST" else range(400, 500))
        return f"is let in by the table, and answers {answer.status}" if closed and _is_sure(requirement) else ""
    if written.statements:
        return f"changes something: {written.statements[0][:80]}"
    if SECRET in answer.get_data(as_text=True) and not role.role:
        return "reads what is not theirs"
    if not refused and not (method == "POST" and answer.status_code in (302, 303, 409, 422)):
        return f"answers {answer.status}"
    return ""


def _is_sure(requirement: Requirement) -> bool:
    """Whether fulfilling it is enough: not where it depends on who wrote something, or on a link."""
    return requirement.author == "" and requirement.side == "" and requirement.who not in (ANYBODY, ACCOUNT)


@dataclass(frozen=True)
class Window:
    """A browser of one role as it was when it signed in, without the proof-reading of each page."""

    app: Flask
    session: str
    token: str

    def client(self) -> FlaskClient:
        client = FlaskClient(self.app, TestResponse, use_cookies=True)
        client.set_cookie(self.app.config["SESSION_COOKIE_NAME"], self.session)
        client.environ_base = {**client.environ_base, "HTTP_X_CSRFTOKEN": self.token}
        return client


def window_of(app: Flask, role: Role) -> Window:
    reader = app.test_client()
    assert isinstance(reader, ProofReader)
    if role.person:
        reader.login(role.person)
    else:
        reader.get("/login")
    cookie = reader.get_cookie(app.config["SESSION_COOKIE_NAME"])
    return Window(app, cookie.value if cookie else "", reader.token)


class Written:
    """What was committed: `anything` at all, and statements on other tables than OWN_TABLES."""

    def __init__(self) -> None:
        self.anything = False
        self.statements: list[str] = []
        self._open: list[str] = []

    def execute(self, _connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            self._open.append(statement)

    def commit(self, _connection: object) -> None:
        self.anything |= bool(self._open)
        self.statements += [one for one in self._open if _table(one) not in OWN_TABLES]
        self._open.clear()

    def rollback(self, _connection: object) -> None:
        self._open.clear()


def _table(statement: str) -> str:
    words = statement.split(maxsplit=3)
    return (words[1] if words[0] == "UPDATE" else words[2]).strip('"')


@contextmanager
def writes() -> Iterator[Written]:
    found = Written()
    listeners: dict[str, Callable[..., None]] = {
        "before_cursor_execute": found.execute,
        "commit": found.commit,
        "rollback": found.rollback,
    }
    for name, listener in listeners.items():
        event.listen(db.engine, name, listener)
    try:
        yield found
    finally:
        for name, listener in listeners.items():
            event.remove(db.engine, name, listener)


@contextmanager
def restored() -> Iterator[Callable[[], None]]:
    """Calls put SQLite's database back to how it is now; another database stays as it is."""
    db.session.commit()
    path = db.engine.url.database
    if db.engine.dialect.name != "sqlite":
        yield lambda: None
        return
    assert path is not None
    kept = sqlite3.connect(":memory:")
    with sqlite3.connect(path) as now:
        now.backup(kept)

    def restore() -> None:
        db.session.rollback()
        db.engine.dispose()
        with sqlite3.connect(path) as now:
            kept.backup(now)
        now.close()
        db.session.expire_all()

    yield restore
    kept.close()
