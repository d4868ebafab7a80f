"""Form of the digest preferences: frequency, weekday and hour."""

from __future__ import annotations

from flask_babel import get_locale, lazy_gettext
from flask_wtf import FlaskForm

from klimawerk import scalars
from klimawerk.digests.models import AT_ONCE, DAILY, NEVER, WEEKLY
from klimawerk.web.forms import ChoiceField, RadioButtons

FREQUENCIES = (
    (AT_ONCE, lazy_gettext("At once when I am called by name or given a task; the rest daily")),
    (DAILY, lazy_gettext("Daily")),
    (WEEKLY, lazy_gettext("Weekly")),
    (NEVER, lazy_gettext("Never")),
)
HOURS = [(hour, f"{hour:02}:00") for hour in range(24)]


def weekdays() -> list[tuple[int, str]]:
    """Monday to Sunday in the reader's language."""
    locale = get_locale()
    names = locale.days["stand-alone"]["wide"] if locale else {}
    return [(day, str(names.get(day, day))) for day in range(7)]


class ChoiceForm(FlaskForm):
    frequency = RadioButtons(lazy_gettext("How often?"), choices=FREQUENCIES)
    weekday = ChoiceField(lazy_gettext("Day, if weekly"), choices=weekdays, coerce=scalars.revision)
    hour = ChoiceField(lazy_gettext("Hour"), choices=HOURS, coerce=scalars.revision)
