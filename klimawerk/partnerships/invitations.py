"""Invitations: a coordinator creates, resends and withdraws them; the invited person accepts."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass

from flask_babel import gettext as _

from klimawerk import text
from klimawerk.accounts import audit, existing_accounts, expiring_links
from klimawerk.accounts.models import Link, Person
from klimawerk.accounts.service import EmailTaken, add_person, clean_email, confirm
from klimawerk.clock import now
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.live import changes
from klimawerk.partnerships import service
from klimawerk.partnerships.access import Member, today_in_zone
from klimawerk.partnerships.assignable_roles import (
    check_municipality,
    check_role,
    invitable_sides,
    manageable_sides,
    open_invitations,
)
from klimawerk.partnerships.models import Membership, Municipality, Partnership
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.partnerships.rights import Right

MOST_OPEN_INVITATIONS = 60


@dataclass(frozen=True)
class Invitation:
    """The invited address, and the membership offered. Without a municipality: to the side as such, or to neither."""

    email: str
    side: str
    role: str
    language: str
    name: str = ""
    municipality_id: int | None = None


def invite(member: Member, invitation: Invitation) -> tuple[Link, str]:
    """Create an invitation; returns its link and token. Raises ActionRefused, and InvalidInput for the address.

    The result does not disclose whether the address has an account, except for members, whom the caller sees anyway.
    """
    email = clean_email(invitation.email)
    name = text.truncate(text.line(invitation.name), 120)
    with writing():
        changes.note(service.topic(member.partnership.id))
        _check_invitation(member, invitation)
        if _is_member(member.partnership, email):
            raise ActionRefused(_("This person is a member already."), "email")
        if any(link.payload["email"] == email for link in open_invitations(member.partnership)):
            raise ActionRefused(_("This person is invited already. Send the invitation again if it was lost."), "email")
        link, token = expiring_links.create_link(
            expiring_links.INVITATION,
            by=member.person,
            partnership_id=member.partnership.id,
            payload={**asdict(invitation), "email": email, "name": name},
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


def resend(member: Member, link_id: int) -> tuple[Link, str]:
    """Give an own open invitation a new token; the old one becomes invalid. Raises ActionRefused."""
    with writing():
        changes.note(service.topic(member.partnership.id))
        link = _own_invitation(member, link_id)
        token = expiring_links.renew_link(link)
        audit.record("invited_again", by=member.person, partnership_id=member.partnership.id, link=link.id)
    return link, token


def withdraw(member: Member, link_id: int) -> None:
    """Withdraw the invitation. Raises ActionRefused."""
    with writing():
        changes.note(service.topic(member.partnership.id))
        _own_invitation(member, link_id).used_at = now()
        audit.record("invitation_withdrawn", by=member.person, partnership_id=member.partnership.id, link=link_id)


def accept(token: str, person: Person) -> Membership:
    """Accept the invitation: the person becomes a member. Raises LinkUsedUp, and ActionRefused for another address.

    A link that came by mail also confirms their address, if no other account has it.
    """
    with writing():
        link = _lock_and_use(token, person)
        if link.purpose != expiring_links.INVITATION or link.payload["email"] != person.email:
            raise ActionRefused(_("This invitation is for somebody else."))
        if expiring_links.proves_address(link):
            with suppress(EmailTaken):
                confirm(person, by=person)
        return _add_invited_member(link, person)


def accept_as_new(token: str, *, name: str, password_hash: str, language: str, timezone: str) -> Person:
    """Create the invited person's account and its membership. Raises LinkUsedUp, EmailTaken.

    The account is confirmed if the link came by mail. A link that was shown to the inviting coordinator may be opened
    by another person: the account then does not own the address, and is created whether or not another one has it.
    """
    with writing():
        link = _lock_and_use(token)
        person = add_person(
            link.payload["email"],
            name,
            password_hash,
            language=language,
            timezone=timezone,
            by=None,
            confirmed=expiring_links.proves_address(link),
        )
        _add_invited_member(link, person)
    return person


def _lock_and_use(token: str, person: Person | None = None) -> Link:
    """Lock the partnership, then the account, and use the link. Raises LinkUsedUp.

    All changes of members and invitations lock the partnership first.
    """
    partnership_id = expiring_links.find_link(token).partnership_id
    if partnership_id is not None:
        changes.note(service.topic(partnership_id))
    if person:
        existing_accounts.lock_account(person.id)
    return expiring_links.use_link(token)


def _check_invitation(member: Member, invitation: Invitation) -> None:
    if invitation.side not in invitable_sides(member):
        raise ActionRefused(_("You invite people of your own side only."), "place")
    check_role(invitation.role, invitation.side, member)
    check_municipality(member.partnership, invitation.municipality_id, invitation.side)
    if len(open_invitations(member.partnership)) >= MOST_OPEN_INVITATIONS:
        raise ActionRefused(_("There are too many open invitations. Withdraw some first."))


def _is_member(partnership: Partnership, email: str) -> bool:
    held = [each for each in partnership.memberships if each.person.email == email and each.person.ended_at is None]
    return any(each.to_date is None or each.to_date >= today_in_zone(each.timezone) for each in held)


def _own_invitation(member: Member, link_id: int) -> Link:
    link = next((each for each in open_invitations(member.partnership) if each.id == link_id), None)
    is_own = link is not None and (
        link.payload["side"] in manageable_sides(member) or link.created_by == member.person.id
    )
    if link is None or not is_own or not member.may(Right.INVITE):
        raise ActionRefused(_("You decide on people of your own side only."))
    return link


def _add_invited_member(link: Link, person: Person) -> Membership:
    partnership = db.session.get(Partnership, link.partnership_id)
    if partnership is None or partnership.deleted_at is not None:
        raise expiring_links.LinkUsedUp
    if _is_member(partnership, person.email):
        raise ActionRefused(_("You are a member already."))
    offer = link.payload
    town = db.session.get(Municipality, offer["municipality_id"]) if offer["municipality_id"] else None
    inviter = db.session.get(Person, link.created_by) if link.created_by else None
    return service.add_member(
        partnership,
        person,
        side=offer["side"],
        role=offer["role"],
        municipality=town,
        language=offer["language"],
        timezone=town.timezone if town else person.timezone,
        from_date=today_in_zone(town.timezone if town else person.timezone),
        by=inviter,
    )
