"""HTTP route for erasing the own account: the page says what is deleted and what stays."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from klimawerk.accounts import account_limits, passwords, sessions
from klimawerk.accounts.access import login_required, signed_in
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.privacy import erasure
from klimawerk.privacy.forms import EraseForm

blueprint = Blueprint("privacy", __name__)


@blueprint.route("/account/erase", methods=["GET", "POST"])
@login_required
def erase() -> Response | tuple[str, int]:
    person, form = signed_in(), EraseForm()
    try:
        erasure.check_erasable(person)
        if not form.validate_on_submit():
            return _page(form, 422 if form.is_submitted() else 200)
        attempt = account_limits.begin_password_check(person.id, sessions.current_key())
        if attempt.wait:
            form.present_password.errors = [account_limits.wait_sentence(attempt.wait)]
            return _page(form, 429)
        with passwords.with_priority():
            password_matches = passwords.matches(person.password_hash, form.present_password.data)
        if not password_matches:
            form.present_password.errors = [_("This is not your present password.")]
            return _page(form, 422)
        erasure.erase_person(person, by=person)
    except ActionRefused as refused:
        return _page(form, 409, str(refused))
    sessions.end_session()
    flash(_("Your account is erased."))
    response = redirect(url_for("accounts.login"))
    response.headers["Clear-Site-Data"] = '"storage"'  # cached pages and pending changes of this browser
    return response


def _page(form: EraseForm, status: int, problem: str = "") -> tuple[str, int]:
    return render_template("accounts/erase.html", form=form, problem=problem), status
