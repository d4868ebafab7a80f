"""Operations on partnerships and municipalities. `by`: the acting person; the caller checks permissions."""

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
    """Data of a municipality as entered; empty time zone and language are derived from the country."""

    name: str
    country: str
    timezone: str = ""
    language: str = ""
    region: str = ""
    population: int | None = None
    profile: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FoundingAnswers:
    """The content of the form for creating a partnership."""

    name: str
    mine: MunicipalityInput
    theirs: MunicipalityInput
    languages: list[str]
    lead_language: str
    currency_local: str = ""


def topic(partnership_id: int) -> str:
    """The live topic of the partnership."""
    return f"partnership:{partnership_id}"


def create_partnership(founding: FoundingAnswers, *, by: Person) -> Partnership:
    """Create a partnership of two municipalities with a programme; `by` becomes coordinator of the own side.

    Raises ActionRefused when the person belongs to `MOST_PARTNERSHIPS` already.
    """
    with writing() as database:
        existing_accounts.lock_account(by.id)
        _check_limit(by)
        partnership = Partnership(name={by.language: founding.name})
        mine: Municipality | None = None
        for position, (side, town) in enumerate(_sides(founding)):
            municipality = _new_municipality(_with_defaults(town, founding), side, position)
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
    """Add a membership, by default from today on; inside or outside `writing()`."""
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
    """Change names (by language), founding year, kind and agreement. `seen`: the revision that the form showed.

    Raises ActionRefused when the partnership was changed since, and when no name is left.
    """
    cleaned_names = {code: clean_name(name) for code, name in names.items() if name.strip()}
    if not cleaned_names:
        raise ActionRefused(_("The partnership needs a name in at least one language."), "name")
    with writing() as database:
        stored = database.get_one(Partnership, partnership.id)
        _check_revision(stored.id, seen)
        stored.name, stored.since, stored.kind, stored.agreement = cleaned_names, since, kind, agreement
        audit.record("partnership_changed", by=by, partnership_id=stored.id)


def change_municipality(
    municipality: Municipality, town: MunicipalityInput, *, seen: int | None = None, by: Person
) -> None:
    """Change a municipality, except its side. Raises ActionRefused when the partnership was changed since `seen`."""
    id_, partnership_id = municipality.id, municipality.partnership_id
    with writing() as database:
        _check_revision(partnership_id, seen)
        stored = database.get(Municipality, id_, populate_existing=True)
        if stored is None:
            raise ActionRefused(_("This was deleted meanwhile."))
        _set_data(stored, town)
        audit.record("municipality_changed", by=by, partnership_id=stored.partnership_id, municipality=stored.id)


def add_municipality(partnership: Partnership, side: str, town: MunicipalityInput, *, by: Person) -> Municipality:
    """Add a municipality to a side."""
    with writing() as database:
        changes.note(topic(partnership.id))
        stored = database.get_one(Partnership, partnership.id)
        municipality = _new_municipality(_with_defaults(town), side, len(stored.municipalities))
        stored.municipalities.append(municipality)
        database.flush()
        audit.record("municipality_added", by=by, partnership_id=stored.id, municipality=municipality.id)
    return municipality


def remove_municipality(municipality: Municipality, *, by: Person) -> None:
    """Remove a municipality. Raises ActionRefused for the last one of a side, and while people belong to it."""
    id_, partnership_id = (
        municipality.id,
        municipality.partnership_id,
    )  # read before the lock: the row may be deleted by then
    with writing() as database:
        changes.note(topic(partnership_id))
        stored = database.get(Municipality, id_, populate_existing=True)
        if stored is None:
            return
        others = [town for town in stored.partnership.municipalities if town.side == stored.side and town is not stored]
        if not others:
            raise ActionRefused(_("Each side keeps at least one municipality."))
        if database.scalar(select(func.count()).where(Membership.municipality_id == stored.id)):
            raise ActionRefused(_("People belong to this municipality. Move them to another one first."))
        audit.record("municipality_removed", by=by, partnership_id=stored.partnership_id, municipality=stored.id)
        stored.partnership.municipalities.remove(stored)


def _check_revision(partnership_id: int, seen: int | None) -> None:
    """Lock the partnership's topic; raise ActionRefused if its revision is not `seen` (optimistic locking)."""
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
    """Signal that rights changed: open pages and documents re-check permissions; inside `writing()`."""
    changes.note(topic(membership.partnership_id))
    rights_changed.send(membership.partnership_id, membership.person_id)
    person_changed.send(membership.person_id)


def _sides(founding: FoundingAnswers) -> list[tuple[str, MunicipalityInput]]:
    """Assign sides: the German municipality is "de"; if both or neither are German, the founder's is."""
    mine_first = founding.mine.country == "DE" or founding.theirs.country != "DE"
    first, second = (founding.mine, founding.theirs) if mine_first else (founding.theirs, founding.mine)
    return [("de", first), ("partner", second)]


def _with_defaults(town: MunicipalityInput, founding: FoundingAnswers | None = None) -> MunicipalityInput:
    offered = founding.languages if founding else countries.LANGUAGES
    default_language = countries.language_of(town.country, offered) or (founding.lead_language if founding else "en")
    return replace(
        town, timezone=town.timezone or countries.zone_of(town.country), language=town.language or default_language
    )


def _new_municipality(town: MunicipalityInput, side: str, position: int) -> Municipality:
    municipality = Municipality(side=side, position=position)
    _set_data(municipality, town)
    return municipality


def _set_data(municipality: Municipality, town: MunicipalityInput) -> None:
    municipality.name, municipality.country = clean_name(town.name), town.country
    municipality.region, municipality.population = town.region, town.population
    municipality.timezone, municipality.language = clean_zone(town.timezone), town.language
    municipality.profile = {code: text for code, text in town.profile.items() if text.strip()}


def _local_currency(partnership: Partnership) -> str:
    """The first currency that is not the euro, looking at the partner side first."""
    currencies = [countries.currency_of(town.country) for town in reversed(partnership.municipalities)]
    return next(filter(None, currencies), "")
