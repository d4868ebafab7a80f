"""Anchors: a comment on a passage follows it wherever it moves, and says so when the passage is gone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from klimawerk.collab.rich_text import from_plain_text
from klimawerk.collab.storage import document_store, projection
from klimawerk.comments import anchors
from klimawerk.database import writing
from klimawerk.extensions import db
from tests.browsers import begin_to_write, move_caret, selection_read
from tests.comments.conftest import Table
from tests.comments.test_live_threads import ready
from tests.offline.browser_store import wait_until

TEXT = "Forty bins near the market.\n\nForty bins near the school.\n\nAll are emptied daily."
MARK = "mark.passage"
Open = Callable[..., Page]


@pytest.fixture
def sheet_of(page_for: Open, table: Table) -> Open:
    """`sheet_of(role, side)`: a window of that user on the measure with the editor; its description is `TEXT`."""
    with writing():
        document_store.replace_contents(table.measure.name, {"description.en": from_plain_text(TEXT)})
    projection.project_now(table.measure.name)

    def open_sheet(role: str = "editor", side: str = "de", query: str = "", **options: Any) -> Page:
        page = page_for(table.person(role, side), path=f"/measures/{table.measure.id}{query}", **options)
        ready(page)
        body(page, table).and_(page.locator(".ProseMirror")).wait_for()
        return page

    return open_sheet


def body(page: Page, table: Table) -> Locator:
    return page.locator(f"#t-{table.measure.id}-description-en .text-body")


def select(page: Page, table: Table, words: str, nth: int = 0) -> None:
    """Select these words, as by dragging."""
    done = body(page, table).evaluate(
        """(body, [words, nth]) => {
          const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT)
          for (let node; (node = walker.nextNode()); ) {
            const at = node.data.indexOf(words)
            if (at < 0 || nth--) continue
            getSelection().setBaseAndExtent(node, at, node, at + words.length)
            return true
          }
        }""",
        [words, nth],
    )
    assert done, words
    selection_read(page)


def ask_about(page: Page, table: Table, words: str, question: str, nth: int = 0) -> None:
    """Select words and open a thread about them."""
    select(page, table, words, nth)
    page.get_by_role("button", name=re.compile("Comment on these words|Zu diesen Worten")).click()
    form = page.locator("form[id^=begin]")
    expect(form.locator("textarea")).to_be_focused()
    page.keyboard.type(question)
    form.get_by_role("button").click()
    expect(page.locator(".comment:not(.pending) .words").filter(has_text=question)).to_be_visible()


def paragraph(page: Page, table: Table, nth: int) -> Locator:
    return body(page, table).locator("p, h3").nth(nth)


def projected(table: Table) -> str:
    """The projected text of the description, as lists and comments read it."""
    db.session.rollback()
    return document_store.texts([table.measure.name])[table.measure.name]["description.en"].plain


def edit(page: Page, table: Table) -> None:
    begin_to_write(page.locator(f"#t-{table.measure.id}-description-en"))


@pytest.mark.slow
def test_the_second_of_equal_words_is_marked_and_moves_with_its_text(
    any_database: str, table: Table, sheet_of: Open
) -> None:
    theirs, ours = sheet_of("reviewer", "partner", viewport={"width": 480, "height": 800}), sheet_of()
    expect(ours.locator(MARK)).to_have_count(0)
    ask_about(theirs, table, "Forty bins", "So few?", nth=1)
    for page in (theirs, ours):
        expect(paragraph(page, table, 1).locator(MARK)).to_have_text("Forty bins")
        expect(page.locator(MARK)).to_have_count(1)
    assert table.comments
    assert set(table.threads[0].anchor) == {"from", "to", "before", "after"}

    edit(ours, table)
    move_caret(ours, "Control+Home")
    ours.keyboard.type("A new beginning. ")
    ours.keyboard.press("Enter")
    for page in (theirs, ours):
        expect(paragraph(page, table, 2).locator(MARK)).to_have_text("Forty bins")

    # Turned into a heading all of it is written anew: now the words lead there, and not to the first ones.
    select(ours, table, "Forty bins", nth=1)
    ours.keyboard.press("Control+Alt+3")
    for page in (theirs, ours):
        expect(body(page, table).locator("h3").locator(MARK)).to_have_text("Forty bins")
    expect(theirs.locator("#thread-1")).not_to_contain_text("The text has changed since.")


@pytest.mark.slow
def test_where_a_word_was_changed_the_mark_stays_and_where_all_are_gone_the_thread_says_so(
    table: Table, sheet_of: Open
) -> None:
    ours = sheet_of("editor", "partner")
    ask_about(ours, table, "emptied daily", "By whom?")
    edit(ours, table)
    select(ours, table, "daily")
    ours.keyboard.type("weekly")
    expect(ours.locator(MARK)).to_have_text("emptied weekly")
    select(ours, table, "emptied weekly")
    ours.keyboard.press("Delete")
    expect(ours.locator(MARK)).to_have_count(0)
    ours.keyboard.press("Escape")
    thread = ours.locator("#thread-1")
    expect(ours.locator("#save-state[data-state=saved]")).to_be_visible()
    wait_until(ours, lambda: "emptied" not in projected(table))
    ours.reload()
    ours.locator("[data-tab=comments]").click()
    expect(thread).to_contain_text("emptied daily")
    expect(thread.locator(".changed-since summary")).to_have_text("The text has changed since.")


def test_words_are_found_in_a_text_of_before_that_is_composed_in_another_way(table: Table, sheet_of: Open) -> None:
    ours = sheet_of("editor", "partner")
    words = "Cafe\u0301 Mu\u0308l\u00adler"
    run = {"type": "text", "text": f"{'😀' * 41} {words} here."}  # half a letter would make the anchor none
    with writing():
        document_store.replace_contents(
            table.measure.name,
            {"description.en": {"type": "doc", "content": [{"type": "paragraph", "content": [run]}]}},
        )
    projection.project_now(table.measure.name)
    ours.reload()
    ready(ours)
    body(ours, table).and_(ours.locator(".ProseMirror")).wait_for()
    ask_about(ours, table, words, "Open?")
    expect(ours.locator(MARK)).to_have_text(words)
    assert table.comments
    assert set(table.threads[0].anchor) == {"from", "to", "before", "after"}
    expect(ours.locator("#thread-1")).not_to_contain_text("The text has changed since.")


def test_from_the_words_to_the_thread_and_back_also_from_another_page(table: Table, sheet_of: Open) -> None:
    page = sheet_of("reviewer", "partner", viewport={"width": 320, "height": 640})
    ask_about(page, table, "near the school", "Which one?")
    page.reload()
    page.locator(MARK).click()
    page.get_by_role("link", name="Question on these words").click()
    expect(page.locator("#thread-1 > .about")).to_be_focused()
    page.get_by_role("link", name="Description (EN)", exact=True).click()
    expect(page.locator(f"#t-{table.measure.id}-description-en")).to_be_focused()
    expect(page.locator(MARK)).to_be_in_viewport()

    page.goto(page.url.replace(f"/measures/{table.measure.id}", "/threads/1").partition("?")[0].partition("#")[0])
    page.get_by_role("link", name="Description (EN)", exact=True).click()
    expect(page.locator(f"#t-{table.measure.id}-description-en")).to_be_focused()
    expect(page.locator(MARK)).to_be_in_viewport()


@pytest.mark.slow
def test_what_is_resolved_or_said_on_the_other_side_leaves_no_mark(table: Table, sheet_of: Open) -> None:
    ours, theirs = sheet_of(), sheet_of("editor", "partner")
    only = {"about": "description.en", "side": "de"}
    table.voice().begin("Für alle", about="description.en", passage="near the market")
    table.voice().begin("Nur wir", passage="emptied daily", **only)
    expect(ours.locator(MARK)).to_have_count(2)
    expect(theirs.locator(MARK)).to_have_text("near the market")
    assert "emptied" not in theirs.locator("[id^=passages-]").inner_html()
    assert table.voice().do("/threads/1/resolve", outcome="Ja").status_code == 303
    expect(ours.locator(MARK)).to_have_count(1)
    expect(ours.locator(MARK)).to_have_text("emptied daily")
    expect(theirs.locator(MARK)).to_have_count(0)


@pytest.mark.parametrize(
    "sent",
    [
        {"from": "AAAA", "to": "////"},
        {"from": "no base64 at all!", "to": "AQ=="},
        {"from": "AQVUSVRMRQA=", "to": "AQVUSVRMRQA="},
        {"before": "x" * 40, "after": "\u0000\uffff"},
    ],
    ids=["bytes", "letters", "a name", "others' letters"],
)
def test_a_senseless_anchor_disturbs_nobody(table: Table, sheet_of: Open, sent: dict[str, str]) -> None:
    anchor = json.dumps({"words": "emptied daily", **sent})
    assert table.voice().begin("?", about="description.en", passage="emptied daily", anchor=anchor).status_code == 303
    page = sheet_of()
    expect(page.locator(MARK)).to_have_text("emptied daily")


def test_an_anchor_is_kept_only_for_its_own_words_and_within_bounds() -> None:
    def kept(sent: Any, passage: str = "some words") -> dict[str, str]:
        return anchors.anchor_in({"anchor": sent if isinstance(sent, str) else json.dumps(sent)}, passage)

    whole = {"before": "a", "after": "b", "from": "AQ==", "to": "AQ=="}
    assert kept({"words": "some words", **whole, "more": "x"}) == whole
    assert kept({"words": "some words", "from": 7}) == {}
    for refused in (
        "",
        "[",
        "[]",
        "7",
        "[" * 100_000,
        {**whole, "words": "others"},
        {"words": "some words", "from": "A" * 201},
    ):
        assert kept(refused) == {}
    assert kept({"words": "", **whole}, "") == {}


def test_words_that_stood_twice_and_stand_once_have_changed() -> None:
    assert anchors.count_occurrences("Forty bins. Forty\n bins.", "Forty bins") == 2
    assert anchors.count_occurrences("Forty", "Forty bins") == 0
