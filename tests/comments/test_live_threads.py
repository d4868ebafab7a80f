"""Live comments: what one user writes appears for others, and nothing being written is disturbed, lost or doubled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browsers import selection_read
from tests.comments.conftest import Table
from tests.offline.browser_store import kept, wait_until, wait_until_nothing_is_kept

SAVED = "#save-state[data-state=saved]"
Open = Callable[..., Page]


@pytest.fixture
def page_of(page_for: Open, table: Table) -> Open:
    """`page_of(role, side)`: a connected window of that user on the comments; `path` opens another page."""

    def open_page(role: str = "editor", side: str = "de", path: str = "", **options: Any) -> Page:
        page = page_for(table.person(role, side), path=path or f"/items/{table.measure.id}/comments", **options)
        ready(page)
        return page

    return open_page


def ready(page: Page) -> None:
    page.locator(SAVED).wait_for()
    page.locator("html.draggable").wait_for()  # scripts that load when idle are there


def write(page: Page, words: str, form: str = "form[id^=begin]") -> None:
    """Type into the form for a new thread or a reply, without sending."""
    if not page.locator(form).is_visible():
        page.locator("details").filter(has=page.locator(form)).locator("summary").first.click()
    page.locator(f"{form} textarea").fill(words)


def send(page: Page, words: str, form: str = "form[id^=begin]") -> None:
    write(page, words, form)
    page.locator(form).get_by_role("button").click()


@pytest.mark.lines("refused", "two")
def test_a_question_an_answer_and_an_outcome_appear_on_the_other_s_page(
    any_database: str, line: str, table: Table, page_of: Open
) -> None:
    theirs = page_of("reviewer", "partner", viewport={"width": 320, "height": 640})
    ours = page_of(path=f"/measures/{table.measure.id}")
    send(theirs, "Who pays?")
    expect(theirs.locator(".comment:not(.pending) .words")).to_have_text("Who pays?")
    expect(theirs.locator("form[id^=begin] textarea")).to_have_value("")
    expect(ours.locator("[data-tab=comments]")).to_have_text("Kommentare , 1 offen")
    expect(ours.locator(".outline a[aria-current] .count")).to_have_text(", 1 offen")

    ours.locator("[data-tab=comments]").click()
    thread = ours.locator("#thread-1")
    expect(thread).to_contain_text("Reviewer partner")
    expect(ours.locator("[data-tab=comments]")).to_be_focused()
    assert ours.url.endswith(f"/measures/{table.measure.id}")
    send(ours, "Die Stadt.", "#reply-1")
    expect(theirs.locator("#comment-2 .words")).to_have_text("Die Stadt.")

    thread.locator("#settle-1 summary").click()
    thread.get_by_label("Ergebnis in einer Zeile").fill("Die Stadt zahlt.")
    thread.locator("#resolve-1 button").click()
    expect(theirs.locator("#thread-1 .outcome")).to_contain_text("Die Stadt zahlt.")
    expect(theirs.locator("#thread-1 h3")).to_contain_text("Resolved")
    expect(ours.locator("[id^=talks-]")).to_be_hidden()
    expect(ours.locator(".outline a[aria-current] .count")).to_have_count(0)


@pytest.mark.slow
def test_who_writes_is_not_disturbed(table: Table, page_of: Open) -> None:
    table.thread("Who pays?")
    page = page_of("editor", "partner")
    box = page.locator("#reply-1 textarea")
    write(page, "I think that ", "#reply-1")
    box.press("End")
    for number in range(3):
        table.voice().reply(1, f"Interruption {number}.")
        expect(page.locator("#thread-1")).to_contain_text(f"Interruption {number}.")
        page.keyboard.type("still ")
    table.thread("Something else")
    expect(page.locator("#thread-2")).to_be_visible()
    page.keyboard.type("mine")
    expect(box).to_be_focused()
    expect(box).to_have_value("I think that still still still mine")
    page.locator("h1").click()  # not even when the focus leaves
    table.thread("And more")
    expect(page.locator("#thread-3")).to_be_visible()
    expect(box).to_have_value("I think that still still still mine")
    page.locator("#reply-1").get_by_role("button").click()
    expect(page.locator("#comment-7 .words")).to_have_text("I think that still still still mine")
    assert [comment.words for comment in table.comments if "still" in comment.words] == [
        "I think that still still still mine"
    ]


@pytest.mark.slow
def test_what_is_written_without_a_line_arrives_once(any_database: str, table: Table, page_of: Open) -> None:
    table.thread("Who pays?")
    ours = page_of()
    theirs = page_of("reviewer", "partner", viewport={"width": 320, "height": 640})
    theirs.context.set_offline(True)
    expect(theirs.locator("#save-state[data-state=offline]")).to_be_visible()
    send(theirs, "Written on the train.", "#reply-1")
    waiting = theirs.locator("#thread-1 .pending")
    expect(waiting).to_contain_text("Written on the train.")
    expect(waiting).to_contain_text("Waiting for the connection")
    send(theirs, "And one more.")
    expect(theirs.locator("#save-line")).to_contain_text("2 changes not sent yet")
    theirs.context.set_offline(False)
    expect(ours.locator("#thread-1 .comment")).to_have_count(2)
    expect(ours.locator("#thread-2")).to_contain_text("And one more.")
    expect(theirs.locator(".pending")).to_have_count(0)
    ready(theirs)
    wait_until_nothing_is_kept(theirs)
    words = ["Who pays?", "Written on the train.", "And one more."]
    assert [comment.words for comment in table.comments] == words


def test_a_page_that_was_closed_leaves_its_comment_to_the_next_one(table: Table, page_of: Open) -> None:
    page = page_of("reviewer", "partner")
    page.context.set_offline(True)
    send(page, "Written on the train.")
    wait_until(page, lambda: "Waiting" in (page.locator(".pending").text_content() or ""))
    page.close(run_before_unload=False)
    assert table.comments == []
    page = page.context.new_page()
    page.context.set_offline(False)
    page.goto(f"/measures/{table.measure.id}")  # any page will do
    wait_until(page, lambda: len(table.comments) == 1)
    wait_until_nothing_is_kept(page)
    page.goto(f"/items/{table.measure.id}/comments")
    expect(page.locator(".comment .words")).to_have_text("Written on the train.")


def test_an_answer_that_is_lost_doubles_nothing(table: Table, page_of: Open) -> None:
    page = page_of("reviewer", "partner")
    lost = []

    def lose(route: Route) -> None:
        """The server has it; its answer never comes."""
        route.fetch()
        lost.append(route.request.url)
        route.abort()

    page.route("**/comments?*", lose, times=2)
    send(page, "Only once")
    expect(page.locator(".comment:not(.pending) .words")).to_have_text("Only once")
    wait_until(page, lambda: len(lost) == 2)  # the page may show it by a refresh before it is sent again
    expect(page.locator(".comment:not(.pending) .words")).to_have_text("Only once")
    assert [comment.words for comment in table.comments] == ["Only once"]


def test_a_draft_is_there_again_after_the_page_was_lost(table: Table, page_of: Open) -> None:
    table.thread("Who pays?")
    page = page_of("reviewer", "partner")
    write(page, "Half a thought", "#reply-1")
    page.locator("#reply-1 .comment-options > summary").click()
    page.locator("#reply-1 select").select_option("fr")
    wait_until(page, lambda: any("language=fr" in (record["body"] or "") for record in kept(page)))
    expect(page.locator(SAVED)).to_be_visible()  # no pending change
    page.close(run_before_unload=False)
    page = page.context.new_page()
    page.goto(f"/items/{table.measure.id}/comments")
    expect(page.locator("#reply-1 textarea")).to_have_value("Half a thought")
    expect(page.locator("#reply-1 select")).to_have_value("fr")
    ready(page)
    assert len(table.comments) == 1  # it was not sent by itself
    page.locator("#reply-1").get_by_role("button").click()
    expect(page.locator("#comment-2 .words")).to_have_text("Half a thought")
    page.reload()
    ready(page)
    expect(page.locator("#reply-1 textarea")).to_have_value("")


def test_what_is_refused_stays_for_copying(table: Table, page_of: Open) -> None:
    table.thread("Who pays?")
    page = page_of("reviewer", "partner")
    write(page, "Too late", "#reply-1")
    table.voice().do("/comments/1/delete")
    page.locator("#reply-1").get_by_role("button").click()
    expect(page.locator(".offer textarea")).to_have_value("Too late")
    expect(page.locator(".pending")).to_have_count(0)


def test_a_quotation_goes_into_the_reply(table: Table, page_of: Open) -> None:
    table.thread("Who pays?\n\nAnd when?")
    page = page_of("reviewer", "partner")
    page.get_by_role("link", name="Quote Editor de").click()
    box = page.locator("#reply-1 textarea")
    expect(box).to_be_focused()
    expect(box).to_have_value("> Who pays?\n>\n> And when?\n\n")
    page.keyboard.type("In May.")
    page.locator("#reply-1").get_by_role("button").click()
    expect(page.locator("#comment-2 blockquote")).to_contain_text("Who pays?")
    expect(page.locator("#comment-2")).to_contain_text("In May.")


def test_marked_words_are_commented_on_from_the_sheet(table: Table, page_of: Open) -> None:
    page = page_of("reviewer", "partner", path=f"/measures/{table.measure.id}")
    text = page.locator(f"#t-{table.measure.id}-description-en")
    text.locator(".text-body.ProseMirror").wait_for()  # drawing it again would lose the selection
    text.locator(".text-body p").evaluate(
        """(paragraph) => {
          const range = document.createRange()
          range.setStart(paragraph.firstChild, 0)
          range.setEnd(paragraph.firstChild, 10)
          getSelection().removeAllRanges()
          getSelection().addRange(range)
        }"""
    )
    selection_read(page)
    page.get_by_role("button", name="Comment on these words").click()
    form = page.locator("form[id^=begin]")
    expect(form.locator("textarea")).to_be_focused()
    page.keyboard.type("So few?")
    form.get_by_role("button").click()
    expect(page.locator("#thread-1 > .about")).to_have_text("Description (EN) Question")
    expect(page.locator("#thread-1 .subject q")).to_have_text("Forty bins")
