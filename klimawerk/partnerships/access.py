"""A person's place in a partnership. Whoever has none gets the same 404 as for one that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import abort
from flask_babel import lazy_gettext
from sqlalchemy import select

from klimawerk.accounts.access import signed_in
from klimawerk.accounts.models import Person
from klimawerk.clock import now
from klimawerk.extensions import db
from klimawerk.partnerships.models import Membership, Partnership
from klimawerk.partnerships.rights import RIGHTS, Right, allows

_SENTENCES = {
    Right.READ: lazy_gettext("Your role does not include reading here."),
    Right.COMMENT: lazy_gettext("Your role does not include commenting here."),
    Right.EDIT: lazy_gettext("Your role allows reading here, not editing."),
    Right.MODERATE: lazy_gettext("Only coordinators and moderators may do this."),
    Right.FIX: lazy_gettext("Only coordinators and moderators may do this."),
    Right.INVITE: lazy_gettext("Only coordinators may invite people."),
    Right.ADMINISTER: lazy_gettext("Only coordinators may change the partnership's settings."),
    Right.EXPORT: lazy_gettext("Your role does not include exporting."),
}


@dataclass(frozen=True)
class Member:
    """A person with the membership that holds today."""

    person: Person
    membership: Membership

    @property
    def partnership(self) -> Partnership:
        return self.membership.partnership

    @property
    def side(self) -> str:
        return self.membership.side

    @property
    def role(self) -> str:
        return self.membership.role

    def may(self, right: Right) -> bool:
        return allows(self.membership.role, right)


def member_or_404(partnership_id: int) -> Member:
    """The signed-in person's place there; 401 for a stranger, 404 for everybody who has none."""
    return member_of(signed_in(), partnership_id) or abort(404)


def require(partnership_id: int, right: Right) -> Member:
    """The signed-in person's place there; 404 without one, 403 with a sentence when it lacks the right."""
    member = member_or_404(partnership_id)
    if not member.may(right):
        abort(403, _SENTENCES[right])
    return member


def member_of(person: Person, partnership_id: int) -> Member | None:
    """The person's place in the partnership today; None without one, and in a deleted partnership."""
    found = _current_memberships(person, Membership.partnership_id == partnership_id)
    return found[0] if found else None


def may(person_id: int, partnership_id: int, right: Right) -> bool:
    """Whether the person has the right there today; for those who know a person by number only, as sockets do."""
    person = db.session.get(Person, person_id)
    member = member_of(person, partnership_id) if person else None
    return member is not None and member.may(right)


def my_memberships(person: Person) -> list[Member]:
    """One place per partnership the person belongs to today, oldest partnership first."""
    first: dict[int, Member] = {}
    for member in _current_memberships(person, Membership.person_id == person.id):
        first.setdefault(member.membership.partnership_id, member)
    return [first[key] for key in sorted(first)]


def is_current(membership: Membership, at: datetime | None = None) -> bool:
    """Whether the membership's days include today, as the member's calendar says."""
    day = today_in_zone(membership.timezone, at)
    return membership.from_date <= day and (membership.to_date is None or day <= membership.to_date)


def today_in_zone(zone: str, at: datetime | None = None) -> date:
    """What the calendar in that time zone says now, or said at a moment."""
    return (at or now()).astimezone(ZoneInfo(zone)).date()


def _current_memberships(person: Person, condition: object) -> list[Member]:
    """Memberships that hold, the one with most rights first."""
    query = (
        select(Membership)
        .join(Partnership)
        .where(Membership.person_id == person.id, Partnership.deleted_at.is_(None), condition)  # type: ignore[arg-type]
    )
    return current_memberships(person, db.session.scalars(query))


def current_memberships(person: Person, memberships: Iterable[Membership]) -> list[Member]:
    """Those of a person's memberships that hold, the one with most rights first; none of somebody who has left."""
    if person.ended_at is not None:
        return []
    moment = now()
    found = [one for one in memberships if is_current(one, moment)]
    return [Member(person, one) for one in sorted(found, key=lambda one: -len(RIGHTS.get(one.role, ())))]
