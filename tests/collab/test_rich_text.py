"""Rich text: the schema, and conversion to JSON, HTML and plain text."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from pycrdt import Doc, XmlElement, XmlFragment, XmlText

from klimawerk.collab import rich_text
from klimawerk.collab.rich_text import InvalidRichText, Node
from klimawerk.collab.storage import document_store
from klimawerk.database import writing


def text(words: str, *marks: Any) -> Node:
    return {"type": "text", "text": words, **({"marks": list(marks)} if marks else {})}


def paragraph(*content: Node) -> Node:
    return {"type": "paragraph", **({"content": list(content)} if content else {})}


def document(*blocks: Node) -> Node:
    return {"type": "doc", "content": list(blocks)}


LINK = {"type": "link", "attrs": {"href": "https://example.org/?a=1&b='2'"}}
RICH = document(
    {"type": "heading", "attrs": {"level": 4}, "content": [text("Wärme & <Kälte>")]},
    paragraph(text("fett", {"type": "strong"}), text(" und "), text("Link", LINK, {"type": "em"})),
    paragraph(text("eins"), {"type": "hard_break"}, text("zwei 😀")),
    {
        "type": "ordered_list",
        "content": [
            {"type": "list_item", "content": [paragraph(text("a"))]},
            {"type": "list_item", "content": [paragraph(text("b"))]},
        ],
    },
)


def test_a_text_survives_the_document_unchanged() -> None:
    rich_text.check_text(RICH)
    assert rich_text.normalised(RICH) == RICH


def test_html_holds_the_schema_alone_and_escapes_the_rest() -> None:
    assert rich_text.to_html(RICH) == (
        "<h4>Wärme &amp; &lt;Kälte&gt;</h4>"
        "<p><strong>fett</strong> und "
        '<a href="https://example.org/?a=1&amp;b=&#39;2&#39;" rel="noopener noreferrer nofollow"><em>Link</em></a></p>'
        "<p>eins<br>zwei 😀</p>"
        "<ol><li><p>a</p></li><li><p>b</p></li></ol>"
    )
    assert rich_text.to_html(rich_text.empty_text()) == ""


def test_plain_words_and_back() -> None:
    assert rich_text.to_plain_text(RICH) == "Wärme & <Kälte>\n\nfett und Link\n\neins\nzwei 😀\n\na\nb"
    plain = rich_text.from_plain_text("eins\nzwei\r\n\r\ndrei")
    assert plain == document(paragraph(text("eins"), {"type": "hard_break"}, text("zwei")), paragraph(text("drei")))
    assert rich_text.to_plain_text(plain) == "eins\nzwei\n\ndrei"


def test_a_text_is_plain_when_words_say_all_of_it() -> None:
    assert rich_text.is_plain_text(rich_text.from_plain_text("eins\nzwei\n\ndrei"))
    assert rich_text.is_plain_text(rich_text.empty_text())
    assert not rich_text.is_plain_text(RICH)
    assert not rich_text.is_plain_text(document(paragraph(text("fett", {"type": "strong"}))))


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)", "data:text/html,x", "//example.org", 'https://x" onclick="y', 7]
)
def test_an_unsafe_address_never_becomes_a_link(href: Any) -> None:
    marked = document(paragraph(text("klick", {"type": "link", "attrs": {"href": href}})))
    with pytest.raises(InvalidRichText, match="not http"):
        rich_text.check_text(marked)
    stored: Doc[XmlFragment] = Doc()
    fragment = stored.get("x.en", type=XmlFragment)
    run = XmlText()
    fragment.children.append(XmlElement("paragraph", {}, [run]))
    run.insert(0, "klick", {"link": {"href": href}})
    assert rich_text.to_html(fragment) == "<p>klick</p>"


def test_what_is_foreign_in_a_document_is_left_out() -> None:
    stored: Doc[XmlFragment] = Doc()
    fragment = stored.get("x.en", type=XmlFragment)
    for tag in ("script", "paragraph", "img"):
        fragment.children.append(XmlElement(tag, {"onclick": "x"}, [XmlText("a<b")]))
    assert rich_text.to_html(fragment) == "<p>a&lt;b</p>"


@pytest.mark.parametrize(
    ("bad", "place"),
    [
        ({"type": "paragraph"}, ""),
        (document({"type": "image"}), "content.0"),
        (document(paragraph(), paragraph(paragraph())), "content.1.content.0"),
        (document({"type": "heading", "attrs": {"level": 1}}), "content.0"),
        (document({"type": "bullet_list"}), "content.0"),
        (document(paragraph(text(""))), "content.0.content.0"),
        (document(paragraph(text("x", {"type": "underline"}))), "content.0.content.0"),
        (document(paragraph(text("x" * 500_000))), ""),
        ("words", ""),
    ],
)
def test_a_text_outside_the_schema_is_refused_by_its_place(bad: Any, place: str) -> None:
    with pytest.raises(InvalidRichText) as refusal:
        rich_text.check_text(bad)
    assert refusal.value.place == place


def test_a_text_nested_without_end_is_refused() -> None:
    node: Node = {"type": "list_item", "content": [paragraph()]}
    for _ in range(5_000):
        node = {"type": "list_item", "content": [{"type": "bullet_list", "content": [node]}]}
    with pytest.raises(InvalidRichText, match="nested"):
        rich_text.check_text(document({"type": "bullet_list", "content": [node]}))


def test_a_new_document_has_its_columns_at_once(app: Flask, any_database: str) -> None:
    with writing():
        document_store.create_document(
            "measure:1", {"title.en": rich_text.from_plain_text("Green roofs"), "title.de": None}
        )
    texts = document_store.texts(["measure:1", "measure:2"])
    assert {name: row.plain for name, row in texts["measure:1"].items()} == {"title.en": "Green roofs", "title.de": ""}
    assert texts["measure:2"] == {}
    assert texts["measure:1"]["title.en"].rev == 1
    assert document_store.contents("measure:1", ["title.de"]) == {"title.de": rich_text.empty_text()}


def test_a_language_added_later_leaves_what_is_there(app: Flask) -> None:
    with writing():
        document_store.create_document("measure:1", {"title.en": rich_text.from_plain_text("Green roofs")})
    with writing():
        document_store.add_fragments("measure:1", ["title.en", "title.fr"])
        document_store.add_fragments("measure:1", {"title.fr": rich_text.from_plain_text("zweimal")})
    assert document_store.contents("measure:1") == {
        "title.en": rich_text.from_plain_text("Green roofs"),
        "title.fr": rich_text.empty_text(),
    }


def test_nothing_of_a_document_remains_when_its_transaction_fails(app: Flask) -> None:
    def two() -> None:
        with writing():
            document_store.create_document("measure:1", {"title.en": None})
            document_store.create_document("measure:2", {"title.en": document({"type": "image"})})

    with pytest.raises(InvalidRichText):
        two()
    with pytest.raises(document_store.NoDocument):
        document_store.find_document("measure:1")
