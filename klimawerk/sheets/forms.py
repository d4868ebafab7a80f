"""What was typed into a field becomes what is kept, or a sentence says why it cannot."""

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
    """In which words and for which programme a value is typed."""

    language: str
    frame: Frame
    fields: tuple[str, ...] = ()
    measures: tuple[int, ...] = ()


class TypedForm(Form):
    """`rev` is the revision the value was based on; `value` is built by the field's kind."""

    rev = WholeNumberField(validators=[InputRequired()])

    def canonical(self) -> Any:
        return self.kept


def field_form(field: Field, request: Request, asked: FormContext) -> TypedForm:
    """The form for one field, filled with what was sent. After `validate()`, `canonical()` is what to keep."""
    names: dict[str, Any] = {"value": _control(field, asked), "validate_value": _validator(field, asked)}
    if field.kind == "amount":
        pair = (asked.frame.currency_main, asked.frame.currency_local)
        names["currency"] = ChoiceField(choices=[code for code in pair if code])
    return type("FieldForm", (TypedForm,), names)(request.form)  # type: ignore[no-any-return]


def _control(field: Field, asked: FormContext) -> Any:
    if field.kind == "choices":
        return SelectMultipleField(choices=_codes(field), coerce=_coded(field), validate_choice=False)
    if field.kind == "measures":
        return SelectMultipleField(coerce=_measure, choices=asked.measures, validate_choice=False)
    return StringField(filters=[lambda text: (text or "").strip()])


def _validator(field: Field, asked: FormContext) -> Callable[[TypedForm, Any], None]:
    check = _PARSERS[field.kind]

    def validate_value(form: TypedForm, control: Any) -> None:
        form.kept = check(field, control.data, asked, form)

    return validate_value


def _line(field: Field, text: str, asked: FormContext, form: Form) -> str:
    text = on_one_line(text) if field.is_line else text
    if len(text) > field.max_length:
        raise ValidationError(
            _("Too long: %(count)s characters, %(most)s fit.", count=len(text), most=field.max_length)
        )
    return text


def _code(field: Field, text: str, asked: FormContext, form: Form) -> str:
    if not text:
        raise ValidationError(_("Every goal and measure needs a code."))
    return _line(field, text, asked, form)


def _choice(field: Field, text: str, asked: FormContext, form: Form) -> str | int | None:
    if not text:
        return None
    known = {str(entry.code): entry.code for entry in codes.codes(field.codes)}
    if text not in known or text in field.unpickable:
        raise ValidationError(_("Please choose one of the list."))
    return known[text]


def _choices(field: Field, picked: list[str | int], asked: FormContext, form: Form) -> list[str | int]:
    order = _codes(field)
    if any(code not in order for code in picked):
        raise ValidationError(_("Please choose from the list."))
    return sorted(set(picked), key=order.index)


def _month(field: Field, text: str, asked: FormContext, form: Form) -> str | None:
    if not text:
        return None
    return _date(text, asked)


def _year(field: Field, text: str, asked: FormContext, form: Form) -> int | None:
    if not text:
        return None
    try:
        return scalars.year(text)
    except ValueError:
        raise ValidationError(_("Please write a year, for example 2030.")) from None


def _number(field: Field, text: str, asked: FormContext, form: Form) -> str | None:
    return _read(parse_number, text, asked)


def _amount(field: Field, text: str, asked: FormContext, form: Form) -> dict[str, str] | None:
    amount = _read(parse_amount, text, asked)
    return {"amount": amount, "currency": form["currency"].data} if amount is not None else None


def _read(parse: Callable[[str, str], Decimal | Ambiguous], text: str, asked: FormContext) -> str | None:
    """Exact digits, never a guess: an unclear number is asked about, each reading written so that it is clear."""
    if not text:
        return None
    try:
        number = parse(text, asked.language)
    except BadAmount as bad:
        raise ValidationError(str(bad.sentence)) from bad
    if isinstance(number, Ambiguous):
        raise ValidationError(
            ambiguity_question((written(one, asked.language) for one in number.readings), asked.language)
        )
    return format(number, "f")


def _date(text: str, asked: FormContext) -> str:
    found = parse_month(text, asked.language)
    if found is None:
        raise ValidationError(str(NOT_A_DATE))
    if isinstance(found, AmbiguousDate):
        readings = (format_month(one, asked.language) for one in found.readings.values())
        raise ValidationError(ambiguity_question(readings, asked.language))
    return found


def _measurements(field: Field, text: str, asked: FormContext, form: Form) -> list[dict[str, str]]:
    """One measurement a line: "March 2028: 12"."""
    found: list[dict[str, str]] = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        month, colon, number = line.rpartition(":")
        value = _read(parse_number, number.strip(), asked) if colon else None
        if value is None or parse_month(month, asked.language) is None:
            raise ValidationError(
                _("Please write “March 2028: 12”, one line each. This one is unclear: %(line)s", line=line)
            )
        when = _date(month, asked)
        found.append({"date": when, "value": value})
    if len(found) > MAX_MEASUREMENTS:
        raise ValidationError(_("At most %(most)s measurements fit.", most=MAX_MEASUREMENTS))
    return sorted(found, key=lambda one: one["date"])


def _field(field: Field, text: str, asked: FormContext, form: Form) -> str | None:
    if text and text not in asked.fields:
        raise ValidationError(_("Please choose one of the list."))
    return text or None


def _measures(field: Field, picked: list[int], asked: FormContext, form: Form) -> list[int]:
    if any(measure not in asked.measures for measure in picked):
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


def _measure(text: Any) -> int:
    """The id of a measure; 0, which none has, for what is no id."""
    try:
        return scalars.item_id(text)
    except ValueError:
        return 0


def _coded(field: Field) -> Callable[[Any], str | int]:
    known = {str(code): code for code in _codes(field)}
    return lambda text: known.get(str(text), str(text))
