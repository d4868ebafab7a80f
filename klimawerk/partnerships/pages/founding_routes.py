"""View for creating a partnership."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from klimawerk.accounts import account_limits
from klimawerk.accounts.access import signed_in
from klimawerk.idempotency import form_key, once
from klimawerk.partnerships import forms, programme_hooks, service
from klimawerk.partnerships.pages.page_frame import Page, add_error, status_of
from klimawerk.partnerships.refusals import ActionRefused


def new() -> Page:
    person, form = signed_in(), forms.FoundingForm()
    if request.method == "GET":
        form.languages.data = sorted({person.language, "en"})
        form.lead_language.data = "en"
    if not form.validate_on_submit():
        return render_template("partnerships/new.html", form=form), status_of(form)
    account_limits.or_429(account_limits.CREATE_PERSON, "found", person.id)

    def create() -> str:
        partnership = service.create_partnership(form.founding(), by=person)
        flash(_("Your partnership is ready. Invite the others."))
        cards = programme_hooks.programme_cards(partnership.id)
        return cards[0].url if cards else url_for("partnerships.people", partnership_id=partnership.id)

    try:
        return redirect(once(form_key(), create))
    except ActionRefused as refused:
        add_error(form, refused)
        return render_template("partnerships/new.html", form=form), 409
