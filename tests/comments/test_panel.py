"""The panel beside a sheet: a comment takes three presses, tabs switch in place, and nothing loads unasked."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.comments.conftest import Table, said
from tests.comments.test_live_threads import ready

Open = Callable[..., Page]


def test_a_comment_on_a_field_takes_three_presses(table: Table, page_for: Open) -> None:
    page = page_for(table.person("editor", "partner"), path=f"/measures/{table.measure.id}")
    ready(page)
    text = page.locator(f"kw-text#t-{table.measure.id}-description-en")
    text.locator("p").first.click()
    page.locator("aside.panel").get_by_role("link", name="Comment", exact=True).click()
    box = page.locator("form[id^=begin] textarea")
    expect(box).to_be_focused()
    page.keyboard.type("So few?")
    expect(page.locator("form[id^=begin] .comment-options > summary")).to_have_text(
        "Question, for everybody, about: Description (EN)"
    )
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#thread-1 > .about")).to_have_text("Description (EN) Question")
    expect(page.locator("aside.panel .compose > summary")).to_be_focused()
    expect(page.locator("form[id^=begin]")).to_be_hidden()

    # With the keyboard: the row where one is, the key "c", the words, and Enter on the button.
    page.locator("[id^=row-] :is(button:not([disabled]), a)").first.focus()
    page.keyboard.press("c")
    expect(box).to_be_focused()
    page.keyboard.type("Already done?")
    page.get_by_role("button", name="Send").press("Enter")
    expect(page.locator("#thread-2 > .about")).to_contain_text("Step “Analyse the waste”")
    assert [thread.field for thread in table.threads] == ["description.en", "text.en"]


def test_on_a_phone_the_form_comes_over_the_sheet_and_goes_back_to_where_one_was(table: Table, page_for: Open) -> None:
    size = {"width": 480, "height": 800}
    page = page_for(table.person("editor", "partner"), path=f"/measures/{table.measure.id}", viewport=size)
    ready(page)
    expect(page.locator("aside.panel")).to_be_hidden()
    expect(page.locator(".jump")).to_be_visible()
    page.locator(f"kw-text#t-{table.measure.id}-description-en p").first.click()
    page.locator(".comment-key").click()
    expect(page.locator("form[id^=begin] .comment-options > summary")).to_contain_text("about: Description (EN)")
    page.keyboard.press("Escape")
    expect(page.locator("aside.panel")).to_be_hidden()
    page.locator(".comment-key").click()
    expect(page.locator("form[id^=begin] textarea")).to_be_focused()
    page.keyboard.type("So few?")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#thread-1 .words")).to_have_text("So few?")
    expect(page.locator(f"#jump-talks-{table.measure.id}")).to_contain_text("1")


def test_open_threads_come_when_the_page_is_idle_and_count_as_read_once_they_are_used(
    table: Table, page_for: Open
) -> None:
    table.thread("Who pays?", by=table.member(side="partner"))
    asked: list[str] = []
    page = page_for(table.person())
    page.on("request", lambda request: asked.append(request.url) if "/comments/" in request.url else None)
    page.goto(f"/measures/{table.measure.id}")
    expect(page.locator("aside.panel #thread-1")).to_be_visible()
    assert [url.rsplit("/", 1)[1] for url in asked] == ["panel"]
    with page.expect_request(re.compile("/comments/read$")):
        page.locator("#thread-1").hover()
    page.locator("aside.panel [data-tab=missing]").click()
    expect(page.locator("#missing")).to_be_visible()
    expect(page.locator("#thread-1")).to_be_hidden()
    assert page.url.endswith(f"/measures/{table.measure.id}")


@pytest.mark.parametrize(("threads", "saver"), [(0, False), (1, True)], ids=["none", "data saver"])
def test_nothing_is_loaded_unasked_without_threads_or_with_the_data_saver(
    table: Table, page_for: Open, threads: int, saver: bool
) -> None:
    if threads:
        table.thread("Who pays?")
    asked: list[str] = []
    page = page_for(table.person(), extra_http_headers={"Save-Data": "on"} if saver else {})
    page.on("request", lambda request: asked.append(request.url) if "/panel" in request.url else None)
    page.goto(f"/measures/{table.measure.id}")
    ready(page)
    page.evaluate("() => new Promise((done) => requestIdleCallback(() => setTimeout(done, 100)))")
    assert asked == []
    page.locator("aside.panel [data-tab=comments]").click()
    expect(page.locator("aside.panel .threads")).to_be_visible()


def test_the_closed_panel_costs_a_measure_s_page_next_to_nothing(table: Table) -> None:
    for number in range(30):
        table.thread(f"Question {number}")
    html = table.voice().client.get(f"/measures/{table.measure.id}").get_data(as_text=True)
    panel = html[html.index('<aside class="panel"') : html.index("</aside>")]
    listed = panel[panel.index('<div id="missing">') :]
    closed = panel.removesuffix(listed)
    assert "Question 1" not in said(panel)
    assert len(re.findall(r"<[a-z]", closed)) <= 20
    assert len(re.findall(r"<(a|button|input|select|textarea|summary)\b", closed)) == 4
    assert len(closed) <= 1_600


def test_every_tab_is_a_link_that_works_without_scripts(table: Table) -> None:
    client = table.voice().client
    html = client.get(f"/measures/{table.measure.id}").get_data(as_text=True)
    addresses = re.findall(r'<a href="([^"]+)" data-tab', html)
    assert addresses == [f"/items/{table.measure.id}/comments", f"/items/{table.measure.id}/history", "#missing"]
    assert [client.get(address).status_code for address in addresses[:2]] == [200, 200]
    assert 'id="missing"' in html
    assert "data-comment-key" in html
    assert "data-comment-key" not in table.voice("observer").client.get(f"/measures/{table.measure.id}").text
