"""Differences of two sequences: exact where that is cheap, one replacement where it would take gigabytes."""

from __future__ import annotations

import random
import tracemalloc

import pytest
from rapidfuzz.distance import LCSseq

from klimawerk.collab import sequence_diff
from klimawerk.collab.attribution import author_spans
from klimawerk.versions.text_diff import compare_texts
from tests.patterns import time_growth

EXACT = sequence_diff.MAX_CELLS


@pytest.mark.parametrize("max_cells", [EXACT, 20, 0])
def test_the_steps_lead_from_one_to_the_other(max_cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequence_diff, "MAX_CELLS", max_cells)
    dice = random.Random(3)
    for _ in range(2_000):
        old, new = ([dice.randrange(3) for _ in range(dice.randrange(9))] for _ in range(2))
        steps = sequence_diff.diff_opcodes(old, new)
        result = [x for step in steps for x in _part(step, old, new)]
        assert result == new
        assert [x for step in steps for x in old[step.src_start : step.src_end]] == old
        if max_cells == EXACT:
            assert steps == list(LCSseq.opcodes(old, new))


def _part(step: object, old: list[int], new: list[int]) -> list[int]:
    tag, from_old, from_new = step.tag, slice(step.src_start, step.src_end), slice(step.dest_start, step.dest_end)  # type: ignore[attr-defined]
    return old[from_old] if tag == "equal" else new[from_new]


def test_two_hundred_thousand_paragraphs_take_no_gigabytes() -> None:
    """The library's memory is not traced by Python, so the test shows that the library is not called."""
    old, new = (["same", *(f"{side}{number}" for number in range(200_000)), "end"] for side in "ab")
    tracemalloc.start()
    steps = sequence_diff.diff_opcodes(old, new)
    assert [step.tag for step in steps] == ["equal", "replace", "equal"]
    assert tracemalloc.get_traced_memory()[1] < 50_000_000
    tracemalloc.stop()
    longer = [*old[:1_000], "another", *old[1_000:]]
    assert [step.tag for step in sequence_diff.diff_opcodes(old, longer)] == ["equal", "insert", "equal"], (
        "what is like is cheap"
    )


def test_many_paragraphs_that_all_changed_take_linear_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequence_diff, "MAX_CELLS", 10_000)  # of a hundred paragraphs; the measured lengths are above

    def compare(text: str) -> None:
        old, new = (
            {"type": "doc", "content": [_paragraph(f"{side}{number}") for number in range(len(text))]} for side in "ab"
        )
        change = compare_texts(old, new)
        assert len(change.blocks) == 2 * len(text)

    assert not time_growth.superlinear(compare, lambda length: "x" * (length // 16))


def _paragraph(text: str) -> dict[str, object]:
    return {"type": "paragraph", "content": [{"type": "text", "text": text}]}


def test_a_mended_word_stays_its_authors_unless_it_is_endless() -> None:
    spans = [author_spans.AuthorSpan(11, 7, 1)]
    corrected = author_spans.carry_attribution(["gehstegbau"], ["gehwegbau"], spans, 8, 2)
    assert {span.by for span in corrected} == {7}
    length = 400_000
    endless = author_spans.carry_attribution(
        ["a" * length], ["a" * length + "b"], [author_spans.AuthorSpan(length + 1, 7, 1)], 8, 2
    )
    assert {span.by for span in endless if span.characters > 1} == {8}
