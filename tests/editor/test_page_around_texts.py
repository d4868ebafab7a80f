"""The page around the texts: presence, pasting, content security policy, signing in again, accessibility."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from klimawerk.measures.models import Measure
from tests import factories, servers
from tests.browsers import account_menu, move_caret
from tests.editor.conftest import SheetWindow, paste
from tests.factories import Team

SheetFor = Callable[..., SheetWindow]
AXE = Path(__file__).resolve().parents[1] / "vendor" / "axe.min.js"

FROM_WORD = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style>p {color: red}
<!-- span.Gone {text-decoration: line-through} --></style></head>
<body><!--StartFragment--><h1 style='mso-list:none'>Aim<o:p></o:p></h1>
<p class=MsoNormal style='margin:0'>Plain <b style='mso-bidi-font-weight:normal'>bold</b>
<span style='font-style:italic'>slanted</span></p>
<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><![if !supportLists]><span><span
style='mso-list:Ignore'>·<span>&nbsp; </span></span></span><![endif]>First</p>
<p class=MsoListParagraph style='mso-list:l0 level2 lfo1'><![if !supportLists]><span
style='mso-list:Ignore'>1.<span>&nbsp; </span></span><![endif]>Below</p>
<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>·</span>Second</p>
<table><tr><td>Bins</td><td>40</td></tr></table><p>For <span class=Gone>thirty</span> forty <s>bins</s> schools</p>
<p>Plan <img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="></p>
<p><a href="javascript:alert(1)">bad</a> <a href="https://example.org/">good</a></p>
<script>document.title = "taken over"</script><h5>Small</h5><!--EndFragment--></body></html>"""


def test_text_pasted_from_word_comes_clean_and_stays_so_for_others(team: Team, sheet_for: SheetFor) -> None:
    own_sheet, other_sheet = sheet_for(team.de["editor"]), sheet_for(team.partner["editor"])
    own_sheet.edit()
    move_caret(own_sheet.page, "Control+a")
    paste(own_sheet.page, FROM_WORD)
    for sheet in (own_sheet, other_sheet):
        expect(sheet.body().locator("h3")).to_have_text("Aim")
        expect(sheet.body().locator("strong")).to_have_text("bold")
        expect(sheet.body().locator("em")).to_have_text("slanted")
        expect(sheet.body().locator("> ul > li")).to_have_count(2)
        expect(sheet.body().locator("ul ol li")).to_have_text("Below")
        expect(sheet.body().locator("a")).to_have_count(1)
        expect(sheet.body().locator("a")).to_have_attribute("href", "https://example.org/")
        expect(sheet.body()).to_contain_text("Bins | 40")
        expect(sheet.body().locator("h4")).to_have_text("Small")
        expect(sheet.body()).to_contain_text("For forty schools")
        assert "·" not in sheet.body().inner_text()
        assert "style=" not in sheet.body().inner_html()
    note = own_sheet.text().locator(".text-note")
    expect(note).to_contain_text("2 durchgestrichene Stellen weggelassen. 1 Bild weggelassen: Bilder lassen sich")
    expect(note).to_contain_text("1 Link weggelassen, seine Wörter sind da")
    expect(other_sheet.text().locator(".text-note")).to_have_count(0)
    assert "taken over" not in own_sheet.page.title()


def test_control_characters_in_what_is_pasted_stay_outside(team: Team, sheet_for: SheetFor) -> None:
    """The server refuses them, and then every later update of this browser would be refused too."""
    own_sheet, other_sheet = sheet_for(team.de["editor"]), sheet_for(team.partner["editor"])
    own_sheet.edit()
    move_caret(own_sheet.page, "Control+a")
    paste(own_sheet.page, "<p>One\x0btwo\x1b\x9b <b>th\x02ree</b>\ufffe 😀 Mu\u0308ll\u2028weg</p>")
    own_sheet.page.keyboard.type(" four")
    own_sheet.page.keyboard.insert_text("\x0bfi\x02ve")  # as assistive software types
    for sheet in (own_sheet, other_sheet):
        expect(sheet.body()).to_have_text("One two three 😀 Müll weg four five")
    expect(own_sheet.state).to_have_attribute("data-state", "saved")


def test_the_toolbar_is_one_stop_for_tab_and_says_what_is_pressed(team: Team, sheet_for: SheetFor) -> None:
    own_sheet = sheet_for(team.de["editor"])
    own_sheet.edit()
    move_caret(own_sheet.page, "Control+a")
    bold = own_sheet.text().locator("[data-command=bold]")
    bold.click()
    expect(bold).to_have_attribute("aria-pressed", "true")
    expect(own_sheet.body().locator("strong")).to_have_text("Forty bins are set up.")
    own_sheet.page.keyboard.press("Alt+F10")
    own_sheet.page.keyboard.press("End")
    expect(own_sheet.text().locator("[data-command=redo]")).to_be_focused()
    own_sheet.page.keyboard.press("Escape")
    expect(own_sheet.body()).to_be_focused()


def test_a_link_takes_only_addresses_that_are_safe(team: Team, sheet_for: SheetFor) -> None:
    own_sheet = sheet_for(team.de["editor"])
    own_sheet.edit()
    move_caret(own_sheet.page, "Control+a")
    own_sheet.page.keyboard.press("Control+k")
    address = own_sheet.text().locator(".text-link input")
    for refused in ("javascript:alert(1)", "https:example.org", f"https://example.org/{'a' * 2_000}"):
        address.fill("")
        expect(address).to_be_focused()
        address.fill(refused)
        address.press("Enter")
        expect(own_sheet.text().locator(".text-link-problem")).to_contain_text("2.000 Zeichen")
        expect(address).to_have_value(refused)
        expect(own_sheet.body().locator("a")).to_have_count(0)
    address.fill("https://example.org/bins")
    address.press("Enter")
    expect(own_sheet.body().locator("a")).to_have_attribute("href", "https://example.org/bins")


@pytest.mark.lines("two")
def test_people_are_shown_by_place_and_field_and_leave(team: Team, sheet_for: SheetFor) -> None:
    own_sheet, other_sheet = sheet_for(team.de["editor"]), sheet_for(team.partner["editor"])
    expect(own_sheet.page.locator("#people")).to_contain_text("Abenkrom")
    expect(own_sheet.page.locator("#people")).to_contain_text("Editor partner")
    for sheet, own in ((own_sheet, "Editor de"), (other_sheet, "Editor partner")):
        expect(sheet.page.locator("#people p").first).to_contain_text(own)  # the user's own municipality comes first
    other_sheet.open_field("priority").focus()
    expect(own_sheet.page.locator(f"#f-{own_sheet.item}-priority .field-people")).to_contain_text("Editor partner")
    way = own_sheet.page.locator("#people").get_by_role("link", name=re.compile("^Editor partner Priorit"))
    way.press("Enter")
    expect(own_sheet.page.locator(f"#f-{own_sheet.item}-priority .pen")).to_be_focused()
    own_sheet.page.keyboard.press("Enter")
    expect(own_sheet.page.locator(f"#f-{own_sheet.item}-priority select")).to_be_focused()
    expect(own_sheet.page.locator("#people").get_by_role("link", name=re.compile("Editor de"))).to_have_count(0)
    expect(other_sheet.page.locator(f"#f-{other_sheet.item}-priority .field-people")).to_be_hidden()
    other_sheet.page.close()
    expect(own_sheet.page.locator("#people")).not_to_contain_text("Editor partner")


def test_a_login_that_ends_is_renewed_in_place_and_the_words_go_on(
    team: Team, sheet_for: SheetFor, live_server: servers.KlimawerkServer
) -> None:
    own_sheet, other_sheet = sheet_for(team.de["editor"]), sheet_for(team.partner["editor"])
    own_sheet.edit().press_sequentially(" Before.")
    expect(other_sheet.body()).to_contain_text("Before.")
    # Somebody types on meanwhile: without a pause in typing the dialog would take the keystrokes.
    press = "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'Shift', bubbles: true}))"
    own_sheet.page.evaluate(f"window.typing = setInterval(() => {press}, 100)")
    live_server.session(team.de["editor"]).post(f"{live_server.url}/logout/everywhere", timeout=10)
    own_sheet.page.keyboard.type(" While signed out.")
    own_sheet.page.evaluate("clearInterval(window.typing)")
    dialog = own_sheet.page.locator("#relogin")
    expect(dialog).to_be_visible(timeout=15_000)
    dialog.locator("input[type=email]").fill(team.de["editor"].email)
    dialog.locator("input[type=password]").fill("not this one")
    dialog.locator("input[type=password]").press("Enter")
    expect(dialog.locator("[role=alert]")).not_to_be_empty()
    expect(other_sheet.body()).not_to_contain_text("signed out")
    dialog.locator("input[type=password]").fill(factories.PASSWORD)
    dialog.locator("input[type=password]").press("Enter")
    expect(dialog).to_have_count(0)
    expect(other_sheet.body()).to_contain_text("While signed out.")
    own_sheet.open_field("priority").select_option("low")
    expect(other_sheet.value("priority")).to_have_text("low")


def test_axe_finds_nothing_while_reading_writing_linking_and_being_refused(team: Team, sheet_for: SheetFor) -> None:
    own_sheet = sheet_for(team.de["editor"])
    for step in ("reading", "writing", "linking", "waiting"):
        if step == "writing":
            own_sheet.edit()
        elif step == "linking":
            own_sheet.page.keyboard.press("Control+k")
        elif step == "waiting":
            own_sheet.page.keyboard.press("Escape")
            own_sheet.page.context.set_offline(True)
            own_sheet.page.keyboard.type(" x")
            expect(own_sheet.state_line).to_contain_text("1 ")
        assert findings(own_sheet.page) == [], step
    own_sheet.page.context.set_offline(False)
    expect(own_sheet.state).to_have_attribute("data-state", "saved")


def findings(page: Page) -> list[Any]:
    """Violations found by axe, as (rule, elements)."""
    page.evaluate(AXE.read_text())
    result = page.evaluate("axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })")
    return [(found["id"], [node["target"] for node in found["nodes"]][:3]) for found in result["violations"]]


def test_the_question_mark_lists_the_keys_unless_single_keys_are_off(team: Team, sheet_for: SheetFor) -> None:
    own_sheet = sheet_for(team.de["editor"])
    own_sheet.page.keyboard.press("?")
    expect(own_sheet.page.locator("#shortcuts")).to_be_visible()
    assert findings(own_sheet.page) == []
    own_sheet.page.locator("#shortcuts-on").uncheck()
    own_sheet.page.keyboard.press("Escape")
    expect(own_sheet.page.locator("#shortcuts")).to_be_hidden()
    own_sheet.page.keyboard.press("?")
    expect(own_sheet.page.locator("#shortcuts")).to_be_hidden()
    account_menu(own_sheet.page).locator("[data-open-shortcuts]").click()
    expect(own_sheet.page.locator("#shortcuts")).to_be_visible()


def test_a_page_of_an_older_editor_says_so_once_and_leaves_the_moment_to_its_reader(
    page_for: Callable[..., Page], team: Team, measure: Measure
) -> None:
    page = page_for(team.partner["editor"], path="about:blank")
    lines: list[WebSocketRoute] = []

    def between(line: WebSocketRoute) -> None:
        line.connect_to_server()
        lines.append(line)

    page.route_web_socket(re.compile("/socket.io/"), between)
    page.goto(f"/measures/{measure.id}")
    expect(page.locator("#save-state")).to_have_attribute("data-state", "saved")
    expect(page.locator("#reload")).to_have_count(0)
    for _ in range(2):
        lines[-1].send('42["reload",{"schema":3}]')
    expect(page.locator("#reload")).to_contain_text("There is a newer version of this page.")
    with page.expect_navigation():
        page.get_by_role("button", name="Load it now").click()
    expect(page.locator("#reload")).to_have_count(0)
