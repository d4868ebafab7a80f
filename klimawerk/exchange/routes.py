"""Routes: import of a file with a preview, export of a programme, the practice programme."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from limits import parse

from klimawerk.accounts.access import login_required, signed_in
from klimawerk.accounts.account_limits import or_429
from klimawerk.exchange import import_slices, practice, service
from klimawerk.exchange.forms import ImportConfirmForm, ImportFileForm
from klimawerk.exchange.import_preview import ImportPreview, TextByLanguage
from klimawerk.folding import unaccented
from klimawerk.idempotency import form_key, once
from klimawerk.jobs import service as jobs
from klimawerk.jobs import states
from klimawerk.jobs.models import CANCELLED, DONE, READY, Job
from klimawerk.partnerships.access import member_of
from klimawerk.partnerships.models import SIDES
from klimawerk.partnerships.rights import Right
from klimawerk.programmes.models import Programme
from klimawerk.sheets.access import allowed_item, of_kind
from klimawerk.sheets.item_kinds import kinds_in_files, sheet_of
from klimawerk.text import clean, line

bp = Blueprint("exchange", __name__)

_TRANSLITERATIONS: dict[int, str] = {
    ord(letter): pair for letter, pair in zip("äöüß", ("ae", "oe", "ue", "ss"), strict=True)
}


@dataclass(frozen=True)
class ImportedProgramme:
    """A programme that is stored here already; `whole`: with everything in the file. `address`: URL, if readable."""

    whole: bool
    address: str


KIND = "import"
PREVIEW_LIMIT = parse("60 per hour")
IMPORT_LIMIT = parse("20 per hour")


@bp.get("/programmes/<int:item_id>/export.json")
@login_required
def export(item_id: int) -> ResponseReturnValue:
    """The programme as a JSON file."""
    opened = allowed_item(item_id, Right.EXPORT)
    programme = of_kind(opened, Programme)
    with_history = request.args.get("history") != "no"
    response = Response(service.export_bytes(programme, history=with_history), mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{_file_name(programme)}.json"'
    return response


@bp.route("/import", methods=["GET", "POST"])
@login_required
def choose() -> ResponseReturnValue:
    """Form for choosing a file; the upload is queued as a job."""
    person, form = signed_in(), ImportFileForm()
    if not form.validate_on_submit():
        running = jobs.running(KIND, person.id)
        return render_template("exchange/import.html", form=form, running=running), 422 if form.errors else 200
    or_429(PREVIEW_LIMIT, "import", person.id)
    upload = form.file.data
    task, name = _task(), line(upload.filename or "")
    try:
        job = jobs.submit(KIND, "look", task, person_id=person.id, file_name=name, file=upload.stream)
    except jobs.JobAlreadyRunning as busy:
        return render_template("exchange/import.html", form=form, running=busy.job), 409
    except jobs.QueueFull:
        flash(_("Too many files are being looked at at the moment. Please try again in a few minutes."), "error")
        return render_template("exchange/import.html", form=form, running=None), 503
    return redirect(url_for("exchange.look", token=job.key), 303)


@bp.get("/import/<token>")
@login_required
def look(token: str) -> ResponseReturnValue:
    """The page of an import: its progress, then the preview; the page polls while the job is active."""
    job = jobs.find(token, signed_in().id)
    if job is None:
        flash(_("This file is no longer kept here. Please choose it again."), "error")
        return redirect(url_for("exchange.choose"), 303)
    if job.state == CANCELLED:
        flash(_("The import was cancelled. Nothing was stored."))
        return redirect(url_for("exchange.choose"), 303)
    if job.state == DONE:
        flash(_("The programme has been imported. Invite the others."))
        return redirect(_programme_of(job), 303)
    return render_template("exchange/preview.html", **_template_context(job))


@bp.get("/import/<token>/state")
@login_required
def state(token: str) -> ResponseReturnValue:
    """Fragment of the page with the current state of the job."""
    job = jobs.find(token, signed_in().id) or abort(404)
    if job.state in (DONE, CANCELLED):
        return Response(headers={"HX-Redirect": url_for("exchange.look", token=token)})
    return render_template("exchange/_state.html", **_template_context(job))


@bp.post("/import/<token>")
@login_required
def take(token: str) -> ResponseReturnValue:
    """Confirm the import: its rows are prepared and stored by the job."""
    person = signed_in()
    job = jobs.find(token, person.id) or abort(404)
    if job.is_active or job.state == DONE:
        return redirect(url_for("exchange.look", token=token), 303)
    context = _template_context(job)
    form, copy = context["form"], request.form.get("copy") == "yes"
    unconfirmed = bool(context["known"]) and not copy
    if form is None or not form.validate_on_submit() or unconfirmed:
        return render_template("exchange/preview.html", **context, unconfirmed=unconfirmed), 422
    or_429(IMPORT_LIMIT, "import-take", person.id)
    try:
        jobs.queue_next_step(job, "prepare", {**_task(), "by": person.id, "copy": copy}, side=form.side.data, copy=copy)
    except jobs.JobAlreadyRunning:
        flash(_("Another file of yours is being imported. Please wait until that is done."), "error")
        return render_template("exchange/preview.html", **context), 409
    return redirect(url_for("exchange.look", token=token), 303)


@bp.post("/import/<token>/cancel")
@login_required
def cancel(token: str) -> ResponseReturnValue:
    """Cancel the import."""
    job = jobs.find(token, signed_in().id) or abort(404)
    jobs.cancel(job)
    return redirect(url_for("exchange.look", token=token), 303)


@bp.post("/practice")
@login_required
def open_practice() -> ResponseReturnValue:
    """The user's practice programme, created when it is first opened."""
    return redirect(url_for("overview.programme", item_id=practice.ensure_practice(signed_in()).id), 303)


@bp.post("/practice/reset")
@login_required
def reset_practice() -> ResponseReturnValue:
    """Reset the user's practice programme."""
    person = signed_in()
    or_429(IMPORT_LIMIT, "practice", person.id)

    def create() -> str:
        programme = practice.reset_practice(person)
        flash(_("The practice programme is as it was at the beginning."))
        return url_for("overview.programme", item_id=programme.id)

    return redirect(once(form_key(), create), 303)


def row_kinds() -> list[tuple[str, str]]:
    """Every kind of row with its label, for the preview."""
    sheets = (sheet_of(kind) for kind in kinds_in_files())
    return list({row.name: str(row.label) for sheet in sheets for row in sheet.rows.values()}.items())


def _task() -> dict[str, Any]:
    """The settings of this installation that the job's steps need."""
    config = current_app.extensions["klimawerk"]
    return {"max_bytes": config.max_import_size, "languages": list(config.languages)}


def _template_context(job: Job) -> dict[str, Any]:
    """Template variables for the page of a job."""
    answer = jobs.answer(job, "look") if job.state == READY else None
    preview = ImportPreview.from_json(answer) if answer else None
    return {
        "job": job,
        "waits": jobs.waits_for_runner(job),
        "failed": jobs.problem_of(job),
        "preview": preview,
        "say": _localised,
        "form": _confirm_form(preview) if preview else None,
        "known": _known(job) if preview and preview.programme else None,
    }


def _localised(texts: TextByLanguage) -> str:
    return texts.get(str(get_locale()), next(iter(texts.values()), ""))


def _confirm_form(preview: ImportPreview) -> ImportConfirmForm:
    form = ImportConfirmForm()
    form.side.choices = [(side, ", ".join(town.name for town in preview.towns if town.side == side)) for side in SIDES]
    if request.method == "GET":
        form.side.data = "de" if signed_in().language == "de" else "partner"
    return form


def _known(job: Job) -> ImportedProgramme | None:
    """Whether the file's programme is stored here already; its address only if the user may read it."""
    imported = service.find_imported(import_slices.history_keys(states.folder_of(job)))
    if imported is None:
        return None
    member = member_of(signed_in(), imported.programme.frame.partnership_id)
    return ImportedProgramme(
        imported.whole, f"/programmes/{imported.programme.id}" if member and member.may(Right.READ) else ""
    )


def _programme_of(job: Job) -> str:
    return url_for("overview.programme", item_id=job.result["programme"])


def _file_name(programme: Programme) -> str:
    """Letters and digits of the municipalities' names, which every file system can store."""
    names = " ".join(each.name for each in programme.frame.partnership.municipalities)
    plain = unaccented(clean(names).lower().translate(_TRANSLITERATIONS))
    return "klimawerk-" + (re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or str(programme.id))
