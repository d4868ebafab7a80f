"""Converters of `scalars.py`: accepted and refused values."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from klimawerk import scalars
from tests.values.hostile_values import HOSTILE

CONVERTERS = [
    scalars.item_id, scalars.revision, scalars.year, scalars.day, scalars.moment, scalars.seconds, scalars.key,
]  # fmt: skip


@pytest.mark.parametrize("convert", CONVERTERS, ids=lambda one: one.__name__)
def test_a_converter_gives_a_value_that_can_be_stored_or_a_value_error(convert: Callable[[Any], Any]) -> None:
    others: list[object] = [None, True, 1.5, float("nan"), float("inf"), 2**31, 2**64, -1, [], {}]
    for raw in [*HOSTILE, *others]:
        try:
            value = convert(raw)
        except ValueError:
            continue
        assert not isinstance(value, int) or 0 <= value < 2**31
        assert not isinstance(value, date) or 1900 <= value.year <= 2200


def test_each_kind_is_read_as_it_is_written() -> None:
    assert scalars.item_id("7") == 7 == scalars.item_id(7)
    assert scalars.item_id(str(2**31 - 1)) == 2**31 - 1
    assert scalars.revision("0") == 0
    assert scalars.year("2030") == 2030
    assert scalars.day("2027-09-15") == date(2027, 9, 15)
    assert scalars.moment("2027-09-15T12:30:00+02:00") == datetime(2027, 9, 15, 10, 30, tzinfo=UTC)
    assert scalars.moment("2027-09-15T12:30:00.123456+00:00").microsecond == 123456
    assert scalars.seconds("0") == datetime(1970, 1, 1, tzinfo=UTC)
    assert scalars.key("A8098C1A-F86E-11DA-BD1A-00112444BE1E") == "a8098c1a-f86e-11da-bd1a-00112444be1e"


@pytest.mark.parametrize("raw", ["0", "-1", "٣", "1_0", "1.0", " ", "", "2147483648", "9" * 5_000, True, 1.0])
def test_what_is_no_id_of_a_row(raw: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (its type is all that callers look at)
        scalars.item_id(raw)


@pytest.mark.parametrize("raw", ["0001-01-01", "9999-12-31", "2027-13-01", "20270915", "٢٠٢٧-٠٩-١٥", "2027-9-1", "x"])
def test_what_is_no_day(raw: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (its type is all that callers look at)
        scalars.day(raw)
    with pytest.raises(ValueError):  # noqa: PT011 (its type is all that callers look at)
        scalars.moment(f"{raw}T00:00:00+00:00")


READS_WHAT_IS_KEPT = {
    "scalars.py", "operations/backup_file.py", "editions/edition_view.py", "exchange/history_import.py",
    "exchange/threads_import.py", "exchange/value_json.py", "overview/partnership_hooks.py",
    "partnerships/partnership_labels.py", "web/formats.py",
}  # fmt: skip


def test_no_door_converts_a_number_a_day_or_a_key_by_itself() -> None:
    own_conversion = re.compile(r"\b(type|coerce)=(int|float)\b|\.isdecimal\(\)|\bfromisoformat\(|\buuid\.UUID\(")
    package_folder = Path(scalars.__file__).parent
    conversions = {
        str(path.relative_to(package_folder)): line.strip()
        for path in package_folder.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if own_conversion.search(line) and path.name != "date_parsing.py"
    }
    assert {name: line for name, line in conversions.items() if name not in READS_WHAT_IS_KEPT} == {}
    assert own_conversion.search('request.args.get("page", 1, type=int)')
