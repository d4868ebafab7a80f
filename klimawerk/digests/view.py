"""View of the digest preferences on the page "My account"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from klimawerk.accounts import mail
from klimawerk.accounts.models import Person
from klimawerk.digests.forms import ChoiceForm
from klimawerk.digests.models import NEVER
from klimawerk.digests.preferences import preference_of


@dataclass(frozen=True)
class PreferenceCard:
    """The form with present values; `next_at`: next digest, None for never; `sends`: there is a mail server."""

    form: ChoiceForm
    next_at: datetime | None
    sends: bool


def preference_card(person: Person) -> PreferenceCard:
    choice = preference_of(person)
    form = ChoiceForm(
        formdata=None, prefix="digest-", data={name: getattr(choice, name) for name in ("frequency", "weekday", "hour")}
    )
    return PreferenceCard(form, None if choice.frequency == NEVER else choice.due_at, mail.configured())
