"""Pasting into a text: separators stay, struck-out text and pictures are left out with a note, links keep one rule."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from klimawerk.collab import rich_text
from klimawerk.collab.rich_text import Node
from klimawerk.live.handlers import EventRefused
from tests.editor.editor_page import EditorPage, open_editor_page
from tests.long_runs import steps


@pytest.fixture(scope="module")
def editor_page(browser: Browser) -> Iterator[EditorPage]:
    with open_editor_page(browser) as opened:
        yield opened


SEPARATED = {
    "<table><tr><td>A</td><td>B<br>b2</td></tr></table>": "<p>A | B<br />b2</p>",
    "<table><tr><td>A</td><td><ul><li>x</li><li>y</li></ul></td></tr></table>": "<p>A | x<br />y</p>",
    "<table><tr><td>A</td><td>r<p>s</p>t</td></tr></table>": "<p>A | r<br />s<br />t</p>",
    "<table><tr><td>A</td><td><table><tr><td>x</td><td>y</td></tr></table></td></tr></table>": "<p>A | x<br />y</p>",
    "<table><tr><td><b>A</b></td><td><a href='https://example.org/'>B</a></td></tr></table>": (
        '<p><strong>A</strong> | <a href="https://example.org/" rel="noopener noreferrer">B</a></p>'
    ),
    "<table><caption>Bins</caption><tr><td>A</td><td>B</td></tr></table>": "<p>Bins</p><p>A | B</p>",
    "<table><tr><td>A<ul><li>x</li></ul></td></tr></table>": "<p>A</p><ul><li><p>x</p></li></ul>",
    "<dl><dt>A</dt><dt>B</dt><dd>C</dd></dl>": "<p>A</p><p>B</p><p>C</p>",
    "<pre>a\nb</pre>": "<p>a<br />b</p>",
    "<div style='white-space:pre-wrap'>a\nb</div>": "<p>a<br />b</p>",
    "<details><summary>A</summary>B</details>": "<p>A</p><p>B</p>",
    "<span style='display:block'>A</span><span style='display:block'>B</span>": "<p>A</p><p>B</p>",
    "<p>a\nb</p>": "<p>a b</p>",
    "<span>a</span><span>b</span>": "<p>ab</p>",
}

STRUCK = {
    "<p>keep <del>gone</del> too</p>": ("keep too", 1),
    "<p>keep <s>gone</s><strike>gone</strike> too</p>": ("keep too", 1),
    "<p>keep <span style='text-decoration: underline line-through'>gone</span> too <s>gone</s></p>": ("keep too", 2),
    "<p>keep <span class=msoDel><del cite='mailto:x'>gone</del></span><ins>too</ins></p>": ("keep too", 1),
    "<p>keep</p><p><s>gone</s></p><ul><li><s>gone</s></li><li>too</li></ul>": ("keep\n\ntoo", 2),
    "<style>.x1 {text-decoration:line-through} .x2 {text-decoration:underline}</style><table><tr><td>keep</td>"
    "<td class=x1>gone</td><td class=x2>too</td></tr></table>": ("keep | too", 1),
    "<style><!-- i.Out { text-decoration-line: line-through } --></style><p>keep <i class=Out>gone</i> too</p>": (
        "keep too",
        1,
    ),
    "<p data-pm-slice='0 0 []'>keep <s>gone</s>too</p>": ("keep too", 1),
    "<p>keep <u>too</u></p>": ("keep too", 0),
}


def test_separators_go_on_separating(editor_page: EditorPage) -> None:
    answers = editor_page.paste_all(list(SEPARATED))
    assert {html: answer.html for html, answer in zip(SEPARATED, answers, strict=True)} == SEPARATED


LEVELS = {
    "<p>10<sup>3</sup> t CO<sub>2</sub></p>": "<p>10³ t CO₂</p>",
    "<table><tr><td>10<sup>-6</sup></td><td>m<sup>2</sup></td></tr></table>": "<p>10⁻⁶ | m²</p>",
    "<p>H<sub><b>2</b></sub>O, 1<sup>st</sup></p>": "<p>H₂O, 1st</p>",
}


def test_raised_and_lowered_digits_make_no_other_number(editor_page: EditorPage) -> None:
    answers = editor_page.paste_all(list(LEVELS))
    assert {html: answer.html for html, answer in zip(LEVELS, answers, strict=True)} == LEVELS


def test_a_title_takes_what_is_pasted_as_words_on_one_line(editor_page: EditorPage) -> None:
    for html in (
        "<p>a</p><p>b<br>c</p>",
        "a<ul><li>b</li><li>c</li></ul>",
        "<table><tr><td>a<br>b c</td></tr></table>",
    ):
        assert editor_page.paste(html, multiline=False).html == "<p>a b c</p>"
    answer = editor_page.paste("a <s>x</s> b", multiline=False)
    assert (answer.html, answer.note) == ("<p>a b</p>", "1 struck passage left out.")


def test_struck_words_are_left_out_and_said(editor_page: EditorPage) -> None:
    for (words, passages), answer in zip(STRUCK.values(), editor_page.paste_all(list(STRUCK)), strict=True):
        assert rich_text.to_plain_text(answer.stored).split() == words.split()
        note = {0: "", 1: "1 struck passage left out."}.get(passages, f"{passages} struck passages left out.")
        assert answer.note == note


LINK = "<a href='https://example.org/'>"
# By the HTML standard a link within a link ends the outer one, and with it a <del>, but no <s>, which begins again.
LINKS_WITHIN_LINKS = {
    f"<p>keep {LINK}<del><label><ins>{LINK}too</a></ins></label></del></a></p>": ("keep too", ""),
    f"<p>keep {LINK}<del>gone{LINK}too</a></del></a></p>": ("keep too", "1 struck passage left out."),
    f"<p>keep {LINK}<s>{LINK}gone</a></s></a> too</p>": ("keep too", "1 struck passage left out."),
    f"<p>keep <del>{LINK}{LINK}gone</a></a></del> too</p>": ("keep too", "1 struck passage left out."),
    f"<p>keep <del>{LINK}gone</a></del> too</p>": ("keep too", "1 struck passage left out."),
}


def test_a_link_within_a_link_ends_a_deletion_as_it_does_where_it_is_copied(editor_page: EditorPage) -> None:
    answers = editor_page.paste_all(list(LINKS_WITHIN_LINKS))
    read = [(" ".join(rich_text.to_plain_text(answer.stored).split()), answer.note) for answer in answers]
    assert dict(zip(LINKS_WITHIN_LINKS, read, strict=True)) == LINKS_WITHIN_LINKS


def test_pictures_are_left_out_and_said(editor_page: EditorPage) -> None:
    note = "1 picture left out: pictures cannot be stored here. Describe it in words, or set a link."
    alone = editor_page.paste("", files=["plan.png"])
    assert (alone.html, alone.note) == ("<p></p>", note)
    assert editor_page.paste("<img src='data:,x'>").note == note
    beside = editor_page.paste("<p>Words<img src='data:,x'></p>", files=["plan.png"])
    assert (beside.html, beside.note) == ("<p>Words</p>", note)
    several = editor_page.paste("<p>W<svg></svg></p><img src='data:,x'><s>gone</s>")
    assert several.note.startswith("1 struck passage left out. 2 pictures left out")
    # An emoji drawn as a picture, a tracking pixel, and what Excel adds to a table.
    assert (
        editor_page.paste("<p>a<img alt='😀' src='data:,x'><img width=1 height=1 src='data:,x'></p>").html
        == "<p>a😀</p>"
    )
    assert editor_page.paste("<p>Words</p>", files=["table.png"]).note == ""


def test_a_dropped_picture_is_said_and_not_opened_in_the_page_s_place(editor_page: EditorPage) -> None:
    answer, opened = editor_page.drop("plan.png", "map.png")
    assert (answer.html, opened) == ("<p></p>", False)
    assert answer.note.startswith("2 pictures left out: pictures cannot be stored here.")


def test_a_picture_pasted_into_a_plain_field_is_said_there(editor_page: EditorPage) -> None:
    assert editor_page.paste_into_field(files=["plan.png"]).startswith(
        "1 picture left out: pictures cannot be stored here."
    )
    assert editor_page.paste_into_field(files=["table.png"], plain="A\tB") == ""
    assert editor_page.paste_into_field(plain="words") == ""


def test_links_keep_one_rule_and_are_said_when_they_are_left_out(editor_page: EditorPage) -> None:
    note = "1 link left out, its words are here: no possible address."
    for address in ("https:example.org", "https://example.org/" + "a" * 2_000, "/measures/7", "javascript:alert(1)"):
        answer = editor_page.paste(f"<p>see <a href='{address}'>there</a></p>")
        assert (answer.html, answer.note) == ("<p>see there</p>", note)
    for address, kept in (
        ("https://example.org/a b", "https://example.org/a%20b"),
        ("https://exam\nple.org/", "https://example.org/"),
        (" mailto:a@example.org ", "mailto:a@example.org"),
    ):
        answer = editor_page.paste(f"<a href='{address}'>there</a>")
        assert (answer.html, answer.note) == (f'<p><a href="{kept}" rel="noopener noreferrer">there</a></p>', "")
    assert editor_page.paste("<a href='#top'>up</a><a name='x'>here</a>").note == ""


def numbered(order: int | None, *words: str) -> Node:
    items = [{"type": "list_item", "content": [rich_text.from_plain_text(one)["content"][0]]} for one in words]
    attributes = {"attrs": {"order": order}} if order is not None else {}
    return {"type": "doc", "content": [{"type": "ordered_list", **attributes, "content": items}]}


@pytest.mark.parametrize("order", [None, 0, 3, 10_000])
def test_a_list_keeps_its_first_number_when_somebody_types_in_it(editor_page: EditorPage, order: int | None) -> None:
    answer = editor_page.type(" more", numbered(order, "one", "two"))
    assert answer.stored == numbered(order, "one", "two more")
    assert answer.shown == answer.elsewhere
    start = "" if order is None else f' start="{order}"'
    assert rich_text.to_html(answer.stored).startswith(f"<ol{start}>")
    assert answer.html.startswith(f"<ol{start}>")


@pytest.mark.parametrize(
    ("html", "order"),
    [
        ("<ol start=3><li>one<li>two</ol>", 3),
        ("<ol><li value=7>one<li>two</ol>", 7),
        (
            "<p style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>4.</span>one</p>"
            "<p style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>5.</span>two</p>",
            4,
        ),
        ("<ol start=1><li>one<li>two</ol>", None),
        ("<ol start=20000><li>one<li>two</ol>", None),
        ("<ol start=x><li>one<li>two</ol>", None),
    ],
)
def test_a_pasted_list_begins_where_it_began(editor_page: EditorPage, html: str, order: int | None) -> None:
    assert editor_page.paste(html).stored == numbered(order, "one", "two")


def test_lists_nest_as_deeply_as_the_server_takes_and_no_deeper(editor_page: EditorPage) -> None:
    deepest = editor_page.paste("<ul><li>" * 19 + "x")
    assert (rich_text.to_plain_text(deepest.stored), deepest.note) == ("x", "")
    deeper = editor_page.paste("<ul><li>x" * 20)
    assert (deeper.stored, deeper.note) == (rich_text.empty_text(), "Lists cannot be nested more deeply.")


def test_whatever_is_pasted_is_stored_as_it_is_shown_and_read_by_others_so(editor_page: EditorPage) -> None:
    chance = random.Random(14)
    pieces = [_Piece(chance) for _ in range(steps(80, 3_000))]
    for piece, answer in zip(pieces, editor_page.paste_all([piece.html for piece in pieces]), strict=True):
        assert answer.shown == answer.elsewhere, piece.html
        assert rich_text.normalised(_ordered(answer.shown)) == answer.stored, piece.html
        words = [word for word in rich_text.to_plain_text(answer.stored).split() if word != "|"]
        assert sorted(words) == sorted(piece.words), piece.html
    assert sum(bool(piece.struck) for piece in pieces) > 10, "hardly anything was struck"


def test_the_server_refuses_a_link_against_the_rule() -> None:
    from pycrdt import Doc, XmlElement, XmlFragment, XmlText

    from klimawerk.collab.validation.validator import UpdateValidator

    def judged(href: object) -> None:
        document: Doc[XmlFragment] = Doc()
        run = XmlText()
        document.get("text.en", type=XmlFragment).children.append(XmlElement("paragraph", {}, [run]))
        run.insert(0, "words", {"link": {"href": href}})
        UpdateValidator({"text.en"}).judge(document.get_update())

    judged("https://example.org/")
    for href in ("https:example.org", "https://example.org/" + "a" * 2_000, None, 7, "//example.org"):
        with pytest.raises(EventRefused, match="invalid"):
            judged(href)


def _ordered(node: Node) -> Node:
    """The browser's JSON without attributes that have their default value."""
    stripped = {key: value for key, value in node.items() if key != "attrs"}
    if attributes := {key: value for key, value in node.get("attrs", {}).items() if value is not None}:
        stripped["attrs"] = attributes
    if "content" in node:
        stripped["content"] = [_ordered(child) for child in node["content"]]
    return stripped


def _opened(around: tuple[str, ...], tag: str) -> tuple[str, ...]:
    """The open inline elements after the start tag `tag`, as the HTML standard parses it.

    A link within a link ends the outer one and a <del> in it; "formatting elements", as <s> and <strike>, go on.
    """
    if tag == "a" and "a" in around:
        outer = around.index("a")
        around = (*around[:outer], *(other for other in around[outer + 1 :] if other != "del"))
    return (*around, tag)


class _Piece:
    """Random HTML as programs put it on the clipboard. `words`: those that must arrive, each by itself."""

    BLOCKS = (
        "p",
        "div",
        "h1",
        "h3",
        "h6",
        "blockquote",
        "section",
        "dt",
        "summary",
        "center",
        "address",
        "pre",
        "main",
    )
    INLINE = ("b", "i", "em", "strong", "u", "span", "code", "sub", "font", "ins", "a", "q", "label", "unknown")
    STRUCK = ("del", "s", "strike")
    ADDRESSES = ("https://example.org/", "https:example.org", "mailto:a@example.org", "", "x:y", "https://a b/")
    STYLES = ("font-weight:700", "font-style:italic", "font-weight:normal", "color:red", "display:block")

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.words: list[str] = []
        self.struck = 0
        self.html = "".join(self._block(0) for _ in range(chance.randint(1, 4)))

    def _block(self, depth: int) -> str:
        kind = self._chance.random()
        if depth > 4 or kind < 0.35:
            return f"<p>{self._inline(depth)}</p>"
        if kind < 0.6:
            tag = self._chance.choice(self.BLOCKS)
            return f"<{tag}{self._style()}>{self._some(depth)}</{tag}>"
        if kind < 0.85:
            tag, start = self._chance.choice([("ul", ""), ("ol", ""), ("ol", f" start={self._chance.randint(-2, 12)}")])
            items = "".join(f"<li>{self._some(depth)}</li>" for _ in range(self._chance.randint(0, 3)))
            return f"<{tag}{start}>{items}</{tag}>"
        width = self._chance.randint(1, 3)
        row = (f"<td{self._style()}>{self._some(depth)}</td>" for _ in range(width))
        return f"<table><tr>{''.join(row)}</tr></table>"

    def _some(self, depth: int) -> str:
        parts: tuple[Callable[[int], str], ...] = (self._block, self._inline)
        return "".join(self._chance.choice(parts)(depth + 1) for _ in range(self._chance.randint(0, 3)))

    def _inline(self, depth: int, around: tuple[str, ...] = ()) -> str:
        """`around`: the inline elements that are open here, outermost first."""
        kind = self._chance.random()
        live = not any(tag in self.STRUCK for tag in around)
        if depth > 6 or kind < 0.5:
            word = f"w{len(self.words) + self.struck}"
            if live:
                self.words.append(word)
            else:
                self.struck += 1
                word = f"gone{self.struck}"
            return self._chance.choice([" ", "<br>", "\n"]) + f"{word} "
        if kind < 0.6 and live:
            tag = self._chance.choice(self.STRUCK)
            return f"<{tag}>{self._inline(depth + 1, (*around, tag))}</{tag}>"
        tag = self._chance.choice(self.INLINE)
        address = f' href="{self._chance.choice(self.ADDRESSES)}"' if tag == "a" else ""
        style = self._style()
        return f"<{tag}{address}{style}>{self._inline(depth + 1, _opened(around, tag))}</{tag}>"

    def _style(self) -> str:
        return f' style="{self._chance.choice(self.STYLES)}"' if self._chance.random() < 0.3 else ""
