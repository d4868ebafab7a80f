"""A database that holds a programme already, and what the verbs of sheets are called with: no server, no browser.

A programme costs a tenth of a second to make, so it is made once and its SQLite file copied for each test.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import select

from klimawerk import config as configuration
from klimawerk import create_app
from klimawerk.accounts.models import Person
from klimawerk.collab import document_store
from klimawerk.collab.projection import project_now
from klimawerk.collab.rich_text import from_plain_text
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.live import changes
from klimawerk.measures.models import Measure
from klimawerk.partnerships.access import member_of
from klimawerk.partnerships.models import Membership, Partnership
from klimawerk.programmes.models import Programme
from klimawerk.sheets.access import Opened
from klimawerk.sheets.models import Conflict, EditLock, FieldChange, Item, Row
from klimawerk.sheets.signals import locks_changed
from klimawerk.sheets.view import SheetView, view_of
from tests import factories

T = TypeVar("T")


@pytest.fixture(scope="session")
def _programme_template(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("programme")
    path = folder / "klimawerk.sqlite"
    shutil.copy(_sqlite_template, path)
    app = create_app(configuration.load(instance=folder, database_url=f"sqlite:///{path}", secret_key="template"))
    with app.app_context():
        factories.programme(factories.partnership("Wiesenbrück", "Abenkrom"))
        db.session.remove()
        db.engine.dispose()
    return path


@pytest.fixture
def sqlite_address(_programme_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "klimawerk.sqlite"
    shutil.copy(_programme_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(autouse=True)
def _english(app: Flask) -> Iterator[None]:
    with force_locale("en"):
        yield


@pytest.fixture
def programme(app: Flask) -> Programme:
    return db.session.scalars(select(Programme)).one()


@pytest.fixture
def goal(app: Flask) -> Goal:
    """Z1, under which both measures stand."""
    return db.session.scalars(select(Goal)).one()


@pytest.fixture
def measure(app: Flask) -> Measure:
    """WA-01, with a step, a cost line, and the priority "high"."""
    return db.session.scalars(select(Measure).where(Measure.code == "WA-01")).one()


@pytest.fixture
def second(app: Flask) -> Measure:
    """WA-02, which is empty."""
    return db.session.scalars(select(Measure).where(Measure.code == "WA-02")).one()


@pytest.fixture
def step(measure: Measure) -> Row:
    return db.session.scalars(select(Row).where(Row.item_id == measure.id, Row.kind == "steps")).one()


class People:
    """Those of the first partnership, by role and side."""

    def __getitem__(self, place: tuple[str, str]) -> Person:
        found = select(Person).join(Membership).where(Membership.role == place[0], Membership.side == place[1])
        return db.session.scalars(found.order_by(Person.id).limit(1)).one()

    @property
    def jan(self) -> Person:
        return self["editor", "de"]

    @property
    def akosua(self) -> Person:
        return self["editor", "partner"]

    @property
    def chair(self) -> Person:
        return self["moderator", "neutral"]


@pytest.fixture
def people(app: Flask) -> People:
    return People()


@pytest.fixture
def partnership(programme: Programme) -> Partnership:
    return programme.frame.partnership


class Announced:
    """What was announced after commits, in order: the topics of each, and the ids of items whose locks changed."""

    def __init__(self) -> None:
        self.commits: list[list[str]] = []
        self.locks: list[list[int]] = []

    @property
    def topics(self) -> list[str]:
        """Those of the last commit; AssertionError unless there was exactly one since it was asked last."""
        (topics,) = self.commits
        self.commits.clear()
        return topics


@pytest.fixture
def announced(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Announced]:
    found = Announced()
    monkeypatch.setattr(changes, "_listeners", [*changes._listeners, found.commits.append])

    def hear(_sender: object, items: list[int]) -> None:
        found.locks.append(items)

    with locks_changed.connected_to(hear):
        yield found


@pytest.fixture
def elsewhere(app: Flask) -> Callable[[Callable[[], T]], T]:
    """`elsewhere(work)`: somebody else does it now, with a session of their own; what the test has read stays stale."""

    def run(work: Callable[[], T]) -> T:
        def alone() -> T:
            with app.app_context(), force_locale("en"):
                try:
                    return work()
                finally:
                    db.session.remove()

        with ThreadPoolExecutor(1) as pool:
            return pool.submit(alone).result()

    return run


def stored() -> dict[str, object]:
    """All that the verbs of sheets can change, as it is on disk: equal before and after where nothing has happened."""
    db.session.rollback()
    db.session.expire_all()
    models = (Item, Measure, Row, EditLock, Conflict, FieldChange)
    tables = [db.metadata.tables[model.__tablename__] for model in models]
    found: dict[str, object] = {
        table.name: db.session.execute(select(table).order_by(*table.primary_key)).all() for table in tables
    }
    return {**found, "revisions": changes.all_revisions()}


def write(item: Item, texts: dict[str, str]) -> None:
    """These are its live texts now: {"title.de": "Kompost"}, projected as after a pause in typing."""
    with writing():
        document_store.replace_contents(
            item.name, {fragment: from_plain_text(words) for fragment, words in texts.items()}
        )
    project_now(item.name)


def opened_by(person: Person, item: Item, *, locked: bool = False) -> Opened:
    member = member_of(person, item.frame.partnership_id)
    assert member is not None
    return Opened(item, member, locked)


def seen_by(person: Person, item: Item, *, language: str = "en", locked: bool = False) -> SheetView:
    """The item's page as the person sees it."""
    return view_of(opened_by(person, item, locked=locked), reader=language, wish=None)
