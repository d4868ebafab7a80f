"""Which places in a partnership a member may give: each side decides on its own people."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from klimawerk.accounts import expiring_links
from klimawerk.accounts.models import Link
from klimawerk.extensions import db
from klimawerk.partnerships import partnership_labels
from klimawerk.partnerships.access import Member
from klimawerk.partnerships.models import SIDES, Partnership
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.partnerships.rights import RIGHTS, Right

NEUTRAL = "neutral"


def manageable_sides(member: Member) -> tuple[str, ...]:
    """Whose people the member may invite, change and remove: their own side's and the neutral ones."""
    return (member.side, NEUTRAL) if member.may(Right.INVITE) and member.side in SIDES else ()


def invitable_sides(member: Member) -> tuple[str, ...]:
    """As above; and the first coordinator of a side where nobody has ever been."""
    own = manageable_sides(member)
    return (*own, *(side for side in SIDES if own and side != member.side and _never_used(member.partnership, side)))


def roles_for(side: str, member: Member) -> tuple[str, ...]:
    """Roles a person of that side can be given by the member. Whoever coordinates belongs to a side."""
    if side == NEUTRAL:
        return tuple(role for role in RIGHTS if role != "coordinator")
    return tuple(RIGHTS) if side == member.side else ("coordinator",)


def check_role(role: str, side: str, member: Member) -> None:
    """Raises Refused, with the roles that are possible, unless a person of that side can be given the role."""
    possible = roles_for(side, member)
    if role in possible:
        return
    sentence = ngettext(
        "%(place)s: this role is not possible there. Possible is: %(roles)s.",
        "%(place)s: this role is not possible there. Possible are: %(roles)s.",
        len(possible),
        place=partnership_labels.side_name(member.partnership, side),
        roles=", ".join(map(partnership_labels.role_name, possible)),
    )
    raise ActionRefused(sentence, "role")


def check_municipality(partnership: Partnership, municipality_id: int | None, side: str) -> None:
    """Raises Refused unless the municipality, if one is named, belongs to that side of the partnership."""
    found = [one for one in partnership.municipalities if one.id == municipality_id and one.side == side]
    if municipality_id is not None and not found:
        raise ActionRefused(_("This municipality belongs to the other side."), "municipality_id")


def open_invitations(partnership: Partnership) -> list[Link]:
    """Invitations that nobody has accepted yet, expired ones too, so that they can be sent again."""
    query = select(Link).where(
        Link.purpose == expiring_links.INVITATION, Link.partnership_id == partnership.id, Link.used_at.is_(None)
    )
    return list(db.session.scalars(query.order_by(Link.id)))


def _never_used(partnership: Partnership, side: str) -> bool:
    """Whether nobody of the side has ever been a member or been invited."""
    taken = [one.side for one in partnership.memberships]
    return side not in [*taken, *(one.payload["side"] for one in open_invitations(partnership))]
