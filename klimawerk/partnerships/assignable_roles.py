"""Permission rules for assigning roles: which sides and roles a member may give. Each side manages its own people."""

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
    """Sides whose people the member may invite, change and remove: the own side and the neutral people."""
    return (member.side, NEUTRAL) if member.may(Right.INVITE) and member.side in SIDES else ()


def invitable_sides(member: Member) -> tuple[str, ...]:
    """`manageable_sides`, and the other side while it has never had a member: for its first coordinator."""
    manageable = manageable_sides(member)
    return (
        *manageable,
        *(side for side in SIDES if manageable and side != member.side and _never_used(member.partnership, side)),
    )


def roles_for(side: str, member: Member) -> tuple[str, ...]:
    """Roles that the member may give to a person of that side. A neutral person cannot be a coordinator."""
    if side == NEUTRAL:
        return tuple(role for role in RIGHTS if role != "coordinator")
    return tuple(RIGHTS) if side == member.side else ("coordinator",)


def check_role(role: str, side: str, member: Member) -> None:
    """Raise ActionRefused, with a list of possible roles, unless the member may give the role on that side."""
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
    """Raise ActionRefused unless the municipality, if one is given, belongs to that side of the partnership."""
    matches = [town for town in partnership.municipalities if town.id == municipality_id and town.side == side]
    if municipality_id is not None and not matches:
        raise ActionRefused(_("This municipality belongs to the other side."), "municipality_id")


def open_invitations(partnership: Partnership) -> list[Link]:
    """Invitations that are not accepted yet, including expired ones, so that they can be sent again."""
    query = select(Link).where(
        Link.purpose == expiring_links.INVITATION, Link.partnership_id == partnership.id, Link.used_at.is_(None)
    )
    return list(db.session.scalars(query.order_by(Link.id)))


def _never_used(partnership: Partnership, side: str) -> bool:
    """Whether the side has never had a member, and has no open invitation."""
    member_sides = [membership.side for membership in partnership.memberships]
    return side not in [*member_sides, *(link.payload["side"] for link in open_invitations(partnership))]
