"""Fields of forms for what has bounds: whole numbers, days, ids."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from wtforms import DateField, IntegerField

from klimawerk import scalars


class Whole(IntegerField):
    """A whole number between `least` and `most`."""

    data: Any

    def __init__(self, *args: Any, least: int = 0, most: int = scalars.LARGEST, **more: Any) -> None:
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


class Day(DateField):
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
