"""The ground Klimawerk is measured on: people with logins, one partnership, a programme with many measures."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert

from klimawerk import config as configuration
from klimawerk import create_app
from klimawerk.accounts.models import Login
from klimawerk.accounts.sessions import key_of
from klimawerk.clock import now
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.goals.service import create_goal
from klimawerk.measures.service import create_measure
from klimawerk.programmes.service import create_programme
from tests import factories

PEOPLE, DOCUMENTS = 100, 100


@dataclass(frozen=True)
class Ground:
    """`cookies`: one per person; `documents`: names of live documents; `page`: number of a programme of 10 measures."""

    cookies: list[str]
    documents: list[str]
    page: int


def prepare(address: str, instance: Path) -> Ground:
    """Fill the empty database at `address`."""
    app = create_app(configuration.load(instance=instance, database_url=address))
    with app.app_context():
        db.create_all()
        ground = _fill()
        db.session.remove()
        db.engine.dispose()
    return ground


def _fill() -> Ground:
    team = factories.partnership()
    town = team.partnership.municipalities[0]
    people = [factories.member(team.partnership, "de", "editor", town=town) for _ in range(PEOPLE)]
    page = factories.programme(team)
    goal = _goal(team)
    documents = [create_measure(goal, by=None).name for _ in range(DOCUMENTS)]
    return Ground([_signed_in(person.id) for person in people], documents, page.id)


def _goal(team: factories.Team) -> Goal:
    """A goal in a programme of its own, which is on nobody's page."""
    other = create_programme(team.partnership, languages=["en"], lead_language="en", by=None)
    return create_goal(other, by=None)


def _signed_in(person_id: int) -> str:
    """A session as signing in makes one (passwords are slow on purpose, and limited); its cookie."""
    token, moment = secrets.token_urlsafe(32), now()
    row = {"key": key_of(token), "person_id": person_id, "data": {}}
    with writing() as session:
        session.execute(insert(Login).values(**row, created_at=moment, expires_at=moment + timedelta(hours=12)))
    return f"klimawerk_session={token}"


def copy(prepared: Path, to: Path) -> str:
    """A copy of the prepared SQLite file for one run; its address."""
    to.mkdir(parents=True, exist_ok=True)
    shutil.copy(prepared, to / "klimawerk.sqlite")
    return f"sqlite:///{to / 'klimawerk.sqlite'}"
