"""HTTP routes: the user's digest preference, unsubscribing by link without sign-in, the operator's list of mails."""

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
        abort(422)  # the page's form cannot be invalid
    preferences.set_preference(
        signed_in(), frequency=form.frequency.data, hour=form.hour.data, weekday=form.weekday.data
    )
    flash(_("Saved."))
    return redirect(url_for("accounts.account", _anchor="digests"), 303)


@blueprint.get("/stop/<token>")
def stop(token: str) -> ResponseReturnValue:
    """The page of the link changes nothing, since programs that scan mails open links too."""
    person = unsubscribe_link.person_from_token(token)
    if person is None:
        return render_template("digests/stop_unknown.html"), 404
    with force_locale(person.language):
        stopped = preferences.preference_of(person).frequency == NEVER
        return render_template("digests/stop.html", token=token, stopped=stopped)


@blueprint.post("/stop/<token>")
def stop_now(token: str) -> ResponseReturnValue:
    """Unsubscribe. The token is the proof; no CSRF token, since mail programs post here by themselves (RFC 8058)."""
    person = unsubscribe_link.person_from_token(token)
    if person is None:
        return render_template("digests/stop_unknown.html"), 404
    if "again" in request.form:
        preferences.enable_digests(person)
    else:
        preferences.disable_digests(person)
    if "List-Unsubscribe" in request.form:
        return "", 204  # mail programs follow no redirect
    return redirect(url_for("digests.stop", token=token), 303)


@blueprint.get("/waiting")
def waiting() -> str:
    """The operator's page of mails that wait or were given up."""
    operator_or_404()
    return render_template("digests/waiting.html", mails=outbox.undelivered(), counts=outbox.counts_by_state())


@blueprint.post("/waiting")
def try_again() -> ResponseReturnValue:
    """Give each given-up mail one more attempt."""
    operator_or_404()
    outbox.retry_given_up(now())
    return redirect(url_for("digests.waiting"), 303)
