"""Visually equal text is no change: in comparison, merging and attribution, for texts, fields and rows."""

from __future__ import annotations

import pytest
from pycrdt import Doc, XmlFragment

from klimawerk.collab import rich_text, text_merge
from klimawerk.collab.attribution.author_spans import AuthorSpan, carry_attribution
from klimawerk.collab.rich_text import Node
from klimawerk.comments.anchors import anchor_in, count_occurrences
from klimawerk.text import visual_key
from klimawerk.versions import redaction
from klimawerk.versions.comparison import CHANGED as ROW_CHANGED
from klimawerk.versions.comparison import SAME as ROW_SAME
from klimawerk.versions.comparison import ItemState, compare_rows, compare_states
from klimawerk.versions.text_diff import ADDED, CHANGED, REMOVED, SAME, compare_texts, compare_words
from tests.live.engine_server import element

PLAIN = "Die Müllabfuhr leert 40 Tonnen im Ortsteil."
TWINS = {
    "composed differently": "Die Mu\u0308llabfuhr leert 40 Tonnen im Ortsteil.",
    "a soft hyphen more": "Die Müll\u00adabfuhr leert 40 Tonnen im Orts\u00adteil.",
    "no line break there": "Die Müllabfuhr leert 40\u00a0Tonnen im Ortsteil\ufeff.",
}


def rich(*texts: str) -> Node:
    paragraphs = [{"type": "paragraph", "content": [{"type": "text", "text": text}]} for text in texts]
    return {"type": "doc", "content": paragraphs}


@pytest.mark.parametrize("twin", TWINS.values(), ids=TWINS)
def test_a_paragraph_that_looks_the_same_is_not_shown_as_removed_and_added(twin: str) -> None:
    change = compare_texts(rich("Ziel", PLAIN, "Ende"), rich("Ziel", twin, "Ende"))
    assert [block.kind for block in change.blocks] == [SAME, SAME, SAME]
    assert change.is_empty
    assert not any(block.only_formatting for block in change.blocks)
    assert [run.kind for run in compare_words(PLAIN, twin)] == [SAME]


@pytest.mark.parametrize("twin", TWINS.values(), ids=TWINS)
def test_beside_a_real_change_only_that_is_marked(twin: str) -> None:
    [block] = compare_texts(rich(PLAIN), rich(twin.replace("leert", "holt"))).blocks
    changes = [("".join(w.text for w in r.old), "".join(w.text for w in r.new)) for r in block.runs if r.kind != SAME]
    assert (block.kind, changes) == (CHANGED, [("leert", "holt")])


def test_what_is_seen_is_still_a_change() -> None:
    assert {b.kind for b in compare_texts(rich("میخواهم"), rich("می\u200cخواهم")).blocks} <= {CHANGED, ADDED, REMOVED}
    bold = rich(PLAIN)
    bold["content"][0]["content"][0]["marks"] = [{"type": "strong"}]
    assert not compare_texts(rich(TWINS["a soft hyphen more"]), bold).is_empty


def test_a_paragraph_of_nothing_that_is_seen_is_an_empty_one() -> None:
    empty = {"type": "doc", "content": [{"type": "paragraph"}]}
    assert [block.kind for block in compare_texts(empty, rich("\ufeff\u200b")).blocks] == [SAME]


def test_fields_and_lines_that_look_the_same_have_not_changed() -> None:
    old = [{"id": "1", "cells": {"text.de": "Müll", "name": "Zoë"}}, {"id": "2", "cells": {"text.de": "a"}}]
    new = [
        {"id": "1", "cells": {"text.de": "Mu\u0308\u00adll", "name": "Zoe\u0308"}},
        {"id": "2", "cells": {"text.de": "b"}},
    ]
    assert [row.kind for row in compare_rows(old, new)] == [ROW_SAME, ROW_CHANGED]
    states = [
        ItemState({"code": "A"}, {"values": str(n)}, {"values": {"wording.de": wording}})
        for n, wording in enumerate(("é", "e\u0301"))
    ]
    assert compare_states(*states).is_empty


@pytest.mark.parametrize("twin", TWINS.values(), ids=TWINS)
def test_merging_leaves_what_looks_the_same_alone(twin: str) -> None:
    doc: Doc[XmlFragment] = Doc()
    fragment = doc.get("t", type=XmlFragment)
    rich_text.write_fragment(fragment, rich("Ziel", twin))
    before = doc.get_state()
    text_merge.merge_text(fragment, rich("Ziel", PLAIN))
    assert doc.get_state() == before
    text_merge.merge_text(fragment, rich("Ziel", PLAIN.replace("leert", "holt")))
    assert rich_text.to_plain_text(fragment) == "Ziel\n\n" + twin.replace("leert", "holt")
    assert len(element(fragment, 1).children) == 1, "one word was changed in place"


@pytest.mark.parametrize("twin", TWINS.values(), ids=TWINS)
def test_words_that_look_the_same_keep_their_authors_and_every_letter_has_one(twin: str) -> None:
    written = [AuthorSpan(4, 1), AuthorSpan(len(PLAIN) - 4, 2), AuthorSpan(1, 1)]
    spans = carry_attribution([PLAIN], [twin], written, 3, 9)
    assert {span.by for span in spans} == {1, 2}
    assert sum(span.characters for span in spans) == len(twin) + 1
    spans = carry_attribution([PLAIN], [twin + " Neu"], written, 3, 9)
    assert [span.characters for span in spans if span.by == 3] == [len(" Neu")]


def test_words_are_found_for_comments_and_blacking_out_however_they_are_composed() -> None:
    twin = TWINS["composed differently"]
    assert count_occurrences(twin, "Müllabfuhr") == count_occurrences(TWINS["a soft hyphen more"], "Müllabfuhr") == 1
    assert anchor_in({"anchor": '{"words": "Mu\u0308ll\\u000babfuhr", "from": "AA=="}'}, "Müll abfuhr") == {
        "from": "AA=="
    }
    for text in TWINS.values():
        left = redaction.redacted_text(rich(text), "Müllabfuhr leert")
        assert visual_key(rich_text.to_plain_text(left)) == PLAIN.replace("Müllabfuhr leert", redaction.REDACTION_BAR)
        assert redaction.redacted_value({"text.de": text}, "Müllabfuhr")["text.de"].startswith(
            f"Die {redaction.REDACTION_BAR} leert"
        )
