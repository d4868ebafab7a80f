"""Keyboard operation and visible focus; limited announcements; reduced motion and forced colours."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from klimawerk.config import ROOT
from tests.journeys.conftest import ExampleSite
from tests.sheet_page import open_row

STEPS = "section[id^=rows-][id$=-steps]"

# The focused element, and whether it is hidden: covered or out of view at two corners and its centre.
_FOCUS = """() => {
  const one = document.activeElement
  const box = one.getBoundingClientRect()
  const middle = [box.left + box.width / 2, box.top + box.height / 2]
  const seen = [[box.left + 3, box.top + 3], [box.right - 3, box.bottom - 3], middle].filter(([x, y]) => {
    const top = document.elementFromPoint(x, y)
    return top && (one.contains(top) || (top.contains(one) && !top.matches("html, body")))
  })
  return { end: one === document.body, hidden: !seen.length && box.height > 0, html: one.outerHTML.slice(0, 120) }
}"""


@pytest.fixture
def page(house: ExampleSite) -> Page:
    page = house.window("editor", "en")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")
    return house.go(page, "other measure", "?show=en")


def test_tab_leads_to_the_content_enter_begins_to_edit_and_escape_leads_back(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    edit = page.locator("kw-text[id*=-description-en] .text-edit")
    for _step in range(60):
        page.keyboard.press("Tab")
        if edit.evaluate("(one) => one === document.activeElement"):
            break
    expect(edit).to_be_focused()
    page.keyboard.press("Enter")
    text = page.locator("kw-text[id*=-description-en]")
    expect(text.get_by_role("textbox")).to_be_focused()
    page.keyboard.press("Alt+F10")
    expect(text.get_by_role("toolbar").get_by_role("button").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(text.get_by_role("textbox")).to_be_focused()
    page.keyboard.press("Escape")
    expect(edit).to_be_focused()
    expect(text.get_by_role("textbox")).to_have_count(0)


def test_at_a_zoom_of_200_percent_the_keyboard_reaches_the_texts_of_each_language(page: Page) -> None:
    page.set_viewport_size({"width": 640, "height": 450})
    for language in ("de", "en"):
        page.locator(f"[data-show-language={language}]").click()
        edit = page.locator(f"kw-text[id*=-description-{language}] .text-edit")
        for _step in range(20):
            page.keyboard.press("Tab")
            if edit.evaluate("(one) => one === document.activeElement"):
                break
        expect(edit).to_be_focused()


@pytest.mark.parametrize("width", [1280, 320])
def test_what_has_the_focus_is_never_covered(house: ExampleSite, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    for key, steps in (("Tab", 90), ("Shift+Tab", 60)):
        for _step in range(steps):
            page.keyboard.press(key)
            focus = page.evaluate(_FOCUS)
            if focus["end"]:
                break
            assert not focus["hidden"], f"covered after {key}: {focus['html']}"


def test_rows_are_added_moved_and_deleted_and_the_focus_stays_with_them(page: Page) -> None:
    steps = page.locator(STEPS)
    rows = steps.locator("[data-row]")
    count = rows.count()
    steps.locator(".row-add button").focus()
    page.keyboard.press("Enter")
    expect(rows).to_have_count(count + 1)
    expect(rows.last.locator("input:not([type=hidden]), select, textarea").first).to_be_focused()

    name = rows.last.get_attribute("id")
    new_row = page.locator(f"[id='{name}']")
    expect(new_row.locator("[data-row-form]")).to_be_visible()
    new_row.locator(".row-up").focus()
    page.keyboard.press("Enter")
    expect(rows.nth(count - 1)).to_have_attribute("id", name or "")
    expect(new_row.locator(".row-up")).to_be_focused()
    for _step in range(count - 1):
        index = rows.evaluate_all("(all, id) => all.findIndex((one) => one.id === id)", name)
        page.keyboard.press("Enter")
        expect(rows.nth(index - 1)).to_have_attribute("id", name or "")
    # The first row cannot move up; the focus stays in the row.
    expect(new_row.locator("button:focus")).to_have_count(1)

    new_row.locator(".row-delete").focus()
    page.keyboard.press("Enter")
    expect(rows).to_have_count(count)
    expect(steps.locator(":focus")).to_have_count(1)


def test_each_passage_says_its_language(page: Page) -> None:
    for code in ("de", "en"):
        assert page.locator(f"kw-text[data-part={code}][lang={code}]").count() > 3
    assert page.locator("kw-text:not([lang])").count() == 0
    assert page.locator("kw-text[lang=de] .text-edit:not([lang=en])").count() == 0
    open_row(page, page.locator(f"{STEPS} tr[data-row]").first.get_attribute("data-row") or "")
    assert page.locator("[data-part] :is(input:not([type=hidden]), textarea)[lang]").count() > 1
    assert page.locator("[data-part] :is(input:not([type=hidden]), textarea):not([lang])").count() == 0
    assert page.locator(".outline a > span:not(.code, .count):not([lang])").count() == 0


def test_no_more_than_one_sentence_in_twenty_seconds(house: ExampleSite) -> None:
    page = house.windows.open()
    page.clock.install()
    page.goto("/login")
    script = page.request.get("/login").text()  # checks that the page is there
    assert "announce" in script
    page.route("**/announce.js", lambda route: route.fulfill(path=ROOT / "static" / "js" / "announce.js"))
    page.evaluate("import('/announce.js').then((module) => (window.announce = module))")
    page.wait_for_function("window.announce")
    region = page.locator("#announce")
    page.evaluate("announce.announce('One')")
    page.clock.run_for(500)
    expect(region).to_have_text("One")
    page.evaluate("announce.announce('Two', 2)")
    page.evaluate("announce.announce('Three', 1)")
    page.clock.run_for(18_000)
    expect(region).to_have_text("One")
    page.clock.run_for(2_500)
    expect(region).to_have_text("Two")
    page.context.close()


def test_nothing_moves_for_those_who_asked_for_it(page: Page) -> None:
    menu = "document.querySelector('details.account').toggleAttribute('open', true)"
    moving = "document.getAnimations().length"
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(f"{menu}, {moving}") > 0
    page.keyboard.press("Escape")
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(f"{menu}, {moving}") == 0
    page.keyboard.press("Escape")


def test_forced_colours_keep_focus_and_choice_in_sight(page: Page) -> None:
    page.emulate_media(forced_colors="active")
    outline = "(one) => getComputedStyle(one).outlineStyle"
    page.locator("kw-text .text-edit").first.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.locator("kw-text[id*=-description-en] .text-edit").click()
    assert page.locator("kw-text.is-editing .text-body").evaluate(outline) == "solid"
    chosen, other = (page.locator(f".switch a{which}").first for which in ("[aria-current]", ":not([aria-current])"))
    look = "(one) => getComputedStyle(one).backgroundColor"
    assert chosen.evaluate(look) != other.evaluate(look)
    assert [one.evaluate(outline) for one in (chosen, other)] == ["solid", "none"]
    pen = "getComputedStyle(document.querySelector('kw-field > .pen'), '::before').backgroundColor"
    assert page.evaluate(pen) != page.evaluate("getComputedStyle(document.body).backgroundColor"), "a pen is seen"
    page.emulate_media(forced_colors="none")
