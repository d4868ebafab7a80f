"""Calling people by name: who can see the thread can be called, by hand or from a list that the keyboard works."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from klimawerk.comments.mentions import called
from klimawerk.comments.models import CommentMention
from klimawerk.extensions import db
from tests.comments.conftest import Table
from tests.comments.test_live import Open, page_of, write

__all__ = ["page_of"]


def mentioned(table: Table) -> set[tuple[int, int]]:
    db.session.rollback()
    return {(one.comment_id, one.person_id) for one in db.session.scalars(db.select(CommentMention))}


def test_names_are_found_whole() -> None:
    names = {1: "Ama", 2: "Ama Osei", 3: "Kofi"}
    assert called("@Ama Osei, please", names) == {2}
    assert called("(@Ama) and @Kofi.", names) == {1, 3}
    assert called("@Amanda, a@Kofi, Ama", names) == set()


def test_who_is_called_is_remembered_and_marked(any_database: str, table: Table) -> None:
    voice, theirs = table.voice(), table.person("reviewer", "partner")
    voice.begin("@Reviewer partner and @Nobody at all: <b>look</b>")
    assert mentioned(table) == {(1, theirs.id)}
    page = table.voice("reviewer", "partner").page("?mine=yes")
    assert '<strong class="mention">@Reviewer partner</strong> and @Nobody at all: &lt;b&gt;' in page
    voice.do("/comments/1", words="@Editor partner instead")
    assert mentioned(table) == {(1, table.person("editor", "partner").id)}
    voice.do("/comments/1/delete")
    assert mentioned(table) == set()


def test_nobody_is_called_into_a_thread_that_they_cannot_see(table: Table) -> None:
    table.voice().begin("@Reviewer partner and @Reviewer de", side="de")
    assert mentioned(table) == {(1, table.person("reviewer").id)}
    voice = table.voice()
    everybody = {one["name"] for one in voice.client.get(f"/items/{voice.item}/people").json or []}
    ours = {one["name"] for one in voice.client.get(f"/items/{voice.item}/people?side=own").json or []}
    assert "Reviewer partner" in everybody
    assert ours == {"Coordinator de", "Editor de", "Reviewer de", "Observer de"}


def test_the_keyboard_chooses_from_the_list(table: Table, page_of: Open) -> None:
    page: Page = page_of("editor", "partner")
    write(page, "")
    box = page.locator("form[id^=begin] textarea")
    box.click()
    page.keyboard.type("Please, @rev")
    options = page.locator(".mentions [role=option]")
    expect(options).to_have_text(["Reviewer de, Wiesenbrück", "Reviewer partner, Abenkrom"])
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", options.nth(1).get_attribute("id") or "?")
    page.keyboard.press("Enter")
    expect(box).to_have_value("Please, @Reviewer partner ")
    expect(options).to_have_count(0)
    page.keyboard.type("and @Ed")
    expect(options).to_have_count(2)
    page.keyboard.press("Escape")
    expect(options).to_have_count(0)
    expect(box).to_have_value("Please, @Reviewer partner and @Ed")
    page.get_by_label("Only Abenkrom").check()
    box.press("End")
    page.keyboard.type("i")
    expect(options).to_have_text(["Editor partner, Abenkrom"])  # the others cannot see it
    page.keyboard.press("Escape")
    page.locator("form[id^=begin]").get_by_role("button", name="Send").click()
    expect(page.locator(".mention")).to_have_text("@Reviewer partner")
    assert mentioned(table) == {(1, table.person("reviewer", "partner").id)}
