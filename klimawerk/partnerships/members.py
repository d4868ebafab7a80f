"""Changes of memberships: role, municipality, dates, ending one, leaving; with the rules that protect each side."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from flask_babel import gettext as _
from sqlalchemy import select

from klimawerk.accounts import audit, existing_accounts
from klimawerk.accounts.models import Person
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.live import changes
from klimawerk.partnerships import service
from klimawerk.partnerships.access import Member, is_current, today_in_zone
from klimawerk.partnerships.assignable_roles import check_municipality, check_role, manageable_sides
from klimawerk.partnerships.models import SIDES, Membership
from klimawerk.partnerships.refusals import ActionRefused


def change_membership(
    member: Member,
    membership_id: int,
    *,
    role: str,
    municipality_id: int | None,
    from_date: date,
    to_date: date | None,
) -> None:
    """Change role, municipality and dates of a membership of the own side, or a neutral one. Raises ActionRefused."""
    with writing():
        lock_partnerships(member.partnership.id)
        membership = own_membership(member, membership_id)
        check_role(role, membership.side, member)
        if to_date is not None and to_date < from_date:
            raise ActionRefused(_("The last day lies before the first."), "to_date")
        check_municipality(member.partnership, municipality_id, membership.side)
        _check_side_keeps_coordinator(membership, to_date if role == "coordinator" else date.min, from_date)
        membership.role, membership.municipality_id = role, municipality_id
        membership.from_date, membership.to_date = from_date, to_date
        _record_and_announce(
            "member_changed", membership, by=member.person, role=role, until=to_date.isoformat() if to_date else ""
        )


def end_membership(member: Member, membership_id: int) -> None:
    """End another person's membership now. Raises ActionRefused."""
    with writing():
        lock_partnerships(member.partnership.id)
        _end(own_membership(member, membership_id), by=member.person)


def leave_partnership(member: Member) -> None:
    """End the own membership now. Raises ActionRefused for the last coordinator of a side."""
    with writing() as database:
        lock_partnerships(member.partnership.id)
        database.refresh(member.membership)
        _end(member.membership, by=member.person)


def lock_partnerships(*partnership_ids: int, people: Iterable[int] = ()) -> None:
    """Lock these partnerships' members, and the accounts of their coordinators and of `people`, until the commit.

    Lock order against deadlocks: all partnerships by id, then all accounts.
    """
    for partnership_id in sorted(partnership_ids):
        changes.note(service.topic(partnership_id))
    coordinators = select(Membership.person_id).where(
        Membership.partnership_id.in_(partnership_ids), Membership.role == "coordinator"
    )
    existing_accounts.lock_existing({*people, *db.session.scalars(coordinators)})


def own_membership(member: Member, membership_id: int) -> Membership:
    """A membership that the member may manage. Raises ActionRefused, also for one that does not exist."""
    membership = db.session.get(Membership, membership_id)
    is_here = membership is not None and membership.partnership_id == member.partnership.id
    if membership is None or not is_here or membership.side not in manageable_sides(member):
        raise ActionRefused(_("You decide on people of your own side only."))
    return membership


def may_make_reset_link(member: Member, membership: Membership) -> bool:
    """Whether the member may create a password reset link for this person, which gives control of the account.

    Allowed for an account of the own side, not an operator's, all of whose memberships are on sides that the member
    coordinates.
    """
    person = membership.person
    if person.operator or person.ended_at or membership.side != member.side or person.id == member.person.id:
        return False
    memberships = db.session.scalars(select(Membership).where(Membership.person_id == person.id))
    return all(_coordinates(member.person, each) for each in memberships)


def check_side_keeps_coordinator(membership: Membership) -> None:
    """Raise ActionRefused if ending the membership left its side without a coordinator."""
    _check_side_keeps_coordinator(
        membership, today_in_zone(membership.timezone) - timedelta(days=1), membership.from_date
    )


def _coordinates(person: Person, membership: Membership) -> bool:
    same_side = select(Membership).where(
        Membership.person_id == person.id,
        Membership.partnership_id == membership.partnership_id,
        Membership.side == membership.side,
        Membership.role == "coordinator",
    )
    return any(is_current(each) for each in db.session.scalars(same_side))


def _check_side_keeps_coordinator(membership: Membership, until: date | None, since: date) -> None:
    """Raise ActionRefused for the last coordinator: the side could no longer confirm requests, nor invite people."""
    if membership.role != "coordinator" or membership.side not in SIDES or not is_current(membership):
        return
    if until is None and since <= today_in_zone(membership.timezone):
        return
    others = [
        each for each in membership.partnership.memberships if each.side == membership.side and each.id != membership.id
    ]
    coordinators = [
        each for each in others if each.role == "coordinator" and is_current(each) and not each.person.ended_at
    ]
    if not any(each.to_date is None or (until is not None and each.to_date > until) for each in coordinators):
        field = "role" if until == date.min else "from_date" if until is None else "to_date"
        raise ActionRefused(_("Your side needs a coordinator. Make somebody else coordinator first."), field)


def _end(membership: Membership, *, by: Person) -> None:
    check_side_keeps_coordinator(membership)
    yesterday = today_in_zone(membership.timezone) - timedelta(days=1)
    membership.to_date = yesterday
    membership.from_date = min(membership.from_date, yesterday)
    _record_and_announce("member_ended", membership, by=by)


def _record_and_announce(action: str, membership: Membership, *, by: Person, **detail: object) -> None:
    audit.record(action, by=by, partnership_id=membership.partnership_id, person=membership.person_id, **detail)
    service.announce_rights(membership)
