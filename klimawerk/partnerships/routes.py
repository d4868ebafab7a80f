"""Doors of a partnership: founding, settings, members, and what both sides must confirm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from klimawerk.accounts import limits, links
from klimawerk.accounts.access import signed_in
from klimawerk.extensions import db
from klimawerk.live import changes
from klimawerk.partnerships import forms, hooks, labels, members, requests, service
from klimawerk.partnerships.access import Member, holds, member_or_404, require
from klimawerk.partnerships.models import SIDES, JointRequest, Membership, Municipality
from klimawerk.partnerships.refusals import Refused
from klimawerk.partnerships.rights import Right

blueprint = Blueprint("partnerships", __name__, url_prefix="/partnerships")
Page = Response | str | tuple[str, int]
TEXTS = ("de", "en", "es", "fr", "pt")


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> Page:
    person, form = signed_in(), forms.FoundingForm()
    if request.method == "GET":
        form.languages.data = sorted({person.language, "en"})
        form.lead_language.data = "en"
    if not form.validate_on_submit():
        return render_template("partnerships/new.html", form=form), _status(form)
    limits.or_429(limits.CREATE_PERSON, "found", person.id)
    try:
        partnership = service.create_partnership(form.founding(), by=person)
    except Refused as refused:
        form.name.errors = [str(refused)]
        return render_template("partnerships/new.html", form=form), 409
    flash(_("Your partnership is ready. Invite the others."))
    return redirect(url_for("partnerships.people", partnership_id=partnership.id))


@blueprint.get("/<int:partnership_id>/members")
def people(partnership_id: int) -> str:
    return people_page(member_or_404(partnership_id))


@blueprint.post("/<int:partnership_id>/members/<int:membership_id>")
def change_member(partnership_id: int, membership_id: int) -> Response:
    member = require(partnership_id, Right.INVITE)
    form = forms.MembershipForm()
    theirs = _decided_on(member, membership_id)
    form.offer(_towns(member, theirs.side), members.roles_for(theirs.side, member))
    if not form.validate():
        flash(_("Not saved: choose a role, and write the days as dates."), "error")
        return _to_people(member)
    return _tried(
        member,
        lambda: members.change(
            member,
            membership_id,
            role=form.role.data,
            municipality_id=form.municipality_id.data,
            from_date=form.from_date.data,
            to_date=form.to_date.data,
        ),
        _("Saved."),
    )


@blueprint.post("/<int:partnership_id>/members/<int:membership_id>/end")
def end_member(partnership_id: int, membership_id: int) -> Response:
    member = require(partnership_id, Right.INVITE)
    return _tried(member, lambda: members.end(member, membership_id), _("This membership has ended."))


@blueprint.post("/<int:partnership_id>/leave")
def leave(partnership_id: int) -> Response:
    member = member_or_404(partnership_id)
    try:
        members.leave(member)
    except Refused as refused:
        flash(str(refused), "error")
        return _to_people(member)
    flash(_("You have left the partnership."))
    return redirect(url_for("start.index"))


@blueprint.post("/<int:partnership_id>/members/<int:membership_id>/reset-link")
def reset_link(partnership_id: int, membership_id: int) -> Page:
    member = require(partnership_id, Right.INVITE)
    theirs = _decided_on(member, membership_id)
    if not members.may_make_reset_link(member, theirs):
        abort(403)
    limits.or_429(limits.INVITE_PERSON, "reset-link", member.person.id)
    address = links.reset_link(theirs.person, by=member.person, partnership_id=partnership_id)
    return people_page(member, link=address, whose=theirs.person.name, hours=2)


@blueprint.route("/<int:partnership_id>/settings", methods=["GET", "POST"])
def settings(partnership_id: int) -> Page:
    member = require(partnership_id, Right.ADMINISTER)
    form = _partnership_form(member)
    if not form.validate_on_submit():
        return _settings_page(member, form, _status(form))
    agreement = {
        "kind": form.agreement_kind.data,
        "date": form.agreement_date.data.isoformat() if form.agreement_date.data else "",
        "text": forms.texts_of(form, "agreement", TEXTS),
    }
    try:
        service.rename(
            member.partnership,
            names=forms.texts_of(form, "name", TEXTS),
            since=form.since.data,
            kind=form.kind.data,
            agreement=agreement,
            seen=_seen(),
            by=member.person,
        )
    except Refused as refused:
        return _settings_page(member, form, 409, str(refused))
    flash(_("Saved."))
    return redirect(url_for("partnerships.settings", partnership_id=partnership_id))


@blueprint.route("/<int:partnership_id>/municipalities/<int:municipality_id>", methods=["GET", "POST"])
def municipality(partnership_id: int, municipality_id: int) -> Page:
    member = require(partnership_id, Right.ADMINISTER)
    town = _own_town(member, municipality_id)
    form = forms.with_texts(forms.TownForm, {"profile": _("Profile")}, TEXTS)(obj=town)
    if not form.is_submitted():
        for code, text in town.profile.items():
            if f"profile_{code}" in form:
                form[f"profile_{code}"].data = text
    problem = ""
    if form.validate_on_submit():
        try:
            service.change_municipality(
                town, form.town(forms.texts_of(form, "profile", TEXTS)), seen=_seen(), by=member.person
            )
        except Refused as refused:
            problem = str(refused)
        else:
            flash(_("Saved."))
            return redirect(url_for("partnerships.settings", partnership_id=partnership_id))
    return _shown("municipality", member, 409 if problem else _status(form), form=form, town=town, problem=problem)


@blueprint.post("/<int:partnership_id>/municipalities")
def add_municipality(partnership_id: int) -> Page:
    member = require(partnership_id, Right.ADMINISTER)
    form = forms.NewTownForm()
    if member.side not in SIDES or not form.validate():
        return _settings_page(member, _partnership_form(member, filled=False), 422, new_town=form)
    town = service.Town(form.name.data, form.country.data)
    service.add_municipality(member.partnership, member.side, town, by=member.person)
    flash(_("The municipality is added."))
    return redirect(url_for("partnerships.settings", partnership_id=partnership_id))


@blueprint.post("/<int:partnership_id>/municipalities/<int:municipality_id>/remove")
def remove_municipality(partnership_id: int, municipality_id: int) -> Response:
    member = require(partnership_id, Right.ADMINISTER)
    town = _own_town(member, municipality_id)
    try:
        service.remove_municipality(town, by=member.person)
        flash(_("The municipality is removed."))
    except Refused as refused:
        flash(str(refused), "error")
    return redirect(url_for("partnerships.settings", partnership_id=partnership_id))


@blueprint.get("/<int:partnership_id>/joint")
def joint(partnership_id: int) -> Page:
    return _joint_page(member_or_404(partnership_id))


@blueprint.post("/<int:partnership_id>/joint/<any(rate, languages, delete):kind>")
def ask(partnership_id: int, kind: str) -> Page:
    member = require(partnership_id, Right.ADMINISTER)
    programme_id = request.form.get("programme", type=int)
    if not requests.known(kind) or programme_id not in [card.id for card in _cards(member)]:
        abort(404)
    form = forms.JOINT[kind]()
    if not form.validate():
        return _joint_page(member, 422, **{kind: form})
    return _answered(
        member,
        lambda: requests.ask(member, kind, form.payload(), programme_id=programme_id),
        _("The other side is asked. It is done as soon as one of its coordinators confirms."),
    )


@blueprint.post("/<int:partnership_id>/joint/<int:request_id>/<any(confirm, decline, withdraw, undo):what>")
def answer(partnership_id: int, request_id: int, what: str) -> Response:
    member = require(partnership_id, Right.ADMINISTER)
    deeds: dict[str, Callable[[], JointRequest]] = {
        "confirm": lambda: requests.answer(member, request_id, yes=True),
        "decline": lambda: requests.answer(member, request_id, yes=False),
        "withdraw": lambda: requests.withdraw(member, request_id),
        "undo": lambda: requests.undo(member, request_id),
    }
    said = {
        "confirm": _("Confirmed and done."),
        "decline": _("Declined."),
        "withdraw": _("Withdrawn."),
        "undo": _("It is as it was before."),
    }
    return _answered(member, deeds[what], said[what])


def people_page(member: Member, **more: Any) -> str:
    """Members by municipality, open invitations, and what the member may do about them."""
    partnership = member.partnership
    decides = members.sides_to_decide_on(member)
    invitation = more.pop("form", None) or forms.InvitationForm(formdata=None)
    offer_invitation(member, invitation)
    rows = [_row(member, one) for one in partnership.memberships]
    page, _code = _shown(
        "members",
        member,
        200,
        groups=_groups(member, rows),
        decides=decides,
        form=invitation,
        invitations=members.open_invitations(partnership) if decides else [],
        **more,
    )
    return page


def offer_invitation(member: Member, form: forms.InvitationForm) -> None:
    """The places, roles and languages the member may choose from."""
    sides = members.sides_to_invite_to(member)
    towns = [one for one in labels.own_side_first(member.partnership, member.side) if one.side in sides]
    places = [(f"{one.side}:{one.id}", one.name) for one in towns]
    if members.NEUTRAL in sides:
        places.append((f"{members.NEUTRAL}:", _("Neither side (neutral)")))
    roles = members.roles_for(member.side, member) if sides else ()
    form.offer(places, roles, [(code, labels.language_name(code)) for code in ("de", "en")])


def _shown(page: str, member: Member, status: int, **more: Any) -> tuple[str, int]:
    name, language = labels.in_words(member.partnership.name)
    text = render_template(
        f"partnerships/{page}.html",
        member=member,
        partnership=member.partnership,
        partnership_name=name,
        partnership_language=language,
        side=member.side,
        cards=_cards(member),
        may=member.may,
        Right=Right,
        seen=changes.revision(service.topic(member.partnership.id)),
        **more,
    )
    return text, status


def _settings_page(
    member: Member, form: Any, status: int = 200, problem: str = "", new_town: Any = None
) -> tuple[str, int]:
    return _shown(
        "settings",
        member,
        status,
        form=form,
        problem=problem,
        texts=TEXTS,
        new_town=new_town or forms.NewTownForm(formdata=None),
    )


def _partnership_form(member: Member, filled: bool = True) -> Any:
    partnership = member.partnership
    labelled = {"name": _("Name"), "agreement": _("What was agreed")}
    kind = forms.with_texts(forms.PartnershipForm, labelled, TEXTS)
    form = kind(obj=partnership) if filled else kind(formdata=None, obj=partnership)
    if not filled or not form.is_submitted():
        agreement = partnership.agreement
        form.agreement_kind.data = agreement.get("kind", "")
        form.agreement_date.process_formdata([agreement["date"]] if agreement.get("date") else [])
        for code in TEXTS:
            form[f"name_{code}"].data = partnership.name.get(code, "")
            form[f"agreement_{code}"].data = (agreement.get("text") or {}).get(code, "")
    return form


def _joint_page(member: Member, status: int = 200, **filled: Any) -> tuple[str, int]:
    return _shown(
        "joint",
        member,
        status,
        open=requests.open_requests(member.partnership.id),
        undoable=requests.undoable(member.partnership.id),
        undo_days=requests.UNDO_DAYS,
        known=requests.known,
        request_words=labels.request_words,
        rate=filled.get("rate") or forms.RateForm(formdata=None),
        languages=filled.get("languages") or forms.LanguagesForm(formdata=None),
    )


def _row(member: Member, one: Membership) -> dict[str, Any]:
    """One line of the table of members, with the form to change it where the member may."""
    mine = one.side in members.sides_to_decide_on(member)
    form = forms.MembershipForm(formdata=None, obj=one) if mine else None
    if form is not None:
        form.offer(_towns(member, one.side), members.roles_for(one.side, member))
    return {
        "membership": one,
        "form": form,
        "holds": holds(one) and one.person.ended_at is None,
        "reset": mine and members.may_make_reset_link(member, one),
    }


def _groups(member: Member, rows: list[dict[str, Any]]) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """Name, side and lines of each municipality, own side first; then those of no municipality."""
    towns = labels.own_side_first(member.partnership, member.side)
    groups = [(one.name, one.side, [r for r in rows if r["membership"].municipality_id == one.id]) for one in towns]
    for side in (*SIDES, members.NEUTRAL):
        rest = [r for r in rows if r["membership"].municipality_id is None and r["membership"].side == side]
        if rest:
            groups.append((labels.side_name(member.partnership, side), side, rest))
    return groups


def _towns(member: Member, side: str) -> list[tuple[str, str]]:
    towns = [(str(one.id), one.name) for one in member.partnership.municipalities if one.side == side]
    return [("", "–"), *towns]


def _own_town(member: Member, municipality_id: int) -> Municipality:
    """A municipality of one's own side; 404 for anything else, 403 for the other side's."""
    town = db.session.get(Municipality, municipality_id)
    if town is None or town.partnership_id != member.partnership.id:
        abort(404)
    if town.side != member.side:
        abort(403, _("Each side describes its own municipalities."))
    return town


def _decided_on(member: Member, membership_id: int) -> Membership:
    try:
        return members.own_membership(member, membership_id)
    except Refused as refused:
        abort(403, str(refused))


def _tried(member: Member, deed: Callable[[], object], said: str) -> Response:
    """Do it and say so, or say why not; then the members' page."""
    try:
        deed()
        flash(said)
    except Refused as refused:
        flash(str(refused), "error")
    return _to_people(member)


def _answered(member: Member, deed: Callable[[], object], said: str) -> Response:
    try:
        deed()
        flash(said)
    except Refused as refused:
        flash(str(refused), "error")
    return redirect(url_for("partnerships.joint", partnership_id=member.partnership.id))


def _to_people(member: Member) -> Response:
    return redirect(url_for("partnerships.people", partnership_id=member.partnership.id))


def _cards(member: Member) -> list[hooks.Card]:
    return hooks.programme_cards(member.partnership.id)


def _seen() -> int | None:
    return request.form.get("seen", type=int)


def _status(form: Any) -> int:
    return 422 if form.is_submitted() else 200
