"""Converters from outside values to numbers, dates, times and keys: one for each type, for forms, URLs, sockets and
files.

Each takes a text, or a number of JSON, and returns the value or raises ValueError: so they serve as `type` of
`request.args.get`, as `coerce` and as filters of forms. Values that the database cannot store, days outside of 1900 to
2200, and digits other than 0 to 9 are refused. Where users read the refusal, the caller has the message.
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

Day = TypeVar("Day", bound=date)

MAX_INT = 2**31 - 1  # of PostgreSQL's integer, the type of all our whole-number columns
FIRST_YEAR, LAST_YEAR = 1900, 2200
MAX_AMOUNT = Decimal(10) ** 12  # of a number or an amount of money
MIN_AMOUNT = Decimal("0.000001")
MOST_RATE = Decimal(10) ** 9
MOST_PEOPLE = 100_000_000

_WHOLE = re.compile(r"-?[0-9]{1,15}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.,]{5,20}(Z|[+-][0-9:]{2,8})?")
_SECONDS = re.compile(r"[0-9]{1,12}([.][0-9]{1,9})?")
_ROW_ID = re.compile(r"[!-.0-~]{1,36}")  # visible ASCII without the slash
_KEY = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


def whole(raw: Any, least: int, most: int) -> int:
    """A whole number from `least` to `most`."""
    if isinstance(raw, str) and _WHOLE.fullmatch(raw.strip()):
        raw = int(raw)
    if type(raw) is not int or not least <= raw <= most:
        raise ValueError("no whole number within the bounds")
    return raw


def item_id(raw: Any) -> int:
    """The id of a row in a table; also the number of a version or an edition, which begins at 1, too."""
    return whole(raw, 1, MAX_INT)


def revision(raw: Any) -> int:
    """A revision; also a position in an order, and other counts."""
    return whole(raw, 0, MAX_INT)


def year(raw: Any) -> int:
    """A year from 1900 to 2200."""
    return whole(raw, FIRST_YEAR, LAST_YEAR)


def day(raw: Any) -> date:
    """ "2027-09-15"."""
    if not isinstance(raw, str) or not _DAY.fullmatch(raw.strip()):
        raise ValueError("no day")
    return _within(date.fromisoformat(raw.strip()))


def moment(raw: Any) -> datetime:
    """A time ("2027-09-15T12:30:00+02:00"), returned in UTC; without a zone it is taken as UTC."""
    if not isinstance(raw, str) or not _MOMENT.fullmatch(raw.strip()):
        raise ValueError("no moment")
    parsed = datetime.fromisoformat(raw.strip())
    _within(parsed)
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def seconds(raw: Any) -> datetime:
    """A time in seconds since 1970, as browsers count them."""
    if not isinstance(raw, str) or not _SECONDS.fullmatch(raw.strip()):
        raise ValueError("no moment in seconds")
    number = Decimal(raw.strip())
    if number > _LAST_SECOND:
        raise ValueError("beyond the calendar")
    return datetime.fromtimestamp(float(number), UTC)


def key(raw: Any) -> str:
    """A UUID in its usual form, which pages create for rows and comments."""
    if not isinstance(raw, str) or not _KEY.fullmatch(raw.strip()):
        raise ValueError("no key")
    return str(uuid.UUID(raw.strip()))


def row_id(raw: Any) -> str:
    """The id of a row or the key of an item: usually a UUID, or another short name where it came with a file."""
    if not isinstance(raw, str) or not _ROW_ID.fullmatch(raw):
        raise ValueError("no id of a row")
    return raw


def _within(value: Day) -> Day:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError("beyond the calendar")
    return value


_LAST_SECOND = int(datetime(LAST_YEAR, 12, 31, tzinfo=UTC).timestamp())
