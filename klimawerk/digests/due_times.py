"""When a digest is due: an hour of the reader's own clock, once per day or week, whatever that clock does."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from klimawerk.digests.models import WEEKLY
from klimawerk.web.localisation import known_zones

DEFAULT_ZONE = "Europe/Berlin"


def zone_of(name: str) -> ZoneInfo:
    """The zone of that name; Berlin's for a name that is none."""
    return ZoneInfo(name if name in known_zones() else DEFAULT_ZONE)


def next_due(frequency: str, hour: int, weekday: int, zone: str, after: datetime) -> datetime:
    """The first moment after `after` (UTC) at which the clock in `zone` shows the hour, on the weekday if weekly.

    An hour that is left out when clocks go forward falls on the moment they do; of one that comes twice the first
    counts.
    """
    there = zone_of(zone)
    day = after.astimezone(there).date()
    if frequency == WEEKLY:
        day += timedelta(days=(weekday - day.weekday()) % 7)
    step = timedelta(days=7 if frequency == WEEKLY else 1)
    due = datetime.combine(day, time(hour), there).astimezone(UTC)
    while due <= after:
        day += step
        due = datetime.combine(day, time(hour), there).astimezone(UTC)
    return due
