"""Missed activity: what others did that a person may see, has not seen, and was not informed of yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from klimawerk.news.activity import MENTION, TASK, Activity, activities_for
from klimawerk.news.seen_marks import drop_seen
from klimawerk.partnerships.access import Member

MENTION_KINDS = (MENTION, TASK)
"""What may be sent at once: a mention of this person, or a task for them."""

MissedActivity = dict[int, list[Activity]]
"""By id of the partnership, oldest first."""


@dataclass(frozen=True)
class DigestWindow:
    """Unsent activity of a partnership: in (informed_until, until], mentions and tasks in (mentions_until, until]."""

    member: Member
    informed_until: datetime
    mentions_until: datetime
    until: datetime

    def holds(self, activity: Activity) -> bool:
        return (
            (self.mentions_until if activity.kind in MENTION_KINDS else self.informed_until) < activity.at <= self.until
        )


def missed_activity(windows: Mapping[int, DigestWindow], *, only_calls: bool) -> MissedActivity:
    """What the person is to be informed of now, by partnership; those without any are left out."""
    missed: MissedActivity = {}
    for key, window in windows.items():
        since = window.mentions_until if only_calls else window.informed_until
        unseen = drop_seen(window.member, activities_for(window.member, since, window.until))
        due = [
            activity
            for activity in unseen
            if window.holds(activity) and (activity.kind in MENTION_KINDS or not only_calls)
        ]
        if due:
            missed[key] = sorted(due, key=lambda activity: (activity.at, activity.id))
    return missed
