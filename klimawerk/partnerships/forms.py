"""Forms of partnerships, municipalities, memberships, invitations and joint requests, with their validators."""

from __future__ import annotations

import datetime as time
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from flask_babel import get_locale, lazy_gettext
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    EmailField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from klimawerk import scalars
from klimawerk.accounts.forms import strip_blanks, valid_email, valid_name, zone_choices
from klimawerk.codes import codes
from klimawerk.money import Ambiguous, BadAmount, parse_number
from klimawerk.partnerships import countries, partnership_labels
from klimawerk.partnerships.service import FoundingAnswers, MunicipalityInput
from klimawerk.web.formats import written
from klimawerk.web.forms import Checkboxes, ChoiceField, DayField, WholeNumberField, ambiguity_question

LONGEST_PROFILE = 5_000
TEXTS = ("de", "en", "es", "fr", "pt")
"""The languages that names, profiles and agreements can be written in."""


def _countries() -> list[tuple[str, str]]:
    return [("", _("Choose …")), *countries.country_choices(partnership_labels.reader_language())]


def _languages() -> list[tuple[str, str]]:
    return [(code, partnership_labels.language_name(code)) for code in countries.LANGUAGES]


def _currencies() -> list[tuple[str, str]]:
    default_label = _("That of the partner municipality's country")
    return [("", default_label), *countries.currency_choices(partnership_labels.reader_language())]


def _codes(name: str) -> list[tuple[str, str]]:
    return [("", "–"), *((str(entry.code), entry.label(partnership_labels.reader_language())) for entry in codes(name))]


def _partnership_kinds() -> list[tuple[str, str]]:
    return _codes("partnership_kind")


def _agreement_kinds() -> list[tuple[str, str]]:
    return _codes("agreement_kind")


def _roles(roles: Iterable[str]) -> list[tuple[str, str]]:
    return [(role, f"{partnership_labels.ROLES[role]}: {partnership_labels.ROLE_HELP[role]}") for role in roles]


class RoleChoice(ChoiceField):
    """Choice of a role with a description of its rights; error messages use the name of the role only."""

    def names(self) -> list[str]:
        return [partnership_labels.role_name(choice.value) for choice in self.iter_choices()]


def lead_is_among(form: Any, field: Any) -> None:
    """Validator: the lead language is one of the working languages."""
    if field.data not in (form.languages.data or []):
        raise ValidationError(_("Tick this language above, or choose another one for the original."))


class FoundingForm(FlaskForm):
    """Form for creating a partnership."""

    name = StringField(
        lazy_gettext("What is the partnership called?"),
        [InputRequired(), Length(max=120), valid_name],
        [strip_blanks],
        render_kw={"autofocus": True},
    )
    my_name = StringField(lazy_gettext("Municipality"), [InputRequired(), Length(max=120), valid_name], [strip_blanks])
    my_country = ChoiceField(lazy_gettext("Country"), [InputRequired()], choices=_countries)
    their_name = StringField(
        lazy_gettext("Municipality"), [InputRequired(), Length(max=120), valid_name], [strip_blanks]
    )
    their_country = ChoiceField(lazy_gettext("Country"), [InputRequired()], choices=_countries)
    languages = Checkboxes(lazy_gettext("Languages you write in"), [InputRequired()], choices=_languages)
    lead_language = ChoiceField(
        lazy_gettext("Language of the original"),
        [lead_is_among],
        choices=_languages,
        description=lazy_gettext("Texts are written in it first; the others are translations."),
    )
    currency_local = ChoiceField(lazy_gettext("Local currency beside the euro"), choices=_currencies)

    def founding(self) -> FoundingAnswers:
        return FoundingAnswers(
            name=self.name.data,
            mine=MunicipalityInput(self.my_name.data, self.my_country.data),
            theirs=MunicipalityInput(self.their_name.data, self.their_country.data),
            languages=self.languages.data,
            lead_language=self.lead_language.data,
            currency_local=self.currency_local.data,
        )


class InvitationForm(FlaskForm):
    email = EmailField(
        lazy_gettext("E-mail"),
        [InputRequired(), Length(max=254), valid_email],
        [strip_blanks],
        render_kw={"autocomplete": "off"},
    )
    name = StringField(
        lazy_gettext("Name"),
        [Optional(), Length(max=120), valid_name],
        [strip_blanks],
        render_kw={"autocomplete": "off"},
    )
    place = ChoiceField(lazy_gettext("Belongs to"))
    role = RoleChoice(lazy_gettext("Role"), default="editor")
    language = ChoiceField(lazy_gettext("Language of the invitation"))

    def offer(self, places: list[tuple[str, str]], roles: Iterable[str], languages: list[tuple[str, str]]) -> None:
        self.place.choices, self.role.choices, self.language.choices = places, _roles(roles), languages


def _municipality_id(value: Any) -> int | None:
    return scalars.item_id(value) if value else None


class MembershipForm(FlaskForm):
    role = RoleChoice(lazy_gettext("Role"))
    municipality_id = ChoiceField(lazy_gettext("Municipality"), coerce=_municipality_id)
    from_date = DayField(lazy_gettext("From"), [InputRequired()])
    to_date = DayField(lazy_gettext("To"), [Optional()])

    def offer(self, towns: list[tuple[str, str]], roles: Iterable[str]) -> None:
        self.municipality_id.choices, self.role.choices = towns, _roles(roles)


class PartnershipForm(FlaskForm):
    """Settings of a partnership; `with_texts` adds the fields "name_<language>" and "agreement_<language>"."""

    since = WholeNumberField(
        lazy_gettext("Partners since"), [Optional()], least=scalars.FIRST_YEAR, most=scalars.LAST_YEAR
    )
    kind = ChoiceField(lazy_gettext("Kind"), choices=_partnership_kinds)
    agreement_kind = ChoiceField(lazy_gettext("Agreement"), choices=_agreement_kinds)
    agreement_date = DayField(lazy_gettext("Date of the agreement"), [Optional()])


class MunicipalityForm(FlaskForm):
    """Data of a municipality; `with_texts` adds the fields "profile_<language>"."""

    name = StringField(lazy_gettext("Name"), [InputRequired(), Length(max=120), valid_name], [strip_blanks])
    country = ChoiceField(lazy_gettext("Country"), [InputRequired()], choices=_countries)
    region = StringField(lazy_gettext("Region"), [Length(max=120)], [strip_blanks])
    population = WholeNumberField(lazy_gettext("Inhabitants"), [Optional()], most=scalars.MOST_PEOPLE)
    timezone = ChoiceField(lazy_gettext("Time zone"), choices=zone_choices)
    language = ChoiceField(lazy_gettext("Language"), choices=_languages)

    def town(self, profile: dict[str, str]) -> MunicipalityInput:
        return MunicipalityInput(
            self.name.data,
            self.country.data,
            self.timezone.data,
            self.language.data,
            self.region.data or "",
            self.population.data,
            profile,
        )


class NewMunicipalityForm(FlaskForm):
    name = StringField(lazy_gettext("Name"), [InputRequired(), Length(max=120), valid_name], [strip_blanks])
    country = ChoiceField(lazy_gettext("Country"), [InputRequired()], choices=_countries)


class RateForm(FlaskForm):
    rate = StringField(lazy_gettext("Planning rate"), [InputRequired(), Length(max=20)], [strip_blanks])
    date = DayField(lazy_gettext("Valid from"), [InputRequired()])
    remark = StringField(lazy_gettext("Source or remark"), [Length(max=300)], [strip_blanks])

    def validate_rate(self, field: Any) -> None:
        field.amount = _rate(field.data)

    def payload(self) -> dict[str, str]:
        day: time.date = self.date.data
        return {"rate": str(self.rate.amount), "date": day.isoformat(), "remark": self.remark.data or ""}


class LanguagesForm(FlaskForm):
    languages = Checkboxes(lazy_gettext("Languages you write in"), [InputRequired()], choices=_languages)
    lead = ChoiceField(lazy_gettext("Language of the original"), [lead_is_among], choices=_languages)

    def payload(self) -> dict[str, Any]:
        return {"languages": self.languages.data, "lead": self.lead.data}


class DeleteForm(FlaskForm):
    """Form without fields: the confirmation is that of the other side's coordinator."""

    def payload(self) -> dict[str, Any]:
        return {}


REQUEST_FORMS: dict[str, Any] = {"rate": RateForm, "languages": LanguagesForm, "delete": DeleteForm}
"""The form for each kind of joint request; `payload()` returns the content of the request."""


def with_texts(form: type[FlaskForm], texts: dict[str, Any], languages: Iterable[str]) -> type[FlaskForm]:
    """Subclass of the form with a field per text and language. `texts`: label by field name; "name" is one line."""
    fields: dict[str, Any] = {}
    for name, label in texts.items():
        for code in languages:
            title = f"{label} ({partnership_labels.language_name(code)})"
            one_line = name == "name"
            field_class, longest = (StringField, 120) if one_line else (TextAreaField, LONGEST_PROFILE)
            fields[f"{name}_{code}"] = field_class(
                title, [Length(max=longest)], [strip_blanks], render_kw={"lang": code}
            )
    return type(form.__name__, (form,), fields)


def texts_of(form: FlaskForm, name: str, languages: Iterable[str]) -> dict[str, str]:
    """Contents of the fields "<name>_<language>" by language, without empty ones."""
    texts = {code: form[f"{name}_{code}"].data for code in languages}
    return {code: text for code, text in texts.items() if text}


def _rate(text: str) -> Decimal:
    """Parse a rate such as "13,5": one decimal sign, no thousands. "4.100" is ambiguous and raises ValidationError."""
    plain = text.replace(",", ".")
    digits = plain.replace(".", "", 1)
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 12:
        raise ValidationError(_("Write the rate as a number, for example 13.5."))
    language = str(get_locale() or "en")[:2]
    try:
        amount = parse_number(text, language)
    except BadAmount:
        raise ValidationError(_("Write the rate as a number, for example 13.5.")) from None
    if isinstance(amount, Ambiguous):
        raise ValidationError(ambiguity_question((written(reading, language) for reading in amount.readings), language))
    rate = Decimal(plain).quantize(Decimal("0.000001"))
    if not 0 < rate < scalars.MOST_RATE:
        raise ValidationError(_("The rate is greater than zero."))
    return rate
