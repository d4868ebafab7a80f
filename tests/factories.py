"""People and partnerships for tests, written straight into the database of the current app."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from itertools import count

from argon2 import PasswordHasher

from klimawerk.accounts.models import Person
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.partnerships.models import Membership, Municipality, Partnership

PASSWORD = "a long enough passphrase"
# Cheap on purpose: only its verification counts here.
_HASH = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
_numbers = count(1)

ROLES = ("coordinator", "moderator", "editor", "reviewer", "observer")
LANGUAGES = {"de": "de", "partner": "en", "neutral": "de"}
ZONES = {"de": "Europe/Berlin", "partner": "Africa/Accra", "neutral": "Europe/Berlin"}


@dataclass
class Team:
    """One partnership with people: `team.de["editor"]`, `team.partner["coordinator"]`, `team.moderator`."""

    partnership: Partnership
    de: dict[str, Person] = field(default_factory=dict)
    partner: dict[str, Person] = field(default_factory=dict)
    moderator: Person | None = None

    def everybody(self) -> list[Person]:
        people = [*self.de.values(), *self.partner.values()]
        return [*people, self.moderator] if self.moderator else people


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
        made = Person(
            email=email or f"person{number}@example.org",
            name=name or f"Person {number}",
            password_hash=_HASH,
            language=language,
            timezone=timezone,
            operator=operator,
        )
        db.session.add(made)
    return made


def partnership(de: str = "Musterstadt", partner: str = "Exampleton") -> Team:
    """Two municipalities, on either side a coordinator, an editor, a reviewer and an observer; a neutral moderator."""
    with writing():
        made = Partnership(
            name={"de": f"{de} und {partner}", "en": f"{de} and {partner}"},
            kind="climate_partnership",
            since=2024,
        )
        towns = {
            "de": Municipality(
                position=0, side="de", name=de, country="DE", language="de", timezone=ZONES["de"]
            ),
            "partner": Municipality(
                position=1,
                side="partner",
                name=partner,
                country="GH",
                language="en",
                timezone=ZONES["partner"],
            ),
        }
        made.municipalities = list(towns.values())
        db.session.add(made)
    team = Team(made)
    for side, people in (("de", team.de), ("partner", team.partner)):
        for role in ("coordinator", "editor", "reviewer", "observer"):
            people[role] = member(made, side, role, town=towns[side])
    team.moderator = member(made, "neutral", "moderator")
    return team


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
    """Somebody (new unless `who` is given) with a place in the partnership."""
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
