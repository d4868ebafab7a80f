"""Fields of forms for what has bounds: whole numbers, days, ids, choices; the question about what is ambiguous."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from babel.lists import format_list
from flask_babel import gettext as _
from wtforms import DateField, IntegerField, RadioField, SelectField, SelectMultipleField
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from klimawerk import scalars

MAX_NAMED = 12
"""So many choices are named where another one was sent; more stand in the list alone."""


def ambiguity_question(readings: Iterable[str], language: str) -> str:
    """The question about a value that can be read in several ways; each reading is written so that it is clear."""
    return str(_("Do you mean %(readings)s? Please write it so.", readings=format_list(list(readings), "or", language)))


class WholeNumberField(IntegerField):
    """A whole number between `least` and `most`."""

    data: Any

    def __init__(self, *args: Any, least: int = 0, most: int = scalars.MAX_INT, **more: Any) -> None:
        super().__init__(*args, **more)
        self.least, self.most = least, most

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist or not valuelist[0].strip():
            self.data = None
            return
        try:
            self.data = scalars.whole(valuelist[0], self.least, self.most)
        except ValueError:
            self.data = None
            sentence = _("The number must be between %(least)s and %(most)s.", least=self.least, most=self.most)
            raise ValueError(sentence) from None


class DayField(DateField):
    """A day of the years that calendars here know."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist or not valuelist[0].strip():
            self.data = None
            return
        try:
            self.data = scalars.day(valuelist[0])
        except ValueError:
            self.data = None
            raise ValueError(_("Please write a date as 2027-09-15.")) from None


class _KnownValues:
    """A field with choices: for anything else, a sentence at the field names those that are possible."""

    process_errors: Any
    iter_choices: Any

    def names(self) -> list[str]:
        """The choices as they are named in a sentence."""
        return [str(one.label) for one in self.iter_choices() if one.value not in ("", None)]

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)  # type: ignore[misc]
        except ValueError:
            raise ValueError(self._sentence()) from None

    def pre_validate(self, form: Any) -> None:
        if self.process_errors:
            return  # has been said
        try:
            super().pre_validate(form)  # type: ignore[misc]
        except ValidationError:
            raise ValidationError(self._sentence()) from None

    def _sentence(self) -> str:
        names = self.names()
        if not 0 < len(names) <= MAX_NAMED:
            return str(_("Please choose one of the list."))
        return str(_("This choice is not possible. Please choose one of these: %(names)s.", names=", ".join(names)))


class ChoiceField(_KnownValues, SelectField):
    """One of a list."""


class RadioButtons(_KnownValues, RadioField):
    """One of several buttons."""


class Checkboxes(_KnownValues, SelectMultipleField):
    """Several of a list, one checkbox each."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()
