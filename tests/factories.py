"""Factories: people, partnerships and programmes for tests, in the database of the current app."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from argon2 import PasswordHasher

from klimawerk.accounts.models import Person
from klimawerk.collab.rich_text import from_plain_text
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.service import create_goal
from klimawerk.measures.models import Measure
from klimawerk.measures.service import all_measures, create_measure
from klimawerk.partnerships.models import Membership, Municipality, Partnership
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import create_programme
from klimawerk.sheets.rows import append_row

PASSWORD = "a long enough passphrase"
# Cheap parameters: only verification matters here.
_HASH = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
_numbers = count(1)

LANGUAGES = {"de": "de", "partner": "en", "neutral": "de"}
ZONES = {"de": "Europe/Berlin", "partner": "Africa/Accra", "neutral": "Europe/Berlin"}


@dataclass
class Team:
    """A partnership with its members: `team.de["editor"]`, `team.partner["coordinator"]`, `team.moderator`."""

    partnership: Partnership
    de: dict[str, Person]
    partner: dict[str, Person]
    moderator: Person

    def everybody(self) -> list[Person]:
        return [*self.de.values(), *self.partner.values(), self.moderator]


def person(
    name: str = "",
    *,
    email: str = "",
    language: str = "en",
    timezone: str = "Europe/Berlin",
    operator: bool = False,
) -> Person:
    """An account with the password `PASSWORD`."""
    number = next(_numbers)
    with writing():
        created = Person(
            email=email or f"person{number}@example.org",
            name=name or f"Person {number}",
            password_hash=_HASH,
            language=language,
            timezone=timezone,
            operator=operator,
        )
        db.session.add(created)
        db.session.flush()  # `partnership` needs its id
    return created


def partnership(de: str = "Musterstadt", partner: str = "Exampleton") -> Team:
    """A partnership of two municipalities: on each side a coordinator, an editor, a reviewer and an observer; a neutral
    moderator."""
    with writing():
        created = Partnership(
            name={"de": f"{de} und {partner}", "en": f"{de} and {partner}"},
            kind="thematic",
            since=2024,
        )
        towns = {
            "de": Municipality(position=0, side="de", name=de, country="DE", language="de", timezone=ZONES["de"]),
            "partner": Municipality(
                position=1,
                side="partner",
                name=partner,
                country="GH",
                language="en",
                timezone=ZONES["partner"],
            ),
        }
        created.municipalities = list(towns.values())
        db.session.add(created)
        db.session.flush()  # its members need their ids
        roles = ("coordinator", "editor", "reviewer", "observer")
        de_members, partner_members = (
            {role: member(created, side, role, town=town) for role in roles} for side, town in towns.items()
        )
        moderator = member(created, "neutral", "moderator")
    return Team(created, de_members, partner_members, moderator)


def member(
    partnership: Partnership,
    side: str,
    role: str,
    *,
    town: Municipality | None = None,
    who: Person | None = None,
    from_date: date = date(2024, 1, 1),
    to_date: date | None = None,
) -> Person:
    """A person (new unless `who` is given) with a membership in the partnership."""
    who = who or person(f"{role.capitalize()} {side}", language=LANGUAGES[side], timezone=ZONES[side])
    with writing():
        db.session.add(
            Membership(
                partnership_id=partnership.id,
                person_id=who.id,
                municipality_id=town.id if town else None,
                side=side,
                role=role,
                language=who.language,
                timezone=who.timezone,
                from_date=from_date,
                to_date=to_date,
            )
        )
    return who


def programme(team: Team, languages: tuple[str, ...] = ("de", "en")) -> Programme:
    """A programme with one field of action, a goal Z1 and two measures, WA-01 (with rows) and WA-02."""
    created = create_programme(
        team.partnership,
        languages=list(languages),
        lead_language="en",
        currency_local="GHS",
        rate=Decimal(13),
        rate_date=date(2026, 11, 1),
        texts={"title.en": from_plain_text("Joint programme"), "title.de": from_plain_text("Gemeinsames Programm")},
        by=None,
    )
    cells = {"code": "WA", "title.en": "Waste", "title.de": "Abfall", "list_code": "waste"}
    field_row = append_row(created, "fields", cells, by=None)
    goal = create_goal(
        created, field_row=field_row.id, texts={"title.en": from_plain_text("Collect separately")}, by=None
    )
    texts: dict[str, dict[str, Any] | None] = {
        "title.en": from_plain_text("Green bins"),
        "description.en": from_plain_text("Forty bins are set up."),
    }
    first = create_measure(goal, texts=texts, values={"priority": "high"}, by=None)
    append_row(first, "steps", {"text.en": "Analyse the waste", "due": "2027-10", "side": "partner"}, by=None)
    append_row(first, "costs", {"category": "equipment", "amount": {"amount": "62000.00", "currency": "EUR"}}, by=None)
    append_row(first, "funding", {"source": "own_de", "amount": {"amount": "2000.00", "currency": "EUR"}}, by=None)
    create_measure(goal, texts={"title.en": from_plain_text("Compost site")}, by=None)
    return created


def measure(of: Programme, code: str = "WA-01") -> Measure:
    """The programme's measure with that code."""
    return next(candidate for candidate in all_measures(of) if candidate.code == code)
