"""Fixtures for tests of the functions of sheets, without server and browser: a database with a programme, its users.

Creating a programme takes a tenth of a second, so it is created once and its SQLite file is copied for each test.
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
from klimawerk.collab.rich_text import from_plain_text
from klimawerk.collab.storage import document_store
from klimawerk.collab.storage.projection import project_now
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
    """Z1, the goal of both measures."""
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
    """The members of the first partnership, by (role, side)."""

    def __getitem__(self, role_and_side: tuple[str, str]) -> Person:
        query = (
            select(Person)
            .join(Membership)
            .where(Membership.role == role_and_side[0], Membership.side == role_and_side[1])
        )
        return db.session.scalars(query.order_by(Person.id).limit(1)).one()

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
    """Announcements after commits, in order: `commits`: topics of each; `locks`: ids of items whose locks changed."""

    def __init__(self) -> None:
        self.commits: list[list[str]] = []
        self.locks: list[list[int]] = []

    @property
    def topics(self) -> list[str]:
        """Topics of the only commit since the last call; ValueError if there was not exactly one."""
        (topics,) = self.commits
        self.commits.clear()
        return topics


@pytest.fixture
def announced(app: Flask) -> Announced:
    recorded = Announced()
    changes.topics_changed.connect(app, recorded.commits.append)
    locks_changed.connect(app, recorded.locks.append)
    return recorded


@pytest.fixture
def in_other_session(app: Flask) -> Callable[[Callable[[], T]], T]:
    """Runs a function now in another thread with a session of its own; objects that the test has loaded stay stale."""

    def run(work: Callable[[], T]) -> T:
        def in_thread() -> T:
            with app.app_context(), force_locale("en"):
                try:
                    return work()
                finally:
                    db.session.remove()

        with ThreadPoolExecutor(1) as pool:
            return pool.submit(in_thread).result()

    return run


def database_state() -> dict[str, object]:
    """Everything that functions of sheets can change, as stored: equal before and after if nothing was changed."""
    db.session.rollback()
    db.session.expire_all()
    models = (Item, Measure, Row, EditLock, Conflict, FieldChange)
    tables = [db.metadata.tables[model.__tablename__] for model in models]
    rows_by_table: dict[str, object] = {
        table.name: db.session.execute(select(table).order_by(*table.primary_key)).all() for table in tables
    }
    return {**rows_by_table, "revisions": changes.all_revisions()}


def set_texts(item: Item, texts: dict[str, str]) -> None:
    """Set live texts of the item ({"title.de": "Kompost"}), and project them as after a pause in typing."""
    with writing():
        document_store.replace_contents(
            item.name, {fragment: from_plain_text(plain) for fragment, plain in texts.items()}
        )
    project_now(item.name)


def opened_by(person: Person, item: Item, *, locked: bool = False) -> Opened:
    member = member_of(person, item.frame.partnership_id)
    assert member is not None
    return Opened(item, member, locked)


def view_for(person: Person, item: Item, *, language: str = "en", locked: bool = False) -> SheetView:
    """The view of the item for the person."""
    return view_of(opened_by(person, item, locked=locked), reader=language, requested=None)
