"""Mentions: whoever can see the thread can be mentioned, by typing or from a list that works with the keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from klimawerk.accounts import service
from klimawerk.comments.mentions import mentioned_ids
from klimawerk.comments.models import CommentMention
from klimawerk.database import writing
from klimawerk.extensions import db
from tests import factories
from tests.comments.conftest import Table
from tests.comments.test_live_threads import Open, page_of, write

__all__ = ["page_of"]


def mentioned(table: Table) -> set[tuple[int, int]]:
    db.session.rollback()
    return {(mention.comment_id, mention.person_id) for mention in db.session.scalars(db.select(CommentMention))}


def test_names_are_found_whole() -> None:
    names = {1: "Ama", 2: "Ama Osei", 3: "Kofi"}
    assert mentioned_ids("@Ama Osei, please", names) == {2}
    assert mentioned_ids("(@Ama) and @Kofi.", names) == {1, 3}
    assert mentioned_ids("@Amanda, a@Kofi, Ama", names) == set()


NAMES = {1: "Jürgen Groß", 2: "Ama", 3: "Ama Osei", 4: "Kofi O’Neill", 5: "Dr. Anna-Maria Weiß", 6: "🌳 Baum"}


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("@jürgen groß, bitte", {1}),
        ("@Jürgen  Groß", {1}),
        ("@Ju\u0308rgen\u00a0Gross", {1}),
        ("@JUERGEN GROSS!", {1}),
        ("@Jür\u00adgen Groß", {1}),
        ("@kofi o'neill", {4}),
        ("@Dr Anna Maria Weiss", {5}),
        ("@🌳 Baum", {6}),
        ("@Ama. Osei kommt", {2}),
        ("@Ama - Osei", {2}),
        ("@Ama\nOsei", {2}),
        ("@Jürgen", set()),
        ("@Jürgen\nGroß", set()),
        ("@Amanda, a@Kofi O’Neill, e\u0301@Ama, https://example.org/@Ama", set()),
    ],
)
def test_a_name_calls_in_any_spelling_and_only_whole(text: str, people: set[int]) -> None:
    assert mentioned_ids(text, NAMES) == people


def test_who_is_spelt_so_is_meant_and_else_everybody_who_is_alike() -> None:
    names = {1: "Jürgen Groß", 2: "Jurgen Gross", 3: "Kofi Mensah", 4: "Kofi Mensah"}
    assert mentioned_ids("@Jürgen Groß", names) == {1}
    assert mentioned_ids("@jurgen gross", names) == {2}
    assert mentioned_ids("@Juergen Groß", names) == {1, 2}
    assert mentioned_ids("@kofi mensah", names) == {3, 4}


def test_who_writes_learns_whom_an_at_does_not_call(table: Table) -> None:
    voice, theirs = table.voice(), table.person("reviewer", "partner")
    voice.begin("@reviewer  PARTNER, @Reviewer, @Nobody and a@b.example\n> @Quoted said so")
    assert mentioned(table) == {(1, theirs.id)}
    page = voice.page("?lang=en")
    assert '<strong class="mention">@reviewer  PARTNER</strong>' in page
    assert "“@Reviewer” calls nobody. Write the whole name: @Reviewer de, @Reviewer partner<" in page
    assert "“@Nobody” calls nobody: nobody who can see this has that name." in page
    assert page.count(" calls nobody") == 2
    assert " calls nobody" not in table.voice("editor", "partner").page("?lang=en"), "only its writer is told"
    voice.do("/comments/1", words="@Reviewer partner")
    assert " calls nobody" not in voice.page("?lang=en")


def test_whoever_is_called_in_a_quotation_is_not_called_again(table: Table) -> None:
    voice, called, also = table.voice(), table.person("reviewer", "partner"), table.person("observer", "partner")
    voice.begin("@Reviewer partner, please look")
    voice.reply(1, "> @Reviewer partner, please look\n\nI have looked, @Observer partner")
    voice.reply(1, ">> @Reviewer partner\n> I have looked, @Observer partner\n\nThanks")
    voice.reply(1, ">@Reviewer partner, once more")
    assert mentioned(table) == {(1, called.id), (2, also.id), (4, called.id)}
    voice.do("/comments/2", words="> @Observer partner\n\nyes")
    assert mentioned(table) == {(1, called.id), (4, called.id)}


def test_who_writes_learns_that_former_members_and_the_other_side_are_not_called(table: Table) -> None:
    former_member = factories.person("Esi Gone")
    factories.member(table.team.partnership, "de", "editor", who=former_member)
    voice = table.voice()
    voice.begin("@Esi Gone and @Reviewer partner", side="de")
    assert mentioned(table) == {(1, former_member.id)}
    service.end_person(former_member, by=None)
    voice.begin("@esi gone")
    assert mentioned(table) == {(1, former_member.id)}
    page = voice.page("?lang=en")
    assert "“@esi” calls nobody: nobody who can see this has that name." in page
    assert "“@Reviewer” calls nobody. Write the whole name: @Reviewer de<" in page


def test_two_people_of_one_name_are_both_called_and_the_writer_is_told(table: Table) -> None:
    twins = [factories.person("Kofi Mensah") for _ in range(2)]
    for twin in twins:
        factories.member(table.team.partnership, "de", "editor", who=twin)
    voice = table.voice()
    voice.begin("@kofi mensah")
    assert mentioned(table) == {(1, twin.id) for twin in twins}
    assert "Several people have the name “kofi mensah”. All of them are called." in voice.page("?lang=en")


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
    everybody = {person["name"] for person in voice.client.get(f"/items/{voice.item}/people").get_json()["people"]}
    ours = {person["name"] for person in voice.client.get(f"/items/{voice.item}/people?side=own").get_json()["people"]}
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
    page.locator("form[id^=begin] .comment-options > summary").click()
    page.get_by_label("Only Abenkrom").check()
    box.press("End")
    page.keyboard.type("i")
    expect(options).to_have_text(["Editor partner, Abenkrom"])  # the others cannot see it
    page.keyboard.press("Escape")
    page.locator("form[id^=begin]").get_by_role("button", name="Send").click()
    expect(page.locator(".mention")).to_have_text("@Reviewer partner")
    assert mentioned(table) == {(1, table.person("reviewer", "partner").id)}


def test_the_list_offers_a_name_however_it_is_spelt(table: Table, page_of: Open) -> None:
    with writing():
        table.person("reviewer", "partner").name = "Jürgen Groß"
    page: Page = page_of("editor", "partner")
    write(page, "")
    box = page.locator("form[id^=begin] textarea")
    options = page.locator(".mentions [role=option]")
    for typed in ("@Jur", "@Gross", "@Ju\u0308r", "@jürgen  gro", "@JUERGEN"):
        box.fill("")
        box.press_sequentially(typed)
        expect(options).to_have_text(["Jürgen Groß, Abenkrom"])
        box.press("Escape")
    box.fill("")
    box.press_sequentially("@Jar")
    expect(options).to_have_count(0)
    box.fill("")
    box.press_sequentially("@gross")
    box.press("Enter")
    expect(box).to_have_value("@Jürgen Groß ")
    expect(options).to_have_count(0)
