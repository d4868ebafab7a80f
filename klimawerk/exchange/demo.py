"""The demonstration: the example programme, and an account for each role and side. Only in a database of its own."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from flask import current_app
from sqlalchemy import select

from klimawerk.accounts import passwords
from klimawerk.accounts.models import Person
from klimawerk.accounts.service import create_person, set_password
from klimawerk.config import Config
from klimawerk.database import writing
from klimawerk.exchange.service import import_programme
from klimawerk.extensions import db
from klimawerk.partnerships.models import Partnership
from klimawerk.partnerships.service import add_member

EXAMPLE = Path(__file__).parent / "example_programme.json"

_ACCOUNTS = (
    ("de", "coordinator", "Katrin Brandes"),
    ("de", "editor", "Yusuf Demir"),
    ("de", "reviewer", "Jana Wolters"),
    ("de", "observer", "Peter Albers"),
    ("partner", "coordinator", "Akosua Frimpong"),
    ("partner", "editor", "Kofi Adu-Mensah"),
    ("partner", "reviewer", "Efua Sarpong"),
    ("partner", "observer", "Ama Boateng"),
    ("neutral", "moderator", "Miriam Osei-Lang"),
)
_MAY_READ = {"de": ("de", "Europe/Berlin"), "partner": ("en", "Africa/Accra"), "neutral": ("en", "Europe/Berlin")}


@dataclass(frozen=True)
class DemoAccount:
    """An account as the operator is told of it."""

    email: str
    password: str
    name: str
    role: str
    side: str


def ensure_demo() -> list[DemoAccount]:
    """Import the example and make its accounts where nothing is yet; answers the accounts, none in a real database.

    Their password is KLIMAWERK_DEMO_PASSWORD, or a random one kept beside the database. Raises BadInput when the
    one that was set is too short.
    """
    people = list(db.session.scalars(select(Person)))
    partnerships = db.session.scalar(select(Partnership.id).limit(1))
    if any(not person.demo for person in people) or (partnerships and not people):
        return []
    password = _password(current_app.extensions["klimawerk"])
    if not people:
        _create_demo(password)
    return [_account(person, password) for person in _demo_people()]


def address_of(side: str, role: str) -> str:
    """The demo account's address: "editor.de@demo.example"; roles without a side are just "moderator@..."."""
    return f"{role}@demo.example" if side == "neutral" else f"{role}.{side}@demo.example"


def _create_demo(password: str) -> None:
    """All of it or nothing: a start that was interrupted begins anew."""
    with writing():
        partnership = import_programme(EXAMPLE.read_bytes(), by=None).frame.partnership
        for side, role, name in _ACCOUNTS:
            language, timezone = _MAY_READ[side]
            person = create_person(
                address_of(side, role), name, password, language=language, timezone=timezone, demo=True
            )
            town = next((town for town in partnership.municipalities if town.side == side), None)
            add_member(partnership, person, side=side, role=role, municipality=town, by=None)


def _demo_people() -> list[tuple[Person, str, str]]:
    wanted = {address_of(side, role): (side, role) for side, role, _name in _ACCOUNTS}
    found = db.session.scalars(select(Person).where(Person.email.in_(wanted), Person.ended_at.is_(None)))
    by_email = {person.email: person for person in found}
    return [(by_email[email], *wanted[email]) for email in wanted if email in by_email]


def _account(entry: tuple[Person, str, str], password: str) -> DemoAccount:
    """What is printed has to be true: an account whose password is another gets this one."""
    person, side, role = entry
    if not passwords.matches(person.password_hash, password):
        set_password(person, password, by=None)
    return DemoAccount(person.email, password, person.name, role, side)


def _password(config: Config) -> str:
    if config.demo_password:
        return config.demo_password
    kept = config.instance / "demo_password"
    if not kept.exists():
        descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(12))
    return kept.read_text().strip()
