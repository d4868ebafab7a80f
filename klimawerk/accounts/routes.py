"""HTTP routes: sign-in and sign-out, the own account, password reset, address confirmation, the audit log."""

from __future__ import annotations

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response as AnyResponse

from klimawerk import scalars
from klimawerk.accounts import (
    account_limits,
    audit,
    expiring_links,
    known_browsers,
    mail,
    passwords,
    service,
    sessions,
    stale_forms,
)
from klimawerk.accounts.access import current_person, login_required, operator_or_404, signed_in
from klimawerk.accounts.forms import ForgottenForm, NewPasswordForm, PasswordForm, ProfileForm, SignInForm
from klimawerk.accounts.models import Person
from klimawerk.extensions import db
from klimawerk.web.errors import wants_fragment
from klimawerk.web.localisation import locale

blueprint = Blueprint("accounts", __name__)


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> AnyResponse | tuple[str, int]:
    form = SignInForm()
    if request.method == "GET":
        return redirect(_local_or_start(request.args.get("next"))) if current_person() else _sign_in_page(form)
    if not form.validate_on_submit():
        return _sign_in_page(form, 422)
    attempt = account_limits.begin_sign_in(form.email.data)
    if attempt.wait:
        return _too_many_attempts(
            _sign_in_page(form, 429, later=account_limits.wait_sentence(attempt.wait)), attempt.wait
        )
    with passwords.with_priority(bool(attempt.known)):
        person = service.sign_in(form.email.data, form.password.data, only=attempt.only)
    if person is None and attempt.others_wait:
        return _too_many_attempts(
            _sign_in_page(form, 429, later=account_limits.wait_sentence(attempt.others_wait)), attempt.others_wait
        )
    if person is None:
        form.password.errors = [_("E-mail and password do not belong together.")]
        return _sign_in_page(form, 422)
    attempt.succeeded(person)
    return _sign_in_response(person, shared=form.shared.data)


@blueprint.get("/login/form")
def login_form() -> AnyResponse | tuple[str, int]:
    """For a page whose session has ended: the form alone, or the signed-in answer if another tab has signed in."""
    person = current_person()
    return _sign_in_in_place(person) if person else _sign_in_page(SignInForm(), fragment=True)


@blueprint.post("/logout")
def logout() -> AnyResponse:
    person = current_person()
    if person:
        service.sign_out(person, sessions.current_key())
    sessions.end_session()
    return redirect(url_for("accounts.login"))


@blueprint.post("/logout/everywhere")
@login_required
def logout_everywhere() -> AnyResponse:
    service.sign_out_everywhere(signed_in(), keep=sessions.current_key(), by=signed_in())
    flash(_("You are signed out on all other devices."))
    return redirect(url_for("accounts.account"))


@blueprint.route("/account", methods=["GET", "POST"])
@login_required
def account() -> AnyResponse | tuple[str, int]:
    person = signed_in()
    form = ProfileForm(obj=person)
    if not form.validate_on_submit():
        return _account_page(form, PasswordForm(formdata=None), 422 if form.is_submitted() else 200)
    service.change_profile(person, name=form.name.data, language=form.language.data, timezone=form.timezone.data)
    session.pop("lang", None)
    with force_locale(form.language.data):
        flash(_("Saved."))
    return redirect(url_for("accounts.account"))


@blueprint.post("/account/password")
@login_required
def password() -> AnyResponse | tuple[str, int]:
    person, form = signed_in(), PasswordForm()
    if not form.validate_on_submit():
        return _account_page(ProfileForm(formdata=None, obj=person), form, 422)
    attempt = account_limits.begin_password_check(person.id, sessions.current_key())
    if attempt.wait:
        form.present_password.errors = [account_limits.wait_sentence(attempt.wait)]
        return _too_many_attempts(_account_page(ProfileForm(formdata=None, obj=person), form, 429), attempt.wait)
    present, new = form.present_password.data, form.new_password.data
    try:
        with passwords.with_priority():
            service.change_password(person, present, new, keep=sessions.current_key())
    except service.WrongPassword:
        form.present_password.errors = [_("This is not your present password.")]
        return _account_page(ProfileForm(formdata=None, obj=person), form, 422)
    attempt.succeeded(person)
    flash(_("Your password is changed. You are signed out on all other devices."))
    return redirect(url_for("accounts.account"))


@blueprint.post("/account/device")
@login_required
def device() -> AnyResponse:
    """Set whether this is a shared computer: then the browser stores nothing of this session."""
    _remember_device("shared" in request.form)
    flash(_("Saved."))
    return redirect(url_for("accounts.account"))


@blueprint.route("/forgot", methods=["GET", "POST"])
def forgot() -> AnyResponse | str | tuple[str, int]:
    form = ForgottenForm()
    if not form.validate_on_submit():
        return render_template("accounts/forgot.html", form=form, mail=mail.configured()), _form_status(form)
    if mail.configured() and (wait := account_limits.begin_reset(form.email.data).wait):
        form.email.errors = [
            account_limits.wait_sentence(wait),
            _("Links that were sent in the last two hours still work."),
        ]
        return _too_many_attempts((render_template("accounts/forgot.html", form=form, mail=True), 429), wait)
    # Without mail no link is created: it could not be delivered.
    reset_request = expiring_links.ask_for_reset(form.email.data) if mail.configured() else None
    if reset_request:
        _mail_reset(*reset_request)
    return render_template("accounts/forgot_done.html", mail=mail.configured())


@blueprint.route("/link/reset/<token>", methods=["GET", "POST"])
def reset(token: str) -> AnyResponse | str | tuple[str, int]:
    form = NewPasswordForm()
    try:
        person = expiring_links.person_of(token, expiring_links.RESET)
        if not form.validate_on_submit():
            return render_template("accounts/reset.html", form=form, account=person), _form_status(form)
        account_limits.or_429(account_limits.LINK_ADDRESS)
        with passwords.with_priority():
            person = expiring_links.reset_password(token, form.new_password.data)
    except expiring_links.LinkUsedUp:
        return link_used_up()
    response = _sign_in_response(person)  # begins a session, which drops earlier flash messages
    flash(_("Your new password holds. You are signed in."))
    return response


@blueprint.post("/account/confirm")
@login_required
def ask_to_confirm() -> AnyResponse:
    """Mail a confirmation link to the own address. The answer does not depend on other accounts of the address."""
    person = signed_in()
    if person.confirmed_at is None and mail.configured():
        account_limits.or_429(account_limits.CONFIRM_PERSON, "confirm", person.id)
        subject = _("Confirm your e-mail address")
        text = render_template("mail/confirm.txt", account=person, address=expiring_links.confirming_link(person))
        mail.send_later(person.email, subject, text, language=locale())
        flash(_("A mail is on its way to %(email)s. Open the link in it.", email=person.email))
    return redirect(url_for("accounts.account"))


@blueprint.route("/link/confirm/<token>", methods=["GET", "POST"])
def confirm(token: str) -> AnyResponse | str | tuple[str, int]:
    """The page of a confirmation link; its form confirms the address and sets a new password, since the reader of the
    mailbox need not be the one who made the account."""
    form = NewPasswordForm()
    try:
        account = expiring_links.person_of(token, expiring_links.CONFIRM)
        if not form.validate_on_submit():
            return render_template("accounts/confirm.html", form=form, account=account), _form_status(form)
        account_limits.or_429(account_limits.LINK_ADDRESS)
        with passwords.with_priority():
            account = expiring_links.confirm(token, form.new_password.data)
    except expiring_links.LinkUsedUp:
        return link_used_up()
    except service.EmailTaken:
        problem = _("Another account has this address already.")
        return render_template("accounts/confirm.html", account=account, problem=problem), 409
    response = sign_in_and_redirect(
        account, url_for("start.index")
    )  # begins a session, which drops earlier flash messages
    flash(_("The address %(email)s is confirmed, and your new password holds.", email=account.email))
    return response


@blueprint.get("/operator/accounts")
def unconfirmed() -> str:
    """The operator's page of accounts with an unconfirmed address."""
    operator_or_404()
    return render_template("accounts/unconfirmed.html", accounts=service.unconfirmed())


@blueprint.post("/operator/accounts/<int:person_id>/confirm")
def confirm_account(person_id: int) -> AnyResponse:
    operator, account = operator_or_404(), db.session.get(Person, person_id)
    if account is None or account.ended_at is not None:
        abort(404)
    try:
        service.confirm(account, by=operator)
        flash(_("The address %(email)s is confirmed.", email=account.email))
    except service.EmailTaken:
        flash(_("Another account has this address already."), "error")
    return redirect(url_for("accounts.unconfirmed"))


@blueprint.get("/operator/record")
def record() -> str:
    """The operator's page of the audit log: sign-ins, rights and deletions."""
    operator_or_404()
    before = request.args.get("before", type=scalars.item_id)
    entries = audit.entries(before)
    older = entries[-1][0].id if len(entries) == audit.PAGE else None
    return render_template("accounts/record.html", entries=entries, older=older)


def link_used_up() -> tuple[str, int]:
    """The page for a link that is used, expired or withdrawn; 410."""
    return render_template("accounts/link_used_up.html"), 410


def sign_in_and_redirect(person: Person, to: str) -> AnyResponse:
    """Sign the person in in this browser and redirect to the local address `to`."""
    _begin_session(person)
    return redirect(_local_or_start(to))


def _sign_in_response(person: Person, shared: bool = False) -> AnyResponse:
    _begin_session(person, shared)
    if wants_fragment():
        return _sign_in_in_place(person)
    if restored := stale_forms.restore_form(request.form.get("again", ""), person.id):
        return restored
    return redirect(_local_or_start(request.form.get("next") or request.args.get("next")))


def _begin_session(person: Person, shared: bool = False) -> None:
    """Begin a session; it has a new CSRF token, so the one cached for this request is dropped."""
    sessions.begin_session(person)
    _remember_device(shared)
    if not shared:
        known_browsers.remember_browser(person)
    g.pop("csrf_token", None)
    generate_csrf()


def _remember_device(shared: bool) -> None:
    if shared:
        session["shared"] = True
    else:
        session.pop("shared", None)


def _sign_in_in_place(person: Person) -> Response:
    """The answer for an open page: a new CSRF token. The page reloads itself if it was another person's."""
    response = make_response(render_template("accounts/_signed_in.html"))
    response.headers["X-CSRFToken"] = generate_csrf()
    response.headers["X-Person"] = str(person.id)
    response.headers["HX-Trigger"] = "signed-in"
    return response


def _sign_in_page(
    form: SignInForm, status: int = 200, fragment: bool | None = None, later: str = ""
) -> tuple[str, int]:
    """The sign-in page, or its form alone for a dialog. `later`: message that says when to try again."""
    only_form = wants_fragment() if fragment is None else fragment
    template = "accounts/_sign_in.html" if only_form else "accounts/sign_in.html"
    to = _local_or_start(request.form.get("next") or request.args.get("next"))
    return render_template(template, form=form, next=to, in_place=only_form, again=_carried_form(), later=later), status


def _carried_form() -> str:
    """The signed form that the sign-in form carries along; "" if there is none or its signature is invalid."""
    sealed = request.form.get("again", "")
    return sealed if stale_forms.verify_form(sealed) else ""


def _too_many_attempts(page: tuple[str, int], seconds: int) -> Response:
    """The page with a Retry-After header of `seconds`."""
    response = make_response(page)
    response.headers["Retry-After"] = str(seconds)
    return response


def _account_page(profile: ProfileForm, secret: PasswordForm, status: int) -> tuple[str, int]:
    page = render_template(
        "accounts/account.html", profile=profile, secret=secret, shortest=passwords.MIN_LENGTH, mail=mail.configured()
    )
    return page, status


def _mail_reset(person: Person, token: str) -> None:
    with force_locale(person.language):
        subject = _("A new password for Klimawerk")
        text = render_template(
            "mail/reset.txt", account=person, address=expiring_links.link_url(expiring_links.RESET, token)
        )
    mail.send_later(person.email, subject, text, language=person.language)


def _form_status(form: ForgottenForm | NewPasswordForm) -> int:
    return 422 if form.is_submitted() else 200


def _local_or_start(address: str | None) -> str:
    """`address` if it stays on this site, else the start page."""
    is_local = address and address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if is_local and address else "/"
