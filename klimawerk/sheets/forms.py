"""Form validation for fields and cells: turns submitted text into the canonical value to store, or reports an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import Request
from flask_babel import gettext as _
from wtforms import Form, SelectMultipleField, StringField
from wtforms.validators import InputRequired, ValidationError

from klimawerk import codes, scalars
from klimawerk.money import Ambiguous, BadAmount, parse_amount, parse_number
from klimawerk.sheets.date_parsing import NOT_A_DATE, AmbiguousDate, format_month, parse_month
from klimawerk.sheets.models import Frame
from klimawerk.sheets.sheet_schema import Field
from klimawerk.text import on_one_line
from klimawerk.web.formats import written
from klimawerk.web.forms import ChoiceField, WholeNumberField, ambiguity_question

MAX_MEASUREMENTS = 200


@dataclass(frozen=True)
class FormContext:
    """The language a value is typed in, its programme's frame, and the ids that references may have.

    `fields`: ids of fields of action; `measures`: ids of measures.
    """

    language: str
    frame: Frame
    fields: tuple[str, ...] = ()
    measures: tuple[int, ...] = ()


class TypedForm(Form):
    """Base of the forms that `field_form` builds. `rev`: the field's revision that the user saw when typing."""

    rev = WholeNumberField(validators=[InputRequired()])

    def canonical(self) -> Any:
        """The value to store; call `validate()` first."""
        return self.canonical_value


def field_form(field: Field, request: Request, context: FormContext) -> TypedForm:
    """The form for one field, filled from the request. After `validate()`, `canonical()` is the value to store."""
    attributes: dict[str, Any] = {"value": _control(field, context), "validate_value": _validator(field, context)}
    if field.kind == "amount":
        pair = (context.frame.currency_main, context.frame.currency_local)
        attributes["currency"] = ChoiceField(choices=[code for code in pair if code])
    return type("FieldForm", (TypedForm,), attributes)(request.form)  # type: ignore[no-any-return]


def _control(field: Field, context: FormContext) -> Any:
    if field.kind == "choices":
        return SelectMultipleField(choices=_codes(field), coerce=_code_converter(field), validate_choice=False)
    if field.kind == "measures":
        return SelectMultipleField(coerce=_measure_id, choices=context.measures, validate_choice=False)
    return StringField(filters=[lambda text: (text or "").strip()])


def _validator(field: Field, context: FormContext) -> Callable[[TypedForm, Any], None]:
    parse = _PARSERS[field.kind]

    def validate_value(form: TypedForm, control: Any) -> None:
        form.canonical_value = parse(field, control.data, context, form)

    return validate_value


def _line(field: Field, text: str, context: FormContext, form: Form) -> str:
    text = on_one_line(text) if field.is_line else text
    if len(text) > field.max_length:
        raise ValidationError(
            _("Too long: %(count)s characters, %(most)s fit.", count=len(text), most=field.max_length)
        )
    return text


def _code(field: Field, text: str, context: FormContext, form: Form) -> str:
    if not text:
        raise ValidationError(_("Every goal and measure needs a code."))
    return _line(field, text, context, form)


def _choice(field: Field, text: str, context: FormContext, form: Form) -> str | int | None:
    if not text:
        return None
    codes_by_text = {str(entry.code): entry.code for entry in codes.codes(field.codes)}
    if text not in codes_by_text or text in field.unpickable:
        raise ValidationError(_("Please choose one of the list."))
    return codes_by_text[text]


def _choices(field: Field, picked: list[str | int], context: FormContext, form: Form) -> list[str | int]:
    order = _codes(field)
    if any(code not in order for code in picked):
        raise ValidationError(_("Please choose from the list."))
    return sorted(set(picked), key=order.index)


def _month(field: Field, text: str, context: FormContext, form: Form) -> str | None:
    if not text:
        return None
    return _date(text, context)


def _year(field: Field, text: str, context: FormContext, form: Form) -> int | None:
    if not text:
        return None
    try:
        return scalars.year(text)
    except ValueError:
        raise ValidationError(_("Please write a year, for example 2030.")) from None


def _number(field: Field, text: str, context: FormContext, form: Form) -> str | None:
    return _read(parse_number, text, context)


def _amount(field: Field, text: str, context: FormContext, form: Form) -> dict[str, str] | None:
    amount = _read(parse_amount, text, context)
    return {"amount": amount, "currency": form["currency"].data} if amount is not None else None


def _read(parse: Callable[[str, str], Decimal | Ambiguous], text: str, context: FormContext) -> str | None:
    """The number as exact decimal digits; None for an empty text. An ambiguous number is an error that lists its
    possible readings."""
    if not text:
        return None
    try:
        number = parse(text, context.language)
    except BadAmount as bad:
        raise ValidationError(str(bad.sentence)) from bad
    if isinstance(number, Ambiguous):
        raise ValidationError(
            ambiguity_question((written(reading, context.language) for reading in number.readings), context.language)
        )
    return format(number, "f")


def _date(text: str, context: FormContext) -> str:
    parsed = parse_month(text, context.language)
    if parsed is None:
        raise ValidationError(str(NOT_A_DATE))
    if isinstance(parsed, AmbiguousDate):
        readings = (format_month(reading, context.language) for reading in parsed.readings.values())
        raise ValidationError(ambiguity_question(readings, context.language))
    return parsed


def _measurements(field: Field, text: str, context: FormContext, form: Form) -> list[dict[str, str]]:
    """Measurements, one per line ("March 2028: 12"), sorted by date."""
    measurements: list[dict[str, str]] = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        month, colon, number = line.rpartition(":")
        value = _read(parse_number, number.strip(), context) if colon else None
        if value is None or parse_month(month, context.language) is None:
            raise ValidationError(
                _("Please write “March 2028: 12”, one line each. This one is unclear: %(line)s", line=line)
            )
        when = _date(month, context)
        measurements.append({"date": when, "value": value})
    if len(measurements) > MAX_MEASUREMENTS:
        raise ValidationError(_("At most %(most)s measurements fit.", most=MAX_MEASUREMENTS))
    return sorted(measurements, key=lambda measurement: measurement["date"])


def _field(field: Field, text: str, context: FormContext, form: Form) -> str | None:
    if text and text not in context.fields:
        raise ValidationError(_("Please choose one of the list."))
    return text or None


def _measures(field: Field, picked: list[int], context: FormContext, form: Form) -> list[int]:
    if any(measure not in context.measures for measure in picked):
        raise ValidationError(_("Please choose from the list."))
    return sorted(set(picked))


_PARSERS: dict[str, Callable[..., Any]] = {
    "line": _line,
    "lines": _line,
    "code": _code,
    "choice": _choice,
    "choices": _choices,
    "month": _month,
    "year": _year,
    "number": _number,
    "amount": _amount,
    "measurements": _measurements,
    "field": _field,
    "measures": _measures,
}


def _codes(field: Field) -> list[str | int]:
    return [entry.code for entry in codes.codes(field.codes)]


def _measure_id(text: Any) -> int:
    """The id of a measure; 0, which no measure has, for anything that is no id."""
    try:
        return scalars.item_id(text)
    except ValueError:
        return 0


def _code_converter(field: Field) -> Callable[[Any], str | int]:
    codes_by_text = {str(code): code for code in _codes(field)}
    return lambda text: codes_by_text.get(str(text), str(text))
