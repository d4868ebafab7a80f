"""Doors: a file in, with a look at it first; a programme out; the practice programme."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from limits import parse

from klimawerk.accounts.access import login_required, signed_in
from klimawerk.accounts.limits import or_429
from klimawerk.exchange import jobs, practice, problems, service
from klimawerk.exchange.forms import ConfirmForm, FileForm
from klimawerk.idempotency import form_key, once
from klimawerk.partnerships.access import member_of
from klimawerk.partnerships.models import SIDES
from klimawerk.partnerships.refusals import Refused
from klimawerk.partnerships.rights import Right
from klimawerk.programmes.models import Programme
from klimawerk.sheets.access import allowed_item, of_kind
from klimawerk.sheets.catalogue import sheet_of

bp = Blueprint("exchange", __name__)

_LETTERS: dict[int, str] = {ord(letter): pair for letter, pair in zip("äöüß", ("ae", "oe", "ue", "ss"), strict=True)}


@dataclass(frozen=True)
class Here:
    """A programme that is here already; `whole`: with everything that the file holds."""

    whole: bool
    address: str


LOOK_LIMIT = parse("60 per hour")
TAKE_LIMIT = parse("20 per hour")


@bp.get("/programmes/<int:item_id>/export.json")
@login_required
def export(item_id: int) -> ResponseReturnValue:
    opened = allowed_item(item_id, Right.EXPORT)
    programme = of_kind(opened, Programme)
    wanted = request.args.get("history") != "no"
    response = Response(service.export_bytes(programme, history=wanted), mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{_file_name(programme)}.json"'
    return response


@bp.route("/import", methods=["GET", "POST"])
@login_required
def choose() -> ResponseReturnValue:
    person, form = signed_in(), FileForm()
    if not form.validate_on_submit():
        return render_template("exchange/import.html", form=form), 422 if form.errors else 200
    or_429(LOOK_LIMIT, "import", person.id)
    upload = form.file.data
    job = jobs.begin(person.id, upload.filename or "", upload.read())
    return redirect(url_for("exchange.look", token=job.token), 303)


@bp.get("/import/<token>")
@login_required
def look(token: str) -> ResponseReturnValue:
    """What the file would bring; while it is being looked at, the page asks again by itself."""
    job = jobs.seen(token, signed_in().id)
    if job is None:
        flash(_("This file is no longer kept here. Please choose it again."), "error")
        return redirect(url_for("exchange.choose"), 303)
    if job.programme_id:
        return redirect(url_for("overview.programme", item_id=job.programme_id), 303)
    return render_template("exchange/look.html", job=job, form=_confirm_form(job), known=_known(job))


@bp.get("/import/<token>/state")
@login_required
def state(token: str) -> ResponseReturnValue:
    job = jobs.seen(token, signed_in().id) or abort(404)
    if job.programme_id:
        return Response(headers={"HX-Redirect": url_for("overview.programme", item_id=job.programme_id)})
    return render_template("exchange/_state.html", job=job, form=_confirm_form(job), known=_known(job))


@bp.post("/import/<token>")
@login_required
def take(token: str) -> ResponseReturnValue:
    person = signed_in()
    job = jobs.find(token, person.id) or abort(404)
    if job.storing or job.programme_id:
        return redirect(url_for("exchange.look", token=token), 303)
    form = _confirm_form(job)
    known, copy = _known(job), request.form.get("copy") == "yes"
    if job.preview is None or form is None or not form.validate_on_submit() or (known and not copy):
        return render_template("exchange/look.html", job=job, form=form, known=known), 422
    or_429(TAKE_LIMIT, "import-take", person.id)
    try:
        with jobs.stored(job) as done:
            programme = service.import_draft(job.preview.draft, by=person, side=form.side.data, copy=copy)
            done(programme.id)
    except (Refused, problems.Refused) as refused:
        flash(str(refused), "error")
        return render_template("exchange/look.html", job=job, form=form, known=known), 409
    flash(_("The programme has been imported. Invite the others."))
    return redirect(url_for("overview.programme", item_id=programme.id), 303)


@bp.post("/practice")
@login_required
def open_practice() -> ResponseReturnValue:
    """The person's own practice programme, made when it is first opened."""
    return redirect(url_for("overview.programme", item_id=practice.ensure_practice(signed_in()).id), 303)


@bp.post("/practice/reset")
@login_required
def reset_practice() -> ResponseReturnValue:
    person = signed_in()
    or_429(TAKE_LIMIT, "practice", person.id)

    def create() -> str:
        programme = practice.reset_practice(person)
        flash(_("The practice programme is as it was at the beginning."))
        return url_for("overview.programme", item_id=programme.id)

    return redirect(once(form_key(), create), 303)


def row_kinds() -> list[tuple[str, str]]:
    """Every kind of row with its name, as the preview counts them."""
    sheets = (sheet_of(kind) for kind in ("programme", "goal", "measure"))
    return list({row.name: str(row.label) for sheet in sheets for row in sheet.rows.values()}.items())


def _confirm_form(job: jobs.Job) -> ConfirmForm | None:
    if job.preview is None:
        return None
    form = ConfirmForm()
    towns = job.preview.draft.partnership.municipalities
    form.side.choices = [(side, ", ".join(t.name for t in towns if t.side == side)) for side in SIDES]
    if request.method == "GET":
        form.side.data = "de" if signed_in().language == "de" else "partner"
    return form


def _known(job: jobs.Job) -> Here | None:
    """Whether the file's programme is here already; its address only for those who may read it."""
    found = service.known_here(job.preview.draft) if job.preview else None
    if found is None:
        return None
    member = member_of(signed_in(), found.programme.frame.partnership_id)
    return Here(found.whole, f"/programmes/{found.programme.id}" if member and member.may(Right.READ) else "")


def _file_name(programme: Programme) -> str:
    """Letters and digits of the municipalities' names: every system can store that."""
    names = " ".join(town.name for town in programme.frame.partnership.municipalities)
    plain = names.lower().translate(_LETTERS)
    return "klimawerk-" + (re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or str(programme.id))
