"""Tests of `sheets.order_keys`: keys between keys, and the order after a move. Needs no database."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klimawerk.sheets.order_keys import DIGITS, NotInList, initial_keys, key_before, key_between, moved_key

Listed = list[tuple[str, str, bool]]
ABCD: Listed = [("A", "B", False), ("B", "C", False), ("C", "D", False), ("D", "E", False)]
LONGEST = 200
"""Length of the column, in characters."""

some_key = st.text(DIGITS, min_size=1, max_size=4).filter(lambda text: text[-1] != DIGITS[0])


def order_after(name: str, listed: Listed = ABCD, before: str | None = None, step: str = "") -> str:
    """The visible order after `name` was moved."""
    key = moved_key(listed, name, before=before, step=step)
    visible = sorted(
        (key if key and entry == name else old, entry) for entry, old, binned in listed if not binned or entry == name
    )
    return "".join(entry for _key, entry in visible)


@given(some_key, some_key)
def test_a_key_lies_between_any_two_and_leaves_room_on_both_sides(first_key: str, second_key: str) -> None:
    low, high = sorted((first_key, second_key))
    if low == high:
        with pytest.raises(ValueError, match="does not sort before"):
            key_between(low, high)
        return
    key = key_between(low, high)
    assert low < key < high
    assert key[-1] != DIGITS[0], "else there would be nothing below it"
    assert low < key_between(low, key) < key < key_between(key, high) < high


@given(some_key)
def test_there_is_always_a_key_before_the_first_and_after_the_last(key: str) -> None:
    assert "" < key_between("", key) < key < key_between(key, "")
    assert key_between("", key)[-1] != DIGITS[0]


def test_keys_in_the_wrong_order_are_refused_by_name() -> None:
    for low, high in (("B", "A"), ("A", "A"), ("AB", "A")):
        with pytest.raises(ValueError, match=f"'{low}' does not sort before '{high}'"):
            key_between(low, high)
    assert "A" < key_between("A", "AB") < "AB"


def test_a_thousand_rows_one_after_the_other_have_short_keys() -> None:
    last, first = "", ""
    appended, put_first = [], []
    for _ in range(1000):
        appended.append(last := key_between(last, ""))
        put_first.append(first := key_between("", first))
    assert appended == sorted(set(appended))
    assert put_first == sorted(set(put_first), reverse=True)
    assert max(map(len, appended + put_first)) <= 40
    middle = ["A", "B"]
    for _ in range(500):
        middle[0] = key_between(*middle)
    assert len(middle[0]) <= LONGEST, "every row of a full sheet was put before the same one"


@pytest.mark.parametrize("count", [0, 1, 20, 61, 1000])
def test_the_keys_of_an_import_ascend_with_room_around_each(count: int) -> None:
    keys = initial_keys(count)
    assert len(keys) == count
    assert keys == sorted(set(keys))
    assert all(key[-1] != DIGITS[0] for key in keys)
    assert all(len(key_between(low, high)) <= 3 for low, high in pairwise(["", *keys, ""]))


@pytest.mark.parametrize(
    ("name", "before", "becomes"),
    [("D", "B", "ADBC"), ("D", "A", "DABC"), ("A", None, "BCDA"), ("A", "D", "BCAD"), ("B", "B", "ABCD"),
     ("A", "B", "ABCD"), ("D", None, "ABCD")],
)  # fmt: skip
def test_a_thing_is_put_before_another_or_at_the_end(name: str, before: str | None, becomes: str) -> None:
    assert order_after(name, before=before) == becomes


@pytest.mark.parametrize(
    ("name", "step", "becomes"),
    [("B", "up", "BACD"), ("B", "down", "ACBD"), ("C", "down", "ABDC"), ("A", "up", "ABCD"), ("D", "down", "ABCD"),
     ("D", "up", "ABDC")],
)  # fmt: skip
def test_a_step_is_counted_from_where_it_is_whatever_it_should_stand_before(name: str, step: str, becomes: str) -> None:
    assert order_after(name, step=step) == becomes
    assert order_after(name, step=step, before="A") == becomes


def test_an_unknown_step_is_none_and_what_it_should_stand_before_counts() -> None:
    assert order_after("D", step="left", before="B") == "ADBC"


@pytest.mark.parametrize(
    ("name", "before", "step"), [("B", "B", ""), ("D", None, ""), ("A", None, "up"), ("D", None, "down")]
)
def test_what_stays_has_no_new_key(name: str, before: str | None, step: str) -> None:
    assert moved_key(ABCD, name, before=before, step=step) is None
    assert moved_key(ABCD, "C", before="A") is not None


def test_what_lies_in_the_bin_keeps_its_place_and_is_passed_by_steps() -> None:
    binned: Listed = [*ABCD[:1], ("B", "C", True), *ABCD[2:]]
    assert order_after("C", binned, step="up") == "CAD"
    assert order_after("A", binned, step="down") == "CAD"
    key = moved_key(binned, "D", before="B")
    assert key
    assert "B" < key < "C", "between A and where B was"


def test_what_lies_in_the_bin_itself_can_be_moved_there() -> None:
    binned: Listed = [("A", "B", True), *ABCD[1:]]
    key = moved_key(binned, "A", before="C")
    assert key
    assert "C" < key < "D"
    assert moved_key(binned, "A", step="up") is None, "it is counted where it lay"


def test_the_last_one_shown_stays_though_something_in_the_bin_lies_behind_it() -> None:
    binned: Listed = [*ABCD[:3], ("D", "E", True)]
    assert moved_key(binned, "C") is None
    key = moved_key(binned, "A")
    assert key
    assert key > "E", "the end lies behind the bin's"


def test_before_something_of_another_list_is_refused_by_name() -> None:
    for listed in (ABCD, [], ABCD[:1]):
        with pytest.raises(NotInList) as refused:
            moved_key(listed, "A", before="X")
        assert refused.value.args == ("X",)


def test_what_comes_from_elsewhere_is_put_into_the_list() -> None:
    """As for a measure that moves to another goal."""
    assert moved_key([], "X") == key_between("", "")
    key = moved_key(ABCD, "X", before="A", step="up")
    assert key
    assert key < "B"
    end = moved_key(ABCD, "X")
    assert end
    assert end > "E"


def test_two_with_the_same_key_are_parted_by_standing_behind_them() -> None:
    """From two concurrent appends, before these were serialised."""
    key = key_before([("A", "B"), ("B", "B"), ("C", "D")], "B")
    assert key > "B"
    assert "B" < key_before([("A", "B"), ("B", "B"), ("C", "D")], "C") < "D"
