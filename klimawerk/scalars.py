"""From outside to numbers, days, moments and keys: one converter for each kind, used at every door.

Each takes what a form, an address, a socket or a file has (text, or JSON's own number) and returns the value, or
raises ValueError: so they serve as `type` of `request.args.get`, as `coerce` and as filters of forms. What a database
cannot hold, what no calendar shows and what is written in other digits than 0 to 9 is no value. Where people read the
refusal, the sentence stands at the door.
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

Day = TypeVar("Day", bound=date)

MAX_INT = 2**31 - 1  # of a whole number in PostgreSQL's integer, which every column of ours is
FIRST_YEAR, LAST_YEAR = 1900, 2200
MAX_AMOUNT = Decimal(10) ** 12  # of a number or an amount
MIN_AMOUNT = Decimal("0.000001")
MOST_RATE = Decimal(10) ** 9
MOST_PEOPLE = 100_000_000

_WHOLE = re.compile(r"-?[0-9]{1,15}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.,]{5,20}(Z|[+-][0-9:]{2,8})?")
_SECONDS = re.compile(r"[0-9]{1,12}([.][0-9]{1,9})?")
_ROW_ID = re.compile(r"[!-.0-~]{1,36}")  # all of ASCII that can be seen, but for the slash
_KEY = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


def whole(raw: Any, least: int, most: int) -> int:
    """A whole number within bounds."""
    if isinstance(raw, str) and _WHOLE.fullmatch(raw.strip()):
        raw = int(raw)
    if type(raw) is not int or not least <= raw <= most:
        raise ValueError("no whole number within the bounds")
    return raw


def item_id(raw: Any) -> int:
    """The id of a row in a table; also the number of a version or an edition, which begins at 1 as well."""
    return whole(raw, 1, MAX_INT)


def revision(raw: Any) -> int:
    """How often something has changed; also places in an order and other counts."""
    return whole(raw, 0, MAX_INT)


def year(raw: Any) -> int:
    return whole(raw, FIRST_YEAR, LAST_YEAR)


def day(raw: Any) -> date:
    """ "2027-09-15"."""
    if not isinstance(raw, str) or not _DAY.fullmatch(raw.strip()):
        raise ValueError("no day")
    return _within(date.fromisoformat(raw.strip()))


def moment(raw: Any) -> datetime:
    """ "2027-09-15T12:30:00+02:00", in UTC; without a zone it is UTC's."""
    if not isinstance(raw, str) or not _MOMENT.fullmatch(raw.strip()):
        raise ValueError("no moment")
    found = datetime.fromisoformat(raw.strip())
    _within(found)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def seconds(raw: Any) -> datetime:
    """Seconds since 1970, as browsers count them."""
    if not isinstance(raw, str) or not _SECONDS.fullmatch(raw.strip()):
        raise ValueError("no moment in seconds")
    number = Decimal(raw.strip())
    if number > _LAST_SECOND:
        raise ValueError("beyond the calendar")
    return datetime.fromtimestamp(float(number), UTC)


def key(raw: Any) -> str:
    """A UUID in its usual form, which pages make for rows and comments."""
    if not isinstance(raw, str) or not _KEY.fullmatch(raw.strip()):
        raise ValueError("no key")
    return str(uuid.UUID(raw.strip()))


def row_id(raw: Any) -> str:
    """The id of a row or the key of an item: a UUID as a rule, some other short name where it came with a file."""
    if not isinstance(raw, str) or not _ROW_ID.fullmatch(raw):
        raise ValueError("no id of a row")
    return raw


def _within(found: Day) -> Day:
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError("beyond the calendar")
    return found


_LAST_SECOND = int(datetime(LAST_YEAR, 12, 31, tzinfo=UTC).timestamp())
