"""Doors: one's own choice, and the page behind the link in each mail, which needs no sign-in."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _

from klimawerk.accounts.access import login_required, operator_or_404, signed_in
from klimawerk.clock import now
from klimawerk.digests import outbox, preferences, unsubscribe_link
from klimawerk.digests.forms import ChoiceForm
from klimawerk.digests.models import NEVER

blueprint = Blueprint("digests", __name__, url_prefix="/digests")


@blueprint.post("/choice")
@login_required
def choice() -> ResponseReturnValue:
    form = ChoiceForm(prefix="digest-")
    if not form.validate_on_submit():
        abort(422)  # nothing is typed here: only a made-up form comes to this
    preferences.set_preference(
        signed_in(), frequency=form.frequency.data, hour=form.hour.data, weekday=form.weekday.data
    )
    flash(_("Saved."))
    return redirect(url_for("accounts.account", _anchor="digests"), 303)


@blueprint.get("/stop/<token>")
def stop(token: str) -> ResponseReturnValue:
    """Changes nothing: programs that look through mails open links too."""
    person = unsubscribe_link.person_from_token(token)
    if person is None:
        return render_template("digests/stop_unknown.html"), 404
    with force_locale(person.language):
        stopped = preferences.preference_of(person).frequency == NEVER
        return render_template("digests/stop.html", token=token, stopped=stopped)


@blueprint.post("/stop/<token>")
def stop_now(token: str) -> ResponseReturnValue:
    """The token is the proof, so no form's token is asked for: mail programs post here by themselves (RFC 8058)."""
    person = unsubscribe_link.person_from_token(token)
    if person is None:
        return render_template("digests/stop_unknown.html"), 404
    if "again" in request.form:
        preferences.enable_digests(person)
    else:
        preferences.disable_digests(person)
    if "List-Unsubscribe" in request.form:
        return "", 204  # a mail program, which follows no redirect
    return redirect(url_for("digests.stop", token=token), 303)


@blueprint.get("/waiting")
def waiting() -> str:
    """The operator's page of mails that wait or were given up."""
    operator_or_404()
    return render_template("digests/waiting.html", mails=outbox.undelivered(), counts=outbox.counts_by_state())


@blueprint.post("/waiting")
def try_again() -> ResponseReturnValue:
    """One more try for what was given up."""
    operator_or_404()
    outbox.retry_given_up(now())
    return redirect(url_for("digests.waiting"), 303)
