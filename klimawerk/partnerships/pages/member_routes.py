"""The members of a partnership, and what is done about them."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from klimawerk.accounts import account_limits, expiring_links
from klimawerk.partnerships import assignable_roles, forms, members, partnership_labels
from klimawerk.partnerships.access import Member, is_current, member_or_404, require
from klimawerk.partnerships.models import SIDES, Membership
from klimawerk.partnerships.pages.page_frame import Page, add_error, do_and_redirect, render_in_frame
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.partnerships.rights import Right


def people(partnership_id: int) -> str:
    return people_page(member_or_404(partnership_id))


def change_member(partnership_id: int, membership_id: int) -> Page:
    member = require(partnership_id, Right.INVITE)
    form = forms.MembershipForm()
    theirs = _decided_on(member, membership_id)
    form.offer(_towns(member, theirs.side), assignable_roles.roles_for(theirs.side, member))
    if not form.validate():
        return people_page(member, changed=(theirs.id, form)), 422
    try:
        members.change_membership(
            member,
            membership_id,
            role=form.role.data,
            municipality_id=form.municipality_id.data,
            from_date=form.from_date.data,
            to_date=form.to_date.data,
        )
    except ActionRefused as refused:
        add_error(form, refused)
        return people_page(member, changed=(theirs.id, form)), 409
    flash(_("Saved."))
    return redirect(_address(member))


def end_member(partnership_id: int, membership_id: int) -> Response:
    member = require(partnership_id, Right.INVITE)
    return do_and_redirect(
        lambda: members.end_membership(member, membership_id), _("This membership has ended."), _address(member)
    )


def leave(partnership_id: int) -> Response:
    member = member_or_404(partnership_id)
    try:
        members.leave_partnership(member)
    except ActionRefused as refused:
        flash(str(refused), "error")
        return redirect(_address(member))
    flash(_("You have left the partnership."))
    return redirect(url_for("start.index"))


def reset_link(partnership_id: int, membership_id: int) -> Page:
    member = require(partnership_id, Right.INVITE)
    theirs = _decided_on(member, membership_id)
    if not members.may_make_reset_link(member, theirs):
        abort(403)
    account_limits.or_429(account_limits.INVITE_PERSON, "reset-link", member.person.id)
    address = expiring_links.reset_link(theirs.person, by=member.person, partnership_id=partnership_id)
    return people_page(member, link=address, whose=theirs.person.name, hours=2)


def people_page(member: Member, **more: Any) -> str:
    """Members by municipality, open invitations, and what the member may do about them. `form`: an invitation that was
    not accepted; `changed`: a membership's number and its form, likewise."""
    partnership = member.partnership
    decides = assignable_roles.manageable_sides(member)
    changed: tuple[int, Any] = more.pop("changed", (0, None))
    invitation = more.pop("form", None) or forms.InvitationForm(formdata=None)
    offer_invitation(member, invitation)
    rows = [_row(member, one, *changed) for one in partnership.memberships if one.person.erased_at is None]
    page, _code = render_in_frame(
        "members",
        member,
        groups=_groups(member, rows),
        decides=decides,
        form=invitation,
        invitations=assignable_roles.open_invitations(partnership) if decides else [],
        **more,
    )
    return page


def offer_invitation(member: Member, form: forms.InvitationForm) -> None:
    """The places, roles and languages the member may choose from."""
    sides = assignable_roles.invitable_sides(member)
    towns = [one for one in partnership_labels.own_side_first(member.partnership, member.side) if one.side in sides]
    offered = [(f"{one.side}:{one.id}", one.name) for one in towns]
    if assignable_roles.NEUTRAL in sides:
        offered.append((f"{assignable_roles.NEUTRAL}:", _("Neither side (neutral)")))
    roles = assignable_roles.roles_for(member.side, member) if sides else ()
    form.offer(offered, roles, [(code, partnership_labels.language_name(code)) for code in ("de", "en")])


def _row(member: Member, one: Membership, changed: int, sent: Any) -> dict[str, Any]:
    """One line of the table of members, with the form to change it where the member may; `sent` is that of the
    membership `changed`, when it was not accepted."""
    mine = one.side in assignable_roles.manageable_sides(member)
    form = sent if one.id == changed else forms.MembershipForm(formdata=None, obj=one) if mine else None
    if form is not None and form is not sent:
        form.offer(_towns(member, one.side), assignable_roles.roles_for(one.side, member))
    return {
        "membership": one,
        "form": form,
        "holds": is_current(one) and one.person.ended_at is None,
        "reset": mine and members.may_make_reset_link(member, one),
    }


def _groups(member: Member, rows: list[dict[str, Any]]) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """Name, side and lines of each municipality, own side first; then those of no municipality."""
    towns = partnership_labels.own_side_first(member.partnership, member.side)
    groups = [(one.name, one.side, [r for r in rows if r["membership"].municipality_id == one.id]) for one in towns]
    for side in (*SIDES, assignable_roles.NEUTRAL):
        rest = [r for r in rows if r["membership"].municipality_id is None and r["membership"].side == side]
        if rest:
            groups.append((partnership_labels.side_name(member.partnership, side), side, rest))
    return groups


def _towns(member: Member, side: str) -> list[tuple[str, str]]:
    towns = [(str(one.id), one.name) for one in member.partnership.municipalities if one.side == side]
    return [("", "–"), *towns]


def _decided_on(member: Member, membership_id: int) -> Membership:
    try:
        return members.own_membership(member, membership_id)
    except ActionRefused as refused:
        abort(403, str(refused))


def _address(member: Member) -> str:
    return url_for("partnerships.people", partnership_id=member.partnership.id)
