"""Verbs on a partnership and its municipalities. `by` is who does it; rights are checked by whoever calls."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from klimawerk.accounts import audit, existing_accounts
from klimawerk.accounts.models import Person
from klimawerk.accounts.service import clean_name, clean_zone
from klimawerk.accounts.signals import person_changed
from klimawerk.clock import now
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.live import changes
from klimawerk.partnerships import countries, programme_hooks
from klimawerk.partnerships.models import Membership, Municipality, Partnership
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.partnerships.signals import rights_changed

MOST_PARTNERSHIPS = 100


@dataclass(frozen=True)
class MunicipalityInput:
    """A municipality as somebody describes it; what is left empty is guessed from the country."""

    name: str
    country: str
    timezone: str = ""
    language: str = ""
    region: str = ""
    population: int | None = None
    profile: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FoundingAnswers:
    """The answers to the five questions."""

    name: str
    mine: MunicipalityInput
    theirs: MunicipalityInput
    languages: list[str]
    lead_language: str
    currency_local: str = ""


def topic(partnership_id: int) -> str:
    """Name of the partnership as a thing that changes."""
    return f"partnership:{partnership_id}"


def create_partnership(founding: FoundingAnswers, *, by: Person) -> Partnership:
    """A partnership of two municipalities with a programme; who founds it coordinates their own side.

    Raises Refused when the person belongs to as many partnerships as one may.
    """
    with writing() as database:
        existing_accounts.lock_account(by.id)
        _check_limit(by)
        partnership = Partnership(name={by.language: founding.name})
        mine: Municipality | None = None
        for position, (side, town) in enumerate(_sides(founding)):
            municipality = _municipality(_with_defaults(town, founding), side, position)
            partnership.municipalities.append(municipality)
            mine = municipality if town is founding.mine else mine
        database.add(partnership)
        database.flush()
        assert mine is not None
        add_member(partnership, by, side=mine.side, role="coordinator", municipality=mine, by=by)
        programme_hooks.create_programme(
            partnership,
            languages=founding.languages,
            lead_language=founding.lead_language,
            currency_local=founding.currency_local or _local_currency(partnership),
            by=by.id,
        )
        audit.record("partnership_created", by=by, partnership_id=partnership.id)
    return partnership


def add_member(
    partnership: Partnership,
    person: Person,
    *,
    side: str,
    role: str,
    municipality: Municipality | None = None,
    language: str = "",
    timezone: str = "",
    from_date: date | None = None,
    to_date: date | None = None,
    by: Person | None,
) -> Membership:
    """Give the person a place in the partnership, from today unless said otherwise; inside or outside `writing()`."""
    with writing() as database:
        _check_limit(person)
        membership = Membership(
            partnership=partnership,
            person=person,
            municipality=municipality,
            side=side,
            role=role,
            language=language or person.language,
            timezone=timezone or (municipality.timezone if municipality else person.timezone),
            from_date=from_date or now().date(),
            to_date=to_date,
        )
        database.add(membership)
        database.flush()
        audit.record("member_added", by=by, partnership_id=partnership.id, person=person.id, side=side, role=role)
        announce_rights(membership)
    return membership


def rename(
    partnership: Partnership,
    *,
    names: dict[str, str],
    since: int | None,
    kind: str,
    agreement: dict[str, Any],
    seen: int | None = None,
    by: Person,
) -> None:
    """Names by language, founding year, kind and agreement. `seen`: the revision the answer is based on.

    Raises Refused when somebody changed the partnership since, and when no name is left.
    """
    kept = {code: clean_name(name) for code, name in names.items() if name.strip()}
    if not kept:
        raise ActionRefused(_("The partnership needs a name in at least one language."), "name")
    with writing() as database:
        own = database.get_one(Partnership, partnership.id)
        _check_revision(own.id, seen)
        own.name, own.since, own.kind, own.agreement = kept, since, kind, agreement
        audit.record("partnership_changed", by=by, partnership_id=own.id)


def change_municipality(
    municipality: Municipality, town: MunicipalityInput, *, seen: int | None = None, by: Person
) -> None:
    """Everything about a municipality except its side. Raises Refused when the partnership changed since `seen`."""
    id_, partnership_id = municipality.id, municipality.partnership_id
    with writing() as database:
        _check_revision(partnership_id, seen)
        own = database.get(Municipality, id_, populate_existing=True)
        if own is None:
            raise ActionRefused(_("This was deleted meanwhile."))
        _describe(own, town)
        audit.record("municipality_changed", by=by, partnership_id=own.partnership_id, municipality=own.id)


def add_municipality(partnership: Partnership, side: str, town: MunicipalityInput, *, by: Person) -> Municipality:
    """One more municipality on a side."""
    with writing() as database:
        changes.note(topic(partnership.id))
        own = database.get_one(Partnership, partnership.id)
        municipality = _municipality(_with_defaults(town), side, len(own.municipalities))
        own.municipalities.append(municipality)
        database.flush()
        audit.record("municipality_added", by=by, partnership_id=own.id, municipality=municipality.id)
    return municipality


def remove_municipality(municipality: Municipality, *, by: Person) -> None:
    """Raises Refused for a side's last municipality, and while people belong to it."""
    id_, partnership_id = municipality.id, municipality.partnership_id  # it may be gone once it is our turn
    with writing() as database:
        changes.note(topic(partnership_id))
        own = database.get(Municipality, id_, populate_existing=True)
        if own is None:
            return
        beside = [one for one in own.partnership.municipalities if one.side == own.side and one is not own]
        if not beside:
            raise ActionRefused(_("Each side keeps at least one municipality."))
        if database.scalar(select(func.count()).where(Membership.municipality_id == own.id)):
            raise ActionRefused(_("People belong to this municipality. Move them to another one first."))
        audit.record("municipality_removed", by=by, partnership_id=own.partnership_id, municipality=own.id)
        own.partnership.municipalities.remove(own)


def _check_revision(partnership_id: int, seen: int | None) -> None:
    """Nothing is overwritten that the person has not seen. Takes the partnership's turn to be changed."""
    present = changes.note(topic(partnership_id)) - 1
    if seen is not None and seen != present:
        raise ActionRefused(
            _("Somebody else has changed this meanwhile. Look at the present entries, then repeat yours.")
        )


def _check_limit(person: Person) -> None:
    count = select(func.count(Membership.partnership_id.distinct())).where(Membership.person_id == person.id)
    if (db.session.scalar(count) or 0) >= MOST_PARTNERSHIPS:
        raise ActionRefused(_("Nobody can belong to more than %(num)d partnerships.", num=MOST_PARTNERSHIPS))


def announce_rights(membership: Membership) -> None:
    """The person's open pages are decided anew, and documents ask again who may write; inside `writing()`."""
    changes.note(topic(membership.partnership_id))
    rights_changed.send(partnership_id=membership.partnership_id, person_id=membership.person_id)
    person_changed.send(person_id=membership.person_id)


def _sides(founding: FoundingAnswers) -> list[tuple[str, MunicipalityInput]]:
    """The German municipality is side "de", whoever asks; of two alike, the asker's."""
    mine_first = founding.mine.country == "DE" or founding.theirs.country != "DE"
    first, second = (founding.mine, founding.theirs) if mine_first else (founding.theirs, founding.mine)
    return [("de", first), ("partner", second)]


def _with_defaults(town: MunicipalityInput, founding: FoundingAnswers | None = None) -> MunicipalityInput:
    written = founding.languages if founding else countries.LANGUAGES
    guess = countries.language_of(town.country, written) or (founding.lead_language if founding else "en")
    return replace(town, timezone=town.timezone or countries.zone_of(town.country), language=town.language or guess)


def _municipality(town: MunicipalityInput, side: str, position: int) -> Municipality:
    municipality = Municipality(side=side, position=position)
    _describe(municipality, town)
    return municipality


def _describe(municipality: Municipality, town: MunicipalityInput) -> None:
    municipality.name, municipality.country = clean_name(town.name), town.country
    municipality.region, municipality.population = town.region, town.population
    municipality.timezone, municipality.language = clean_zone(town.timezone), town.language
    municipality.profile = {code: text for code, text in town.profile.items() if text.strip()}


def _local_currency(partnership: Partnership) -> str:
    """The first currency that is not the euro, the partner's before the other's."""
    found = [countries.currency_of(one.country) for one in reversed(partnership.municipalities)]
    return next(filter(None, found), "")
