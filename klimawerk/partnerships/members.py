"""Verbs on members and invitations: each side decides on its own people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import select

from klimawerk.accounts import audit, links
from klimawerk.accounts.models import Link, Person
from klimawerk.accounts.service import add_person, clean_email, find_person
from klimawerk.clock import now
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.live import changes
from klimawerk.partnerships import service
from klimawerk.partnerships.access import Member, holds
from klimawerk.partnerships.models import SIDES, Membership, Municipality, Partnership
from klimawerk.partnerships.refusals import Refused
from klimawerk.partnerships.rights import RIGHTS, Right

NEUTRAL = "neutral"
MOST_OPEN_INVITATIONS = 60


@dataclass(frozen=True)
class Invitation:
    """Who is to be what. Without a municipality the person belongs to the side as such, or to neither."""

    email: str
    side: str
    role: str
    language: str
    name: str = ""
    municipality_id: int | None = None

    def payload(self) -> dict[str, object]:
        return {
            "email": self.email,
            "side": self.side,
            "role": self.role,
            "language": self.language,
            "name": self.name,
            "municipality_id": self.municipality_id,
        }


def sides_to_decide_on(member: Member) -> tuple[str, ...]:
    """Whose people the member may invite, change and remove: their own side's and the neutral ones."""
    return (member.side, NEUTRAL) if member.may(Right.INVITE) and member.side in SIDES else ()


def sides_to_invite_to(member: Member) -> tuple[str, ...]:
    """As above; and the first coordinator of a side where nobody has ever been."""
    own = sides_to_decide_on(member)
    return (*own, *(side for side in SIDES if own and side != member.side and _untouched(member.partnership, side)))


def roles_for(side: str, member: Member) -> tuple[str, ...]:
    """Roles a person of that side can be given by the member. Whoever coordinates belongs to a side."""
    if side == NEUTRAL:
        return tuple(role for role in RIGHTS if role != "coordinator")
    return tuple(RIGHTS) if side == member.side else ("coordinator",)


def invite(member: Member, invitation: Invitation) -> tuple[Link, str]:
    """An open invitation and its token. Raises Refused where the member may not, and BadInput for the address."""
    email = clean_email(invitation.email)
    with writing():
        _note(member.partnership.id)
        _check_invitation(member, invitation)
        if _is_member(member.partnership, find_person(email)):
            raise Refused(_("This person is a member already."))
        if any(one.payload["email"] == email for one in open_invitations(member.partnership)):
            raise Refused(_("This person is invited already. Send the invitation again if it was lost."))
        link, token = links.make(
            links.INVITATION,
            by=member.person,
            partnership_id=member.partnership.id,
            payload={**invitation.payload(), "email": email},
        )
        audit.record(
            "invited",
            by=member.person,
            partnership_id=member.partnership.id,
            link=link.id,
            side=invitation.side,
            role=invitation.role,
        )
    return link, token


def open_invitations(partnership: Partnership) -> list[Link]:
    """Invitations that nobody has accepted yet, expired ones too, so that they can be sent again."""
    query = select(Link).where(
        Link.purpose == links.INVITATION, Link.partnership_id == partnership.id, Link.used_at.is_(None)
    )
    return list(db.session.scalars(query.order_by(Link.id)))


def resend(member: Member, link_id: int) -> tuple[Link, str]:
    """A new token for an open invitation of one's own; the old one is worth nothing. Raises Refused."""
    with writing():
        link = _own_invitation(member, link_id)
        token = links.renew(link)
        audit.record("invited_again", by=member.person, partnership_id=member.partnership.id, link=link.id)
    return link, token


def withdraw(member: Member, link_id: int) -> None:
    """The invitation holds no more. Raises Refused."""
    with writing():
        _own_invitation(member, link_id).used_at = now()
        _note(member.partnership.id)
        audit.record("invitation_withdrawn", by=member.person, partnership_id=member.partnership.id, link=link_id)


def accept(token: str, person: Person) -> Membership:
    """The person takes the place they were invited to. Raises UsedUp, and Refused for somebody else."""
    with writing():
        link = links.use_up(token)
        if link.purpose != links.INVITATION or link.payload["email"] != person.email:
            raise Refused(_("This invitation is for somebody else."))
        return _take_place(link, person)


def accept_as_new(token: str, *, name: str, password_hash: str, language: str, timezone: str) -> Person:
    """Make the invited person's account and take the place. Raises UsedUp, EmailTaken."""
    with writing():
        link = links.use_up(token)
        person = add_person(link.payload["email"], name, password_hash, language=language, timezone=timezone, by=None)
        _take_place(link, person)
    return person


def change(
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
        _note(member.partnership.id)
        theirs = own_membership(member, membership_id)
        if role not in roles_for(theirs.side, member):
            raise Refused(_("This role is not possible there."))
        if to_date is not None and to_date < from_date:
            raise Refused(_("The last day lies before the first."))
        _check_municipality(member.partnership, municipality_id, theirs.side)
        _check_side_keeps_coordinator(theirs, to_date if role == "coordinator" else date.min, from_date)
        theirs.role, theirs.municipality_id = role, municipality_id
        theirs.from_date, theirs.to_date = from_date, to_date
        _rights_changed(
            "member_changed", theirs, by=member.person, role=role, until=to_date.isoformat() if to_date else ""
        )


def end(member: Member, membership_id: int) -> None:
    """The person's place ends now. Raises Refused."""
    with writing():
        _note(member.partnership.id)
        _end(own_membership(member, membership_id), by=member.person)


def leave(member: Member) -> None:
    """One's own place ends now. Raises Refused for a side's last coordinator."""
    with writing() as database:
        _note(member.partnership.id)
        _end(database.get_one(Membership, member.membership.id), by=member.person)


def own_membership(member: Member, membership_id: int) -> Membership:
    """A membership that the member decides on. Raises Refused, also for one that does not exist."""
    found = db.session.get(Membership, membership_id)
    mine = found is not None and found.partnership_id == member.partnership.id
    if found is None or not mine or found.side not in sides_to_decide_on(member):
        raise Refused(_("You decide on people of your own side only."))
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


def _coordinates(person: Person, membership: Membership) -> bool:
    same_side = select(Membership).where(
        Membership.person_id == person.id,
        Membership.partnership_id == membership.partnership_id,
        Membership.side == membership.side,
        Membership.role == "coordinator",
    )
    return any(holds(one) for one in db.session.scalars(same_side))


def _check_invitation(member: Member, invitation: Invitation) -> None:
    if invitation.side not in sides_to_invite_to(member):
        raise Refused(_("You invite people of your own side only."))
    if invitation.role not in roles_for(invitation.side, member):
        raise Refused(_("This role is not possible there."))
    _check_municipality(member.partnership, invitation.municipality_id, invitation.side)
    if len(open_invitations(member.partnership)) >= MOST_OPEN_INVITATIONS:
        raise Refused(_("There are too many open invitations. Withdraw some first."))


def _check_municipality(partnership: Partnership, municipality_id: int | None, side: str) -> None:
    found = [one for one in partnership.municipalities if one.id == municipality_id and one.side == side]
    if municipality_id is not None and not found:
        raise Refused(_("This municipality belongs to the other side."))


def _untouched(partnership: Partnership, side: str) -> bool:
    """Whether nobody of the side has ever been a member or been invited."""
    taken = [one.side for one in partnership.memberships]
    return side not in [*taken, *(one.payload["side"] for one in open_invitations(partnership))]


def _is_member(partnership: Partnership, person: Person | None) -> bool:
    if person is None:
        return False
    theirs = [one for one in partnership.memberships if one.person_id == person.id]
    return any(one.to_date is None or one.to_date >= _today(one.timezone) for one in theirs)


def _own_invitation(member: Member, link_id: int) -> Link:
    link = next((one for one in open_invitations(member.partnership) if one.id == link_id), None)
    mine = link is not None and (
        link.payload["side"] in sides_to_decide_on(member) or link.created_by == member.person.id
    )
    if link is None or not mine or not member.may(Right.INVITE):
        raise Refused(_("You decide on people of your own side only."))
    return link


def _take_place(link: Link, person: Person) -> Membership:
    partnership = db.session.get(Partnership, link.partnership_id)
    if partnership is None or partnership.deleted_at is not None:
        raise links.UsedUp
    if _is_member(partnership, person):
        raise Refused(_("You are a member already."))
    wanted = link.payload
    town = db.session.get(Municipality, wanted["municipality_id"]) if wanted["municipality_id"] else None
    inviter = db.session.get(Person, link.created_by) if link.created_by else None
    return service.add_member(
        partnership,
        person,
        side=wanted["side"],
        role=wanted["role"],
        municipality=town,
        language=wanted["language"],
        timezone=town.timezone if town else person.timezone,
        from_date=_today(town.timezone if town else person.timezone),
        by=inviter,
    )


def _check_side_keeps_coordinator(theirs: Membership, until: date | None, since: date) -> None:
    """A side without a coordinator could never confirm anything again, nor invite one."""
    if theirs.role != "coordinator" or theirs.side not in SIDES or not holds(theirs):
        return
    if until is None and since <= _today(theirs.timezone):
        return
    others = [one for one in theirs.partnership.memberships if one.side == theirs.side and one.id != theirs.id]
    coordinators = [one for one in others if one.role == "coordinator" and holds(one) and not one.person.ended_at]
    if not any(one.to_date is None or (until is not None and one.to_date > until) for one in coordinators):
        raise Refused(_("Your side needs a coordinator. Make somebody else coordinator first."))


def _end(theirs: Membership, *, by: Person) -> None:
    yesterday = _today(theirs.timezone) - timedelta(days=1)
    _check_side_keeps_coordinator(theirs, yesterday, theirs.from_date)
    theirs.to_date = yesterday
    theirs.from_date = min(theirs.from_date, yesterday)
    _rights_changed("member_ended", theirs, by=by)


def _rights_changed(action: str, theirs: Membership, *, by: Person, **detail: object) -> None:
    audit.record(action, by=by, partnership_id=theirs.partnership_id, person=theirs.person_id, **detail)
    service.note_rights(theirs)


def _note(partnership_id: int) -> None:
    """The partnership changes; who comes first in a transaction has its turn alone."""
    changes.note(service.topic(partnership_id))


def _today(zone: str) -> date:
    return datetime.now(ZoneInfo(zone)).date()
