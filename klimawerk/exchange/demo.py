"""The demonstration: the example programme, and one account per role and side. Only in an otherwise empty database."""

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
_LOCALES = {"de": ("de", "Europe/Berlin"), "partner": ("en", "Africa/Accra"), "neutral": ("en", "Europe/Berlin")}


@dataclass(frozen=True)
class DemoAccount:
    """A demo account with its password, as it is printed for the operator."""

    email: str
    password: str
    name: str
    role: str
    side: str


def ensure_demo() -> list[DemoAccount]:
    """Import the example and create its accounts if the database is empty; returns [] if it holds real data.

    Their password is KLIMAWERK_DEMO_PASSWORD, or a random one that is stored beside the database. Raises InvalidInput
    if the configured password is too short.
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
    """Email address of a demo account: "editor.de@demo.example"; for neutral roles "moderator@demo.example"."""
    return f"{role}@demo.example" if side == "neutral" else f"{role}.{side}@demo.example"


def _create_demo(password: str) -> None:
    """Everything in one transaction, so that an interrupted start begins again."""
    with writing():
        partnership = import_programme(EXAMPLE.read_bytes(), by=None).frame.partnership
        for side, role, name in _ACCOUNTS:
            language, timezone = _LOCALES[side]
            person = create_person(
                address_of(side, role), name, password, language=language, timezone=timezone, demo=True
            )
            municipality = next((each for each in partnership.municipalities if each.side == side), None)
            add_member(partnership, person, side=side, role=role, municipality=municipality, by=None)


def _demo_people() -> list[tuple[Person, str, str]]:
    roles = {address_of(side, role): (side, role) for side, role, _name in _ACCOUNTS}
    people = db.session.scalars(select(Person).where(Person.email.in_(roles), Person.ended_at.is_(None)))
    by_email = {person.email: person for person in people}
    return [(by_email[email], *roles[email]) for email in roles if email in by_email]


def _account(demo_person: tuple[Person, str, str], password: str) -> DemoAccount:
    """The account with this password; an account with another one gets it, so that the printed list is true."""
    person, side, role = demo_person
    if not passwords.matches(person.password_hash, password):
        set_password(person, password, by=None)
    return DemoAccount(person.email, password, person.name, role, side)


def _password(config: Config) -> str:
    if config.demo_password:
        return config.demo_password
    password_file = config.instance / "demo_password"
    if not password_file.exists():
        descriptor = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(12))
    return password_file.read_text().strip()
