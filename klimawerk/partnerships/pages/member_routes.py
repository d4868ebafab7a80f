"""Views of members: the list, changing and ending memberships, leaving, password reset links."""

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
    membership = _own_or_403(member, membership_id)
    form.offer(_town_choices(member, membership.side), assignable_roles.roles_for(membership.side, member))
    if not form.validate():
        return people_page(member, changed=(membership.id, form)), 422
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
        return people_page(member, changed=(membership.id, form)), 409
    flash(_("Saved."))
    return redirect(_members_url(member))


def end_member(partnership_id: int, membership_id: int) -> Response:
    member = require(partnership_id, Right.INVITE)
    return do_and_redirect(
        lambda: members.end_membership(member, membership_id), _("This membership has ended."), _members_url(member)
    )


def leave(partnership_id: int) -> Response:
    member = member_or_404(partnership_id)
    try:
        members.leave_partnership(member)
    except ActionRefused as refused:
        flash(str(refused), "error")
        return redirect(_members_url(member))
    flash(_("You have left the partnership."))
    return redirect(url_for("start.index"))


def reset_link(partnership_id: int, membership_id: int) -> Page:
    member = require(partnership_id, Right.INVITE)
    membership = _own_or_403(member, membership_id)
    if not members.may_make_reset_link(member, membership):
        abort(403)
    account_limits.or_429(account_limits.INVITE_PERSON, "reset-link", member.person.id)
    address = expiring_links.reset_link(membership.person, by=member.person, partnership_id=partnership_id)
    return people_page(member, link=address, whose=membership.person.name, hours=2)


def people_page(member: Member, **more: Any) -> str:
    """The page of members by municipality, and of open invitations, with the forms that the member may use.

    `form`: an invitation form with errors; `changed`: id and form of a membership whose form has errors.
    """
    partnership = member.partnership
    decides = assignable_roles.manageable_sides(member)
    changed: tuple[int, Any] = more.pop("changed", (0, None))
    invitation = more.pop("form", None) or forms.InvitationForm(formdata=None)
    offer_invitation(member, invitation)
    rows = [_row(member, each, *changed) for each in partnership.memberships if each.person.erased_at is None]
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
    """Set the choices of the form: places, roles and languages that the member may offer."""
    sides = assignable_roles.invitable_sides(member)
    towns = [each for each in partnership_labels.own_side_first(member.partnership, member.side) if each.side in sides]
    places = [(f"{town.side}:{town.id}", town.name) for town in towns]
    if assignable_roles.NEUTRAL in sides:
        places.append((f"{assignable_roles.NEUTRAL}:", _("Neither side (neutral)")))
    roles = assignable_roles.roles_for(member.side, member) if sides else ()
    form.offer(places, roles, [(code, partnership_labels.language_name(code)) for code in ("de", "en")])


def _row(member: Member, membership: Membership, changed: int, sent: Any) -> dict[str, Any]:
    """A row of the table of members, with a form where the member may change it; `sent`: the form with errors of the
    membership with the id `changed`."""
    may_manage = membership.side in assignable_roles.manageable_sides(member)
    form = (
        sent
        if membership.id == changed
        else forms.MembershipForm(formdata=None, obj=membership)
        if may_manage
        else None
    )
    if form is not None and form is not sent:
        form.offer(_town_choices(member, membership.side), assignable_roles.roles_for(membership.side, member))
    return {
        "membership": membership,
        "form": form,
        "holds": is_current(membership) and membership.person.ended_at is None,
        "reset": may_manage and members.may_make_reset_link(member, membership),
    }


def _groups(member: Member, rows: list[dict[str, Any]]) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """Name, side and rows of each municipality, own side first; then of people without a municipality."""
    towns = partnership_labels.own_side_first(member.partnership, member.side)
    groups = [(town.name, town.side, [r for r in rows if r["membership"].municipality_id == town.id]) for town in towns]
    for side in (*SIDES, assignable_roles.NEUTRAL):
        rest = [r for r in rows if r["membership"].municipality_id is None and r["membership"].side == side]
        if rest:
            groups.append((partnership_labels.side_name(member.partnership, side), side, rest))
    return groups


def _town_choices(member: Member, side: str) -> list[tuple[str, str]]:
    choices = [(str(town.id), town.name) for town in member.partnership.municipalities if town.side == side]
    return [("", "–"), *choices]


def _own_or_403(member: Member, membership_id: int) -> Membership:
    try:
        return members.own_membership(member, membership_id)
    except ActionRefused as refused:
        abort(403, str(refused))


def _members_url(member: Member) -> str:
    return url_for("partnerships.people", partnership_id=member.partnership.id)
