"""Forms of accounts and their validators: sign-in, password, profile."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, PasswordField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from klimawerk.accounts import passwords, service
from klimawerk.web.forms import ChoiceField
from klimawerk.web.localisation import interface_languages, known_zones


def strip_blanks(text: str | None) -> str | None:
    """WTForms filter: strip leading and trailing whitespace."""
    return text.strip() if text else text


def valid_email(_form: FlaskForm, field: Any) -> None:
    """Validator of an e-mail address; stores its normalised form."""
    try:
        field.data = service.clean_email(field.data or "")
    except service.InvalidInput as error:
        raise ValidationError(_("Write an e-mail address such as name@town.example.")) from error


def valid_name(_form: FlaskForm, field: Any) -> None:
    """Validator of a name: one line with visible characters; stores its normalised form."""
    try:
        field.data = service.clean_name(field.data or "")
    except service.InvalidInput as error:
        raise ValidationError(_("Write your name.")) from error


def valid_password(_form: FlaskForm, field: Any) -> None:
    """Validator of a new password: no disallowed character, and the length of its prepared form."""
    try:
        length = len(passwords.prepare_password(field.data or ""))
    except passwords.DisallowedCharacter as disallowed:
        sentence = _("A password cannot have the character %(name)s. Leave it out.", name=disallowed.character)
        raise ValidationError(sentence) from None
    if not passwords.MIN_LENGTH <= length <= passwords.MAX_LENGTH:
        least, most = passwords.MIN_LENGTH, passwords.MAX_LENGTH
        raise ValidationError(_("A password has at least %(min)d and at most %(max)d characters.", min=least, max=most))


@cache
def zone_choices() -> Sequence[tuple[str, str]]:
    """Choices of time zones: those named after places, and UTC."""
    excluded = ("Etc/", "SystemV/", "US/", "posix/", "right/", "Brazil/", "Canada/", "Chile/", "Mexico/")
    zones = sorted(zone for zone in known_zones() if "/" in zone and not zone.startswith(excluded))
    return tuple((zone, zone.replace("_", " ")) for zone in [*zones, "UTC"])


class SignInForm(FlaskForm):
    email = EmailField(
        lazy_gettext("E-mail"),
        [InputRequired(), Length(max=254)],
        [strip_blanks],
        render_kw={"autocomplete": "username", "maxlength": 254},
    )
    password = PasswordField(
        lazy_gettext("Password"), [InputRequired(), Length(max=1000)], render_kw={"autocomplete": "current-password"}
    )
    shared = BooleanField(lazy_gettext("This is a shared computer"))


class ForgottenForm(FlaskForm):
    email = EmailField(
        lazy_gettext("E-mail"),
        [InputRequired(), Length(max=254)],
        [strip_blanks],
        render_kw={"autocomplete": "username"},
    )


class NewPasswordForm(FlaskForm):
    new_password = PasswordField(
        lazy_gettext("New password"),
        [InputRequired(), valid_password],
        description=lazy_gettext("At least 10 characters. Several words are easy to remember."),
        render_kw={"autocomplete": "new-password"},
    )


class PasswordForm(NewPasswordForm):
    present_password = PasswordField(
        lazy_gettext("Present password"),
        [InputRequired(), Length(max=1000)],
        render_kw={"autocomplete": "current-password"},
    )


class ProfileForm(FlaskForm):
    name = StringField(
        lazy_gettext("Name"),
        [InputRequired(), Length(max=120), valid_name],
        description=lazy_gettext("As others should see it."),
        render_kw={"autocomplete": "name"},
    )
    language = ChoiceField(lazy_gettext("Language"), choices=interface_languages)
    timezone = ChoiceField(lazy_gettext("Time zone"), choices=zone_choices)


class NewPersonForm(NewPasswordForm, ProfileForm):
    """The form for accepting an invitation without having an account."""
