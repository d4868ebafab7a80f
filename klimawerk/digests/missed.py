"""What somebody missed: others' doings that they may see, have not seen, and were not told of yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from klimawerk.accounts.models import Person
from klimawerk.extensions import db
from klimawerk.news.gathering import Happening, happenings
from klimawerk.partnerships.access import Member
from klimawerk.sheets.models import Item

CALLS = ("mention", "task")
"""What may come at once: somebody means this person."""

Found = dict[int, list[Happening]]
"""By partnership, oldest first."""


@dataclass(frozen=True)
class Window:
    """What of a partnership is untold: doings in (told, until], of those that call the person in (called, until]."""

    member: Member
    told: datetime
    called: datetime
    until: datetime

    def holds(self, one: Happening) -> bool:
        return (self.called if one.kind in CALLS else self.told) < one.at <= self.until


def missed(person: Person, windows: Mapping[int, Window], *, only_calls: bool) -> Found:
    """What the person is to be told of now, without partnerships in which there is nothing."""
    if not windows:
        return {}
    since = min(window.called if only_calls else window.told for window in windows.values())
    until = max(window.until for window in windows.values())
    found: Found = {}
    for one in happenings(person, since, until):
        item = db.session.get(Item, one.item_id)
        window = windows.get(item.frame.partnership_id) if item else None
        if item and window and window.holds(one) and (one.kind in CALLS or not only_calls):
            found.setdefault(item.frame.partnership_id, []).append(one)
    return found
