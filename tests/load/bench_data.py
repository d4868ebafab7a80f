"""Data for the benchmark: people with logins, one partnership, a programme with many measures."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, insert, select

from klimawerk import config as configuration
from klimawerk import create_app
from klimawerk.accounts.models import Login
from klimawerk.accounts.sessions import key_of
from klimawerk.clock import now
from klimawerk.collab.models import Document, Update
from klimawerk.collab.rich_text import from_plain_text
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.goals.service import create_goal, goals_of
from klimawerk.measures.service import create_measure
from klimawerk.programmes.service import create_programme
from klimawerk.search import index
from klimawerk.sheets.models import Item
from klimawerk.sheets.rows import append_row
from klimawerk.versions import service as versions
from tests import factories

PEOPLE, DOCUMENTS, ROWS = 100, 100, 20


@dataclass(frozen=True)
class Ground:
    """`cookies`: one per person; `documents`: names of live documents; `page`: id of a programme with ten measures,
    `rows`: ids of its fields of action.
    """

    cookies: list[str]
    documents: list[str]
    page: int
    rows: list[str]


def prepare(address: str, instance: Path, people: int = PEOPLE, documents: int = DOCUMENTS) -> Ground:
    """Fill the empty database at `address`."""
    app = create_app(configuration.load(instance=instance, database_url=address))
    with app.app_context():
        db.create_all()
        ground = _fill(people, documents)
        index.reindex(index.stale_items())  # an installation does so once in its life, not because of an edit
        _keep_versions()
        db.session.remove()
        db.engine.dispose()
    return ground


def _fill(crowd: int, texts: int) -> Ground:
    team = factories.partnership()
    town = team.partnership.municipalities[0]
    people = [factories.member(team.partnership, "de", "editor", town=town) for _ in range(crowd)]
    page = factories.programme(team)
    for _ in range(8):
        create_measure(goals_of(page)[0], texts={"title.en": from_plain_text("One more measure")}, by=None)
    rows = [append_row(page, "fields", {"code": f"F{n}", "title.en": "-"}, by=None).id for n in range(ROWS)]
    goal = _goal(team)
    documents = [create_measure(goal, by=None).name for _ in range(texts)]
    return Ground([signed_in(person.id) for person in people], documents, page.id, rows)


def _keep_versions() -> None:
    """Take the first versions now: otherwise they would be taken, one a second, while typing is measured."""
    for number in db.session.scalars(select(Item.id)).all():
        versions.take_version(number, versions.QUIET)


def _goal(team: factories.Team) -> Goal:
    """A goal in a programme of its own, which is shown on no measured page."""
    other = create_programme(team.partnership, languages=["en"], lead_language="en", by=None)
    return create_goal(other, by=None)


def signed_in(person_id: int) -> str:
    """A session as signing in makes one (password checks are slow on purpose, and limited); returns its cookie."""
    token, moment = secrets.token_urlsafe(32), now()
    row = {"key": key_of(token), "person_id": person_id, "data": {}}
    with writing() as session:
        session.execute(insert(Login).values(**row, created_at=moment, expires_at=moment + timedelta(hours=12)))
    return f"klimawerk_session={token}"


def copy(prepared: Path, to: Path) -> str:
    """A copy of the prepared SQLite file for one run; returns its address."""
    to.mkdir(parents=True, exist_ok=True)
    shutil.copy(prepared, to / "klimawerk.sqlite")
    return f"sqlite:///{to / 'klimawerk.sqlite'}"


def give_past(address: str, instance: Path, name: str, state: bytes, rest: list[bytes]) -> None:
    """Make `state` and the later updates `rest` the whole log of a document."""
    app = create_app(configuration.load(instance=instance, database_url=address))
    with app.app_context():
        with writing() as session:
            document = session.scalars(select(Document).where(Document.name == name)).one()
            document.state, document.upto, document.seq = state, 1_000_000, 1_000_000 + len(rest)
            session.execute(delete(Update).where(Update.document_id == document.id))
            for number, payload in enumerate(rest, 1_000_001):
                session.add(Update(document_id=document.id, seq=number, payload=payload))
        db.session.remove()
        db.engine.dispose()
