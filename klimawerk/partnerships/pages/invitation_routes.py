"""Views of invitations: create, resend, withdraw; and the invited person's page, of which only the form accepts."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _

from klimawerk import scalars
from klimawerk.accounts import account_limits, expiring_links, mail
from klimawerk.accounts import service as accounts
from klimawerk.accounts.access import current_person
from klimawerk.accounts.forms import NewPersonForm
from klimawerk.accounts.models import Link, Person
from klimawerk.accounts.routes import link_used_up, sign_in_and_redirect
from klimawerk.extensions import db
from klimawerk.idempotency import form_key, once
from klimawerk.partnerships import forms, invitations, partnership_labels
from klimawerk.partnerships.access import Member, require
from klimawerk.partnerships.models import Municipality, Partnership
from klimawerk.partnerships.pages.member_routes import offer_invitation, people_page
from klimawerk.partnerships.pages.page_frame import Page, add_error, do_and_redirect
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.partnerships.rights import Right
from klimawerk.web.localisation import locale


def invite(partnership_id: int) -> Page:
    member = require(partnership_id, Right.INVITE)
    form = forms.InvitationForm()
    offer_invitation(member, form)
    if not form.validate():
        return people_page(member, form=form), 422
    account_limits.or_429(account_limits.INVITE_PERSON, "invite", member.person.id)
    side, _colon, number = form.place.data.partition(":")
    municipality_id = scalars.item_id(number) if number else None
    invitation = invitations.Invitation(
        form.email.data,
        side,
        form.role.data,
        form.language.data,
        form.name.data or "",
        municipality_id,
    )
    created: list[tuple[Link, str]] = []

    def create() -> str:
        created.append(invitations.invite(member, invitation))
        return str(created[0][0].id)

    try:
        link_id = int(once(form_key(), create))
    except ActionRefused as refused:
        add_error(form, ActionRefused(str(refused), "place" if refused.field == "municipality_id" else refused.field))
        return people_page(member, form=form), 422
    return _deliver(member, *created[0]) if created else _answer_repeated(member, link_id)


def resend(partnership_id: int, link_id: int) -> Page:
    member = require(partnership_id, Right.INVITE)
    account_limits.or_429(account_limits.INVITE_PERSON, "invite", member.person.id)
    try:
        link, token = invitations.resend(member, link_id)
    except ActionRefused as refused:
        flash(str(refused), "error")
        return redirect(_members_url(member))
    return _deliver(member, link, token)


def withdraw(partnership_id: int, link_id: int) -> Page:
    member = require(partnership_id, Right.INVITE)
    return do_and_redirect(
        lambda: invitations.withdraw(member, link_id), _("The invitation is withdrawn."), _members_url(member)
    )


def open_invitation(token: str) -> Page:
    """The invited person's page. Opening it changes nothing.

    For a link that was shown to the inviting coordinator, it does not disclose whether the address has an account.
    """
    try:
        link, person = _find_invitation(token), current_person()
        if person and person.email == link.payload["email"]:
            return _page_for_account(link, token, person)
        if expiring_links.proves_address(link) and accounts.find_person(link.payload["email"]):
            return _page(link, known=True, status=200 if request.method == "GET" else 403)
        return _page_for_new_person(link, token)
    except expiring_links.LinkUsedUp:
        return link_used_up()


def _page_for_new_person(link: Link, token: str) -> Page:
    form = NewPersonForm(name=link.payload["name"], language=locale(), timezone=_zone(link))
    if not form.validate_on_submit():
        return _page(link, form=form, status=422 if form.is_submitted() else 200)
    account_limits.or_429(account_limits.LINK_ADDRESS)
    new_hash = accounts.password_hash(
        form.new_password.data, "" if expiring_links.proves_address(link) else link.payload["email"]
    )
    try:
        person = invitations.accept_as_new(
            token, name=form.name.data, password_hash=new_hash, language=form.language.data, timezone=form.timezone.data
        )
    except (ActionRefused, accounts.EmailTaken):
        problem = _("This address has an account meanwhile. Load the page again.")
        return _page(link, form=form, status=409, problem=problem)
    response = sign_in_and_redirect(
        person, url_for("start.index")
    )  # begins a session, which drops earlier flash messages
    flash(_("Welcome! Your account is ready."))
    return response


def _page_for_account(link: Link, token: str, person: Person) -> Page:
    """The page for a signed-in account with the address: the link alone never gives access to an account."""
    if request.method == "GET":
        return _page(link, mine=True, status=200)
    try:
        invitations.accept(token, person)
    except ActionRefused as refused:
        return _page(link, mine=True, status=409, problem=str(refused))
    flash(_("Welcome! You belong to the partnership now."))
    return redirect(url_for("start.index"))


def _page(link: Link, status: int, **more: Any) -> tuple[str, int]:
    partnership = db.session.get_one(Partnership, link.partnership_id)
    name, language = partnership_labels.text_for_reader(partnership.name)
    text = render_template(
        "partnerships/invitation.html",
        wanted=link.payload,
        partnership=partnership,
        partnership_name=name,
        partnership_language=language,
        role=partnership_labels.role_name(link.payload["role"]),
        here=request.path,
        **more,
    )
    return text, status


def _find_invitation(token: str) -> Link:
    link = expiring_links.find_link(token)
    partnership = db.session.get(Partnership, link.partnership_id) if link.partnership_id else None
    if link.purpose != expiring_links.INVITATION or partnership is None or partnership.deleted_at:
        raise expiring_links.LinkUsedUp
    return link


def _deliver(member: Member, link: Link, token: str) -> Page:
    """Send the invitation by mail; if that fails, show the link to the coordinator to hand over."""
    payload = link.payload
    address = expiring_links.link_url(expiring_links.INVITATION, token)
    if _send_mail(member, payload, address):
        expiring_links.was_mailed(link)
        flash(_("The invitation to %(email)s is sent.", email=payload["email"]))
        return redirect(_members_url(member))
    return people_page(member, link=address, whose=payload["name"] or payload["email"], hours=14 * 24)


def _answer_repeated(member: Member, link_id: int) -> Page:
    """Answer the same form sent again: no second mail; a link to hand over is shown with a new token."""
    if mail.configured():
        return redirect(_members_url(member))
    return resend(member.partnership.id, link_id)


def _send_mail(member: Member, payload: dict[str, Any], address: str) -> bool:
    with force_locale(payload["language"]):
        name, _language = partnership_labels.text_for_reader(member.partnership.name)
        subject = _("Invitation to %(partnership)s", partnership=name)
        text = render_template(
            "mail/invitation.txt",
            wanted=payload,
            partnership_name=name,
            inviter=member.person.name,
            role=partnership_labels.role_name(payload["role"]),
            address=address,
        )
    return mail.send(payload["email"], subject, text, language=payload["language"])


def _zone(link: Link) -> str:
    town = db.session.get(Municipality, link.payload["municipality_id"]) if link.payload["municipality_id"] else None
    return town.timezone if town else "Europe/Berlin"


def _members_url(member: Member) -> str:
    return url_for("partnerships.people", partnership_id=member.partnership.id)
