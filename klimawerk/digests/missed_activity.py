"""What somebody missed: others' doings that they may see, have not seen, and were not told of yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from klimawerk.news.activity import MENTION, TASK, Activity, activities_for
from klimawerk.news.seen_marks import drop_seen
from klimawerk.partnerships.access import Member

MENTION_KINDS = (MENTION, TASK)
"""What may come at once: somebody means this person."""

MissedActivity = dict[int, list[Activity]]
"""By partnership, oldest first."""


@dataclass(frozen=True)
class DigestWindow:
    """What of a partnership is untold: doings in (told, until], of those that call the person in (called, until]."""

    member: Member
    told: datetime
    called: datetime
    until: datetime

    def holds(self, one: Activity) -> bool:
        return (self.called if one.kind in MENTION_KINDS else self.told) < one.at <= self.until


def missed_activity(windows: Mapping[int, DigestWindow], *, only_calls: bool) -> MissedActivity:
    """What somebody is to be told of now, without partnerships in which there is nothing."""
    found: MissedActivity = {}
    for key, window in windows.items():
        since = window.called if only_calls else window.told
        new = drop_seen(window.member, activities_for(window.member, since, window.until))
        told = [one for one in new if window.holds(one) and (one.kind in MENTION_KINDS or not only_calls)]
        if told:
            found[key] = sorted(told, key=lambda one: (one.at, one.id))
    return found
