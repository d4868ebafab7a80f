"""Due times of digests: an hour in the reader's time zone, once per day or week, also across clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from klimawerk.digests.models import WEEKLY
from klimawerk.web.localisation import known_zones

DEFAULT_ZONE = "Europe/Berlin"


def zone_of(name: str) -> ZoneInfo:
    """The time zone of that name; Berlin's if the name is unknown."""
    return ZoneInfo(name if name in known_zones() else DEFAULT_ZONE)


def next_due(frequency: str, hour: int, weekday: int, zone: str, after: datetime) -> datetime:
    """The first moment after `after` (UTC) at which clocks in `zone` show the hour, on the weekday if weekly.

    An hour that is skipped when clocks go forward falls on that moment; of an hour that occurs twice, the first counts.
    """
    zone_info = zone_of(zone)
    day = after.astimezone(zone_info).date()
    if frequency == WEEKLY:
        day += timedelta(days=(weekday - day.weekday()) % 7)
    step = timedelta(days=7 if frequency == WEEKLY else 1)
    due = datetime.combine(day, time(hour), zone_info).astimezone(UTC)
    while due <= after:
        day += step
        due = datetime.combine(day, time(hour), zone_info).astimezone(UTC)
    return due
