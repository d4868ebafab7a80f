"""Views of municipalities: each side changes its own."""

from __future__ import annotations

from flask import abort, flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from klimawerk.extensions import db
from klimawerk.idempotency import form_key, once
from klimawerk.partnerships import forms, service
from klimawerk.partnerships.access import Member, require
from klimawerk.partnerships.forms import TEXTS
from klimawerk.partnerships.models import SIDES, Municipality
from klimawerk.partnerships.pages.page_frame import (
    Page,
    add_error,
    do_and_redirect,
    render_in_frame,
    status_of,
    submitted_revision,
)
from klimawerk.partnerships.pages.settings_routes import partnership_form, settings_page
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.partnerships.rights import Right


def municipality(partnership_id: int, municipality_id: int) -> Page:
    member = require(partnership_id, Right.ADMINISTER)
    town = _own_municipality(member, municipality_id)
    form = forms.with_texts(forms.MunicipalityForm, {"profile": _("Profile")}, TEXTS)(obj=town)
    if not form.is_submitted():
        for code, text in town.profile.items():
            if f"profile_{code}" in form:
                form[f"profile_{code}"].data = text

    def save() -> str:
        entered = form.town(forms.texts_of(form, "profile", TEXTS))
        service.change_municipality(town, entered, seen=submitted_revision(), by=member.person)
        flash(_("Saved."))
        return url_for("partnerships.settings", partnership_id=partnership_id)

    if form.validate_on_submit():
        try:
            return redirect(once(form_key(), save))
        except ActionRefused as refused:
            _own_municipality(member, municipality_id)  # 404 if it was deleted meanwhile
            add_error(form, refused)
    return render_in_frame("municipality", member, 409 if form.form_errors else status_of(form), form=form, town=town)


def add_municipality(partnership_id: int) -> Page:
    member = require(partnership_id, Right.ADMINISTER)
    form = forms.NewMunicipalityForm()
    if member.side not in SIDES or not form.validate():
        return settings_page(member, partnership_form(member, filled=False), 422, new_town=form)

    def create() -> str:
        town = service.MunicipalityInput(form.name.data, form.country.data)
        service.add_municipality(member.partnership, member.side, town, by=member.person)
        flash(_("The municipality is added."))
        return url_for("partnerships.settings", partnership_id=partnership_id)

    return redirect(once(form_key(), create))


def remove_municipality(partnership_id: int, municipality_id: int) -> Response:
    member = require(partnership_id, Right.ADMINISTER)
    town = _own_municipality(member, municipality_id)
    back = url_for("partnerships.settings", partnership_id=partnership_id)
    return do_and_redirect(
        lambda: service.remove_municipality(town, by=member.person), _("The municipality is removed."), back
    )


def _own_municipality(member: Member, municipality_id: int) -> Municipality:
    """A municipality of the own side; 403 for the other side's, 404 for any other."""
    town = db.session.get(Municipality, municipality_id)
    if town is None or town.partnership_id != member.partnership.id:
        abort(404)
    if town.side != member.side:
        abort(403, _("Each side describes its own municipalities."))
    return town
