"""Comparison: the shown changes, applied to the old version, give exactly the new one."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable
from itertools import combinations, permutations
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from klimawerk.collab import rich_text
from klimawerk.collab.rich_text import Node, from_plain_text, merge_equal_runs
from klimawerk.versions import text_diff
from klimawerk.versions.comparison import Comparison, ItemState, RowChange, compare_rows, compare_states
from klimawerk.versions.diff_html import NEW, OLD, DiffRenderer
from klimawerk.versions.hash_chain import canonical_json, sha256_hex
from klimawerk.versions.text_blocks import TextBlock, TextWord, text_blocks, text_from_blocks, text_words
from klimawerk.versions.text_diff import ADDED, CHANGED, REMOVED, SAME, TextChange, compare_texts, compare_words

QUICK = settings(max_examples=120, print_blob=True)

# Random texts, with everything that splits words.
_LETTERS = st.sampled_from(
    [*"abcxyz  ,.;1-", "ä", "e\u0301", "😀", "👩\u200d👧", "\u202e", "ע", "<b>", "&amp;", "x" * 40]
)
_MARKS = st.sampled_from(
    [[], [], [], [{"type": "em"}], [{"type": "strong"}], [{"type": "link", "attrs": {"href": "https://a.example"}}]]
)


@st.composite
def _texts(draw: st.DrawFn) -> Node:
    pieces = st.lists(_LETTERS, min_size=1, max_size=8).map("".join)
    run = st.one_of(
        st.builds(lambda t, m: {"type": "text", "text": t, **({"marks": m} if m else {})}, pieces, _MARKS),
        st.just({"type": "hard_break"}),
    )
    leaf = st.builds(
        lambda k, c: {**k, **({"content": c} if c else {})},
        st.sampled_from([{"type": "paragraph"}, {"type": "paragraph"}, {"type": "heading", "attrs": {"level": 3}}]),
        st.lists(run, max_size=4),
    )
    lists = st.sampled_from([{"type": "bullet_list"}, {"type": "ordered_list", "attrs": {"order": 3}}])
    block = st.recursive(
        leaf,
        lambda inner: st.builds(
            lambda k, items: {**k, "content": [{"type": "list_item", "content": item} for item in items]},
            lists,
            st.lists(st.lists(inner, min_size=1, max_size=2), min_size=1, max_size=3),
        ),
        max_leaves=6,
    )
    blocks = draw(st.lists(block, min_size=1, max_size=6))
    return merge_equal_runs({"type": "doc", "content": blocks})


@st.composite
def _two_texts(draw: st.DrawFn) -> tuple[Node, Node]:
    """A text and another one that shares some of its blocks."""
    old, other = draw(_texts()), draw(_texts())
    pool = [*old["content"], *other["content"]]
    return old, merge_equal_runs(
        {"type": "doc", "content": draw(st.lists(st.sampled_from(pool), min_size=1, max_size=8))}
    )


def applied(old: Node, change: TextChange) -> Node:
    """The old text with the shown changes applied; of the new text only what is shown as new is used."""
    before = iter(text_blocks(old))
    after = []
    for shown in change.blocks:
        if shown.kind != ADDED:
            assert next(before) == shown.old, "every old block is shown, in order"
        if shown.kind == ADDED and shown.new:
            after.append(shown.new)
        elif shown.kind in (SAME, CHANGED) and shown.old and shown.new:
            words: list[TextWord] = []
            rest = list(shown.old.words)
            for run in shown.runs:
                assert tuple(rest[: len(run.old)]) == run.old, "every old word is shown, in order"
                del rest[: len(run.old)]
                words += run.new
            assert not rest
            after.append(TextBlock(shown.new.kind, tuple(words), shown.new.level, shown.new.path))
    assert next(before, None) is None
    return text_from_blocks(after)


@QUICK
@given(_texts())
def test_a_text_is_its_blocks(text: Node) -> None:
    rich_text.check_text(text)
    assert text_from_blocks(text_blocks(text)) == text


@QUICK
@given(_two_texts())
def test_the_shown_changes_of_a_text_make_it_the_new_one(texts: tuple[Node, Node]) -> None:
    old, new = texts
    assert applied(old, compare_texts(old, new)) == new


@pytest.mark.slow
@QUICK
@given(_two_texts())
def test_they_also_do_where_only_whole_paragraphs_are_shown(texts: tuple[Node, Node]) -> None:
    old, new = texts
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_diff, "MAX_LENGTH", 0)
        change = compare_texts(old, new)
    assert applied(old, change) == new
    assert CHANGED not in {block.kind for block in change.blocks}


@QUICK
@given(_texts())
def test_a_text_compared_with_itself_shows_nothing(text: Node) -> None:
    change = compare_texts(text, text)
    assert {block.kind for block in change.blocks} == {SAME}
    assert not any(block.only_formatting for block in change.blocks)


_ROWS = st.lists(
    st.builds(
        lambda n, cells: {"id": f"r{n}", "cells": cells},
        st.integers(0, 9),
        st.dictionaries(st.sampled_from(["text.en", "due", "amount"]), st.sampled_from(["1", "2", "3"])),
    ),
    unique_by=lambda row: row["id"],
    max_size=8,
)


def rows_after(old: list[dict[str, Any]], changes: tuple[RowChange, ...]) -> list[dict[str, Any]]:
    """The old rows with the shown changes applied."""
    cells = {row["id"]: dict(row["cells"]) for row in old}
    placed = []
    for row in changes:
        if row.kind == REMOVED:
            continue
        present = cells.get(row.id, {})
        for change in row.cells:
            assert present.get(change.key) == change.old
            present = {k: v for k, v in {**present, change.key: change.new}.items() if v is not None}
        placed.append((row.new_place, {"id": row.id, "cells": present}))
    return [row for _place, row in sorted(placed, key=lambda pair: pair[0] or 0)]


@QUICK
@given(_ROWS, _ROWS)
def test_the_shown_changes_of_rows_make_them_the_new_ones(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> None:
    changes = compare_rows(old, new)
    assert rows_after(old, changes) == new
    stayed = [row for row in changes if row.old_place and row.new_place and not row.moved]
    assert [r.old_place for r in stayed] == sorted(r.old_place or 0 for r in stayed), "what did not move kept its order"


def state(values: dict[str, Any], texts: dict[str, Node], rows: dict[str, Any]) -> ItemState:
    parts = {
        "values": values,
        **{f"text:{k}": t for k, t in texts.items()},
        **{f"rows:{k}": r for k, r in rows.items()},
    }
    return ItemState({"code": "WA-01"}, {name: sha256_hex(canonical_json(part)) for name, part in parts.items()}, parts)


@QUICK
@given(_texts(), _ROWS)
def test_a_version_compared_with_itself_shows_nothing(text: Node, rows: list[dict[str, Any]]) -> None:
    item_state = state({"priority": "high"}, {"description.en": text}, {"steps": rows})
    assert compare_states(item_state, json_copy(item_state)) == Comparison()
    assert compare_states(item_state, item_state).is_empty


def json_copy(item_state: ItemState) -> ItemState:
    return ItemState(**json.loads(json.dumps(vars(item_state))))


# Rendering


def changes_of(old: str, new: str) -> list[tuple[str, str, str]]:
    return [
        (run.kind, "".join(w.text for w in run.old), "".join(w.text for w in run.new))
        for run in compare_words(old, new)
        if run.kind != SAME
    ]


def numbered(order: int, *words: str) -> Node:
    items = [{"type": "list_item", "content": from_plain_text(word)["content"]} for word in words]
    inner = {"type": "ordered_list", "content": [{"type": "list_item", "content": from_plain_text("inner")["content"]}]}
    items[-1]["content"] = [*items[-1]["content"], inner]
    return {"type": "doc", "content": [{"type": "ordered_list", "attrs": {"order": order}, "content": items}]}


def test_items_are_shown_with_their_numbers(app: Flask) -> None:
    with app.test_request_context():
        change = compare_texts(numbered(3, "one", "two"), numbered(7, "one", "three", "two"))
        signs = {
            side: re.findall(r'class="sign">([^<]+)<', DiffRenderer("en").text(change, side)) for side in (OLD, NEW)
        }
    assert signs == {OLD: ["3.", "4.", "1."], NEW: ["7.", "8.", "9.", "1."]}
    assert "Formatting changed" in DiffRenderer("en").text(change), "that the list begins elsewhere is a change"


def test_words_change_not_letters() -> None:
    assert changes_of("Forty bins are set up.", "Fifty bins are set up.") == [(CHANGED, "Forty", "Fifty")]
    assert changes_of("62,000.00 EUR", "64,000.00 EUR") == [(CHANGED, "62,000.00", "64,000.00")]
    assert changes_of("bins", "bins are there") == [(ADDED, "", " are there")]
    assert changes_of("Ku\u0308hlung im Sommer", "Ku\u0308hlung im Winter") == [(CHANGED, "Sommer", "Winter")]


def test_a_rewritten_sentence_is_one_change() -> None:
    old = "The municipality installs forty green bins near the market place."
    new = "Schools collect organic waste, and the farmers turn it into compost."
    assert len(changes_of(old, new)) == 1


def test_a_changed_paragraph_is_found_among_others() -> None:
    old = from_plain_text("First.\n\nForty bins stand at the market.\n\nLast.")
    new = from_plain_text("First.\n\nSomething new comes before it.\n\nFifty bins stand at the market.\n\nLast.")
    assert [b.kind for b in compare_texts(old, new).blocks] == [SAME, ADDED, CHANGED, SAME]


def test_changes_of_formatting_alone_are_told_apart() -> None:
    old = from_plain_text("Forty bins")
    words = [{"type": "text", "text": "Forty"}, {"type": "text", "text": " bins", "marks": [{"type": "strong"}]}]
    new = {"type": "doc", "content": [{"type": "heading", "attrs": {"level": 3}, "content": words}]}
    change = compare_texts(old, new)
    assert change.only_formatting
    assert change.blocks[0].only_formatting
    assert not compare_texts(old, from_plain_text("Fifty bins")).only_formatting


def test_rows_are_known_by_themselves_and_the_fewest_are_called_moved() -> None:
    row = {name: {"id": name, "cells": {"text.en": name}} for name in "abcde"}
    changes = compare_rows([row[n] for n in "abcd"], [row["d"], row["a"], {"id": "b", "cells": {}}, row["e"]])
    kinds = {r.id: (r.kind, r.moved) for r in changes}
    assert kinds == {
        "d": ("moved", True),
        "a": ("same", False),
        "b": ("changed", False),
        "c": ("removed", False),
        "e": ("added", False),
    }
    assert [r.id for r in changes] == ["d", "a", "b", "c", "e"], "what went stands where it stood"


def test_never_more_are_called_moved_than_have_to_be() -> None:
    for order in permutations(range(6)):
        moved = sum(row.moved for row in compare_rows(_numbered(range(6)), _numbered(order)))
        in_order = (
            chosen for size in range(6, 0, -1) for chosen in combinations(order, size) if list(chosen) == sorted(chosen)
        )
        assert moved == 6 - len(next(in_order)), order


def _numbered(order: Iterable[int]) -> list[dict[str, Any]]:
    return [{"id": str(n), "cells": {}} for n in order]


HOSTILE = {
    "script": ("<script>alert(1)</script> " * 50, "<script>alert(2)</script> " * 50),
    "from right to left": ("\u202eשלום עולם " * 200, "\u202eשלום לעולם " * 200),
    "emoji": ("👩\u200d👩\u200d👧\u200d👦🏽 " * 300, "👨\u200d👩\u200d👧\u200d👦🏿 " * 300),
    "accents": ("e\u0301\u0302\u0303" * 2_000, "e\u0301\u0303" * 2_000),
    "long words": (("x" * 120 + " ") * 200, ("y" * 120 + " ") * 200),
    "rewritten": (" ".join(f"a{n}" for n in range(9_000)), " ".join(f"b{n}" for n in range(9_000))),
    "shuffled": (" ".join(f"w{n % 97}" for n in range(5_000)), " ".join(f"w{n * 31 % 97}" for n in range(5_000))),
    "many paragraphs": ("\n\n".join(f"p {n}" for n in range(3_000)), "\n\n".join(f"q {n}" for n in range(3_000))),
    "one letter each": ("\n\n".join("ab" * 900), "\n\n".join("ba" * 900)),
    "beyond the limit": ("wort " * 10_000, "word " * 10_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_takes_longer_than_the_limits_allow(name: str) -> None:
    old, new = map(from_plain_text, HOSTILE[name])
    begin = time.process_time()
    change = compare_texts(old, new)
    assert time.process_time() - begin < 3.0, "an honest comparison takes milliseconds; this is for the runaway"
    assert applied(old, change) == new


def test_beyond_the_limit_whole_paragraphs_are_shown_and_it_is_said() -> None:
    change = compare_texts(from_plain_text("wort " * 10_000), from_plain_text("word " * 10_000))
    assert change.coarse
    assert [b.kind for b in change.blocks] == [REMOVED, ADDED]
    assert not compare_texts(from_plain_text("wort"), from_plain_text("word")).coarse


def test_the_words_of_a_text_are_the_text() -> None:
    for text in ("", "a b", "e\u0301x 👩\u200d👧!", "1.500,00 €", "\u200d\u0301", "a\tb\n c", "\x00"):
        assert "".join(word.text for word in text_words(text)) == text
