"""Verbs on members."""

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
    """Role, municipality and days of a person of one's own side, or of a neutral one. Raises Refused."""
    with writing():
        lock_partnerships(member.partnership.id)
        theirs = own_membership(member, membership_id)
        check_role(role, theirs.side, member)
        if to_date is not None and to_date < from_date:
            raise ActionRefused(_("The last day lies before the first."), "to_date")
        check_municipality(member.partnership, municipality_id, theirs.side)
        _check_side_keeps_coordinator(theirs, to_date if role == "coordinator" else date.min, from_date)
        theirs.role, theirs.municipality_id = role, municipality_id
        theirs.from_date, theirs.to_date = from_date, to_date
        _rights_changed(
            "member_changed", theirs, by=member.person, role=role, until=to_date.isoformat() if to_date else ""
        )


def end_membership(member: Member, membership_id: int) -> None:
    """The person's place ends now. Raises Refused."""
    with writing():
        lock_partnerships(member.partnership.id)
        _end(own_membership(member, membership_id), by=member.person)


def leave_partnership(member: Member) -> None:
    """One's own place ends now. Raises Refused for a side's last coordinator."""
    with writing() as database:
        lock_partnerships(member.partnership.id)
        database.refresh(member.membership)
        _end(member.membership, by=member.person)


def lock_partnerships(*partnership_ids: int, people: Iterable[int] = ()) -> None:
    """Nobody else changes these partnerships' members until the commit, and no account of a coordinator ends.

    Nor one of `people`. All partnerships come before all accounts: two who take some of both never wait in a ring.
    """
    for partnership_id in sorted(partnership_ids):
        changes.note(service.topic(partnership_id))
    coordinators = select(Membership.person_id).where(
        Membership.partnership_id.in_(partnership_ids), Membership.role == "coordinator"
    )
    existing_accounts.lock_existing({*people, *db.session.scalars(coordinators)})


def own_membership(member: Member, membership_id: int) -> Membership:
    """A membership that the member decides on. Raises Refused, also for one that does not exist."""
    found = db.session.get(Membership, membership_id)
    mine = found is not None and found.partnership_id == member.partnership.id
    if found is None or not mine or found.side not in manageable_sides(member):
        raise ActionRefused(_("You decide on people of your own side only."))
    return found


def may_make_reset_link(member: Member, membership: Membership) -> bool:
    """Whether the member may hand a link for a new password over to this person, which gives power over the account.

    So: an ordinary account of their own side that belongs to nothing the member does not coordinate.
    """
    person = membership.person
    if person.operator or person.ended_at or membership.side != member.side or person.id == member.person.id:
        return False
    theirs = db.session.scalars(select(Membership).where(Membership.person_id == person.id))
    return all(_coordinates(member.person, one) for one in theirs)


def check_side_keeps_coordinator(theirs: Membership) -> None:
    """Whether the person may go: raises Refused for a side's last coordinator."""
    _check_side_keeps_coordinator(theirs, today_in_zone(theirs.timezone) - timedelta(days=1), theirs.from_date)


def _coordinates(person: Person, membership: Membership) -> bool:
    same_side = select(Membership).where(
        Membership.person_id == person.id,
        Membership.partnership_id == membership.partnership_id,
        Membership.side == membership.side,
        Membership.role == "coordinator",
    )
    return any(is_current(one) for one in db.session.scalars(same_side))


def _check_side_keeps_coordinator(theirs: Membership, until: date | None, since: date) -> None:
    """A side without a coordinator could never confirm anything again, nor invite one."""
    if theirs.role != "coordinator" or theirs.side not in SIDES or not is_current(theirs):
        return
    if until is None and since <= today_in_zone(theirs.timezone):
        return
    others = [one for one in theirs.partnership.memberships if one.side == theirs.side and one.id != theirs.id]
    coordinators = [one for one in others if one.role == "coordinator" and is_current(one) and not one.person.ended_at]
    if not any(one.to_date is None or (until is not None and one.to_date > until) for one in coordinators):
        field = "role" if until == date.min else "from_date" if until is None else "to_date"
        raise ActionRefused(_("Your side needs a coordinator. Make somebody else coordinator first."), field)


def _end(theirs: Membership, *, by: Person) -> None:
    check_side_keeps_coordinator(theirs)
    yesterday = today_in_zone(theirs.timezone) - timedelta(days=1)
    theirs.to_date = yesterday
    theirs.from_date = min(theirs.from_date, yesterday)
    _rights_changed("member_ended", theirs, by=by)


def _rights_changed(action: str, theirs: Membership, *, by: Person, **detail: object) -> None:
    audit.record(action, by=by, partnership_id=theirs.partnership_id, person=theirs.person_id, **detail)
    service.announce_rights(theirs)
