"""Permission checks in partnerships. Without a membership the answer is the same 404 as for a missing partnership."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import abort, g
from flask_babel import lazy_gettext
from sqlalchemy import bindparam, select
from sqlalchemy.orm import contains_eager

from klimawerk.accounts.access import signed_in
from klimawerk.accounts.models import Person
from klimawerk.clock import now
from klimawerk.extensions import db
from klimawerk.partnerships.models import Membership, Partnership
from klimawerk.partnerships.rights import RIGHTS, Right, allows

_REFUSALS = {
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
    """A person with a membership that is valid today."""

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
    """The signed-in person's membership; 401 for an anonymous visitor, 404 without a membership.

    Stores it in `g.member`: the page that this request shows belongs to its partnership.
    """
    g.member = member_of(signed_in(), partnership_id) or abort(404)
    return g.member  # type: ignore[no-any-return]


def require(partnership_id: int, right: Right) -> Member:
    """The signed-in person's membership, which must have the right: 404 without one, else 403 with a message."""
    member = member_or_404(partnership_id)
    if not member.may(right):
        abort(403, _REFUSALS[right])
    return member


_MEMBERSHIPS = (
    select(Membership)
    .join(Partnership)
    .where(Membership.person_id == bindparam("person"), Partnership.deleted_at.is_(None))
    .options(contains_eager(Membership.partnership))
)
_MEMBERSHIP = _MEMBERSHIPS.where(Membership.partnership_id == bindparam("partnership"))


def member_of(person: Person, partnership_id: int) -> Member | None:
    """The person's membership of today; None without one, and in a deleted partnership."""
    found = db.session.scalars(_MEMBERSHIP, {"person": person.id, "partnership": partnership_id})
    current = current_memberships(person, found)
    return current[0] if current else None


def may(person_id: int, partnership_id: int, right: Right) -> bool:
    """Whether the person, given by id as sockets do, has the right in the partnership today."""
    person = db.session.get(Person, person_id)
    member = member_of(person, partnership_id) if person else None
    return member is not None and member.may(right)


def my_memberships(person: Person) -> list[Member]:
    """The person's memberships of today, one per partnership, oldest partnership first."""
    by_partnership: dict[int, Member] = {}
    for member in current_memberships(person, db.session.scalars(_MEMBERSHIPS, {"person": person.id})):
        by_partnership.setdefault(member.membership.partnership_id, member)
    return [by_partnership[partnership_id] for partnership_id in sorted(by_partnership)]


def is_current(membership: Membership, at: datetime | None = None) -> bool:
    """Whether the membership is valid today, by the date in its time zone."""
    day = today_in_zone(membership.timezone, at)
    return membership.from_date <= day and (membership.to_date is None or day <= membership.to_date)


def today_in_zone(zone: str, at: datetime | None = None) -> date:
    """The date in the time zone, now or at the moment `at`."""
    return (at or now()).astimezone(ZoneInfo(zone)).date()


def current_memberships(person: Person, memberships: Iterable[Membership]) -> list[Member]:
    """Those of the memberships that are valid today, the one with most rights first; none for an ended account."""
    if person.ended_at is not None:
        return []
    moment = now()
    current = [membership for membership in memberships if is_current(membership, moment)]
    return [Member(person, each) for each in sorted(current, key=lambda each: -len(RIGHTS.get(each.role, ())))]
