"""Restoring a text changes only what differs: what is typed elsewhere at the same time stays."""

from __future__ import annotations

from hypothesis import given
from pycrdt import Doc, XmlFragment

from klimawerk.collab import rich_text, text_merge
from klimawerk.collab.rich_text import Node, from_plain_text, merge_equal_runs
from tests.live.engine_server import element, run
from tests.versions.test_comparison import QUICK, _two_texts


def document(text: Node) -> Doc[XmlFragment]:
    made: Doc[XmlFragment] = Doc()
    rich_text.write_fragment(made.get("t", type=XmlFragment), text)
    return made


def content_of(doc: Doc[XmlFragment]) -> Node:
    return merge_equal_runs(rich_text.read_fragment(doc.get("t", type=XmlFragment)))


@QUICK
@given(_two_texts())
def test_the_text_becomes_the_one_that_was_wanted(texts: tuple[Node, Node]) -> None:
    old, new = texts
    doc = document(old)
    with doc.transaction():
        text_merge.merge_text(doc.get("t", type=XmlFragment), new)
    wanted = content_of(document(new))
    assert content_of(doc) == wanted
    again = doc.get_state()
    text_merge.merge_text(doc.get("t", type=XmlFragment), new)
    assert doc.get_state() == again, "a second time there is nothing to do"


def test_words_typed_meanwhile_stay() -> None:
    doc = document(from_plain_text("First.\n\nVierzig grüne Behälter 😀 stehen am Markt.\n\nLast."))
    other: Doc[XmlFragment] = Doc()
    other.apply_update(doc.get_update())
    text_merge.merge_text(
        doc.get("t", type=XmlFragment),
        from_plain_text("First.\n\nVierzig grüne Behälter 😀 standen am Markt.\n\nLast."),
    )
    theirs = other.get("t", type=XmlFragment)
    for block, words in ((1, " and the school"), (2, " Für später 😀.")):
        text = run(element(theirs, block))
        text.insert(len(text), words)
    doc.apply_update(other.get_update())
    assert rich_text.to_plain_text(content_of(doc)) == (
        "First.\n\nVierzig grüne Behälter 😀 standen am Markt. and the school\n\nLast. Für später 😀."
    )


def test_a_rewrite_of_everything_would_have_lost_them() -> None:
    doc = document(from_plain_text("First.\n\nLast."))
    other: Doc[XmlFragment] = Doc()
    other.apply_update(doc.get_update())
    rich_text.write_fragment(doc.get("t", type=XmlFragment), from_plain_text("Second.\n\nLast."))
    text = run(element(other.get("t", type=XmlFragment), 1))
    text.insert(len(text), " typed")
    doc.apply_update(other.get_update())
    assert "typed" not in rich_text.to_plain_text(content_of(doc))
