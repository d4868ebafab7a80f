"""View of the settings: name, kind and agreement, with the list of municipalities."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext as _

from klimawerk.idempotency import form_key, once
from klimawerk.partnerships import forms, partnership_labels, service
from klimawerk.partnerships.access import Member, require
from klimawerk.partnerships.forms import TEXTS
from klimawerk.partnerships.pages.page_frame import Page, add_error, render_in_frame, status_of, submitted_revision
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.partnerships.rights import Right


def settings(partnership_id: int) -> Page:
    member = require(partnership_id, Right.ADMINISTER)
    form = partnership_form(member)
    if not form.validate_on_submit():
        return settings_page(member, form, status_of(form))
    agreement = {
        "kind": form.agreement_kind.data,
        "date": form.agreement_date.data.isoformat() if form.agreement_date.data else "",
        "text": forms.texts_of(form, "agreement", TEXTS),
    }

    def save() -> str:
        service.rename(
            member.partnership,
            names=forms.texts_of(form, "name", TEXTS),
            since=form.since.data,
            kind=form.kind.data,
            agreement=agreement,
            seen=submitted_revision(),
            by=member.person,
        )
        flash(_("Saved."))
        return url_for("partnerships.settings", partnership_id=partnership_id)

    try:
        return redirect(once(form_key(), save))  # by its key, so that a form sent twice is no conflict with itself
    except ActionRefused as refused:
        add_error(
            form,
            ActionRefused(str(refused), refused.field and f"{refused.field}_{partnership_labels.reader_language()}"),
        )
        return settings_page(member, form, 409)


def settings_page(member: Member, form: Any, status: int = 200, new_town: Any = None) -> tuple[str, int]:
    return render_in_frame(
        "settings",
        member,
        status,
        form=form,
        texts=TEXTS,
        new_town=new_town or forms.NewMunicipalityForm(formdata=None),
    )


def partnership_form(member: Member, filled: bool = True) -> Any:
    partnership = member.partnership
    labels = {"name": _("Name"), "agreement": _("What was agreed")}
    form_class = forms.with_texts(forms.PartnershipForm, labels, TEXTS)
    form = form_class(obj=partnership) if filled else form_class(formdata=None, obj=partnership)
    if not filled or not form.is_submitted():
        agreement = partnership.agreement
        form.agreement_kind.data = agreement.get("kind", "")
        with suppress(ValueError):  # an imported date may be a month only
            form.agreement_date.process_formdata([agreement["date"]] if agreement.get("date") else [])
        for code in TEXTS:
            form[f"name_{code}"].data = partnership.name.get(code, "")
            form[f"agreement_{code}"].data = (agreement.get("text") or {}).get(code, "")
    return form
