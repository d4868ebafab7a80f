"""How many presses a task takes from the start page.

A press is a click, a key that confirms (Enter), a paste, or everything that is typed into one form. Moving the focus
with Tab is none.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from playwright.sync_api import Locator, Page, expect

from klimawerk.collab.storage import document_store
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.measures.models import Measure
from klimawerk.programmes.service import create_programme
from klimawerk.sheets.service import FieldRef, set_value
from tests import factories

_CELL = (
    "<td width=302 valign=top style='width:226.3pt;border:solid windowtext 1.0pt;mso-border-alt:solid windowtext .5pt;"
    "padding:0cm 5.4pt 0cm 5.4pt'><p class=MsoNormal style='margin-bottom:0cm'>{}<o:p></o:p></p></td>"
)
_ROWS = (
    ("<b>Title</b>", "<b>Description</b>", "<b>Start</b>"),
    ("Repair caf&eacute;", "Once a month in the<br>\nold fire station", "March 2027"),
    ("Market day <span style='mso-spacerun:yes'>&nbsp;</span>without plastic", "With the traders&#8217; union", "2027"),
)
WORD_HTML = (
    '<html xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:w="urn:schemas-microsoft-com:office:word" xmlns="http://www.w3.org/TR/REC-html40">\r\n<head>'
    '<meta http-equiv=Content-Type content="text/html; charset=utf-8"><meta name=Generator content="Microsoft Word 15">'
    "<!--[if gte mso 9]><xml><w:WordDocument><w:View>Normal</w:View></w:WordDocument></xml><![endif]-->"
    "<style><!--\np.MsoNormal {margin:0cm; mso-pagination:widow-orphan;}\n--></style></head>\r\n"
    "<body lang=EN-GB style='tab-interval:35.4pt'>\r\n<!--StartFragment-->\r\n"
    "<table class=MsoTableGrid border=1 cellspacing=0 cellpadding=0 style='border-collapse:collapse;border:none'>"
    + "".join(
        f"<tr style='mso-yfti-irow:{number}'>{''.join(_CELL.format(cell) for cell in row)}</tr>"
        for number, row in enumerate(_ROWS)
    )
    + "</table>\r\n<!--EndFragment-->\r\n</body></html>"
)


class Presses:
    """Works a page and counts the presses."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def click(self, element: Locator) -> None:
        element.click()
        self.count += 1

    def confirm(self) -> None:
        self.page.keyboard.press("Enter")
        self.count += 1

    def type_into_form(self, *entries: str) -> None:
        """Type each entry into the field with the focus, then move on with Tab."""
        for entry in entries:
            self.page.keyboard.type(entry)
            self.page.keyboard.press("Tab")
        self.count += 1

    def paste(self, html: str) -> None:
        """Paste into whatever has the focus."""
        self.page.evaluate(
            """(html) => {
              const data = new DataTransfer()
              data.setData("text/html", html)
              data.setData("text/plain", "loose lines")
              const options = { clipboardData: data, bubbles: true, cancelable: true }
              document.activeElement.dispatchEvent(new ClipboardEvent("paste", options))
            }""",
            html,
        )
        self.count += 1


def test_a_new_programme_with_two_measures_from_word_takes_six(app: Flask, page_for: Callable[..., Page]) -> None:
    page = page_for(factories.person(language="en"), path="/")
    presses = Presses(page)
    presses.click(page.get_by_role("link", name="New partnership"))
    expect(page.get_by_label("What is the partnership called?")).to_be_focused()
    presses.type_into_form("Hillford and Exampleton", "Hillford", "Germany", "Exampleton", "Ghana")
    presses.confirm()
    presses.click(page.get_by_role("link", name="Paste a table"))
    expect(page.get_by_role("textbox", name="Table")).to_be_focused()
    expect(page.locator("html.draggable")).to_be_attached()  # the script for pasting has loaded
    presses.paste(WORD_HTML)
    presses.click(page.get_by_role("button", name="Add"))
    expect(page.get_by_text("2 measures were added.")).to_be_visible()
    assert presses.count <= 6
    db.session.rollback()
    measures = list(db.session.scalars(db.select(Measure).order_by(Measure.code)))
    texts = document_store.texts([measure.name for measure in measures])
    assert [texts[measure.name]["title.en"].plain for measure in measures] == [
        "Repair café",
        "Market day without plastic",
    ]
    assert measures[0].values["period_start"] == "2027-03"
    [goal] = db.session.scalars(db.select(Goal))
    assert {measure.goal_id for measure in measures} == {goal.id}


def test_the_first_measure_of_a_programme_is_one_press_from_start(page_for: Callable[..., Page], app: Flask) -> None:
    team = factories.partnership()
    create_programme(team.partnership, languages=["de", "en"], lead_language="en", by=None)
    page = page_for(team.partner["editor"], path="/")
    presses = Presses(page)
    presses.click(page.get_by_role("button", name="Write the first measure"))
    expect(page.get_by_role("main").locator("kw-text").first).to_be_visible()
    assert presses.count == 1


def test_from_start_into_a_text_takes_two(page_for: Callable[..., Page], app: Flask) -> None:
    team = factories.partnership()
    measure = factories.measure(factories.programme(team))
    set_value(FieldRef(measure, "planning_state"), "idea", based_on=0, by=team.de["editor"].id)
    page = page_for(team.partner["editor"], path="/")
    presses = Presses(page)
    presses.click(page.locator(f"#news-{measure.id} a.main"))
    text = page.locator(f"kw-text#t-{measure.id}-description-en")
    presses.click(text.locator(".text-body"))
    editor = text.get_by_role("textbox")
    expect(editor).to_be_focused()
    page.keyboard.type("Forty bins")
    expect(editor).to_contain_text("Forty bins")
    assert presses.count <= 2
