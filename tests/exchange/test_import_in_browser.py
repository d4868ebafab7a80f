"""Import and pasted tables in a real browser on the real server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect

from klimawerk import exchange
from klimawerk.extensions import db
from klimawerk.sheets.rows import rows_of
from tests import factories

EXAMPLE = Path(exchange.__file__).parent / "example_programme.json"
PageFor = Callable[..., Page]

WORD_HTML = (
    "<table><tr><td>What</td><td>Due</td></tr><tr><td><p>Analyse</p><p>the waste</p></td>"
    "<td rowspan=2>May 2028</td></tr><tr><td>Sort it</td></tr></table>"
)
PARSED_TABLE = 'What\tDue\n"Analyse\nthe waste"\tMay 2028\nSort it\t〃'


def test_an_upload_shows_what_it_brings_by_itself(app: Flask, page_for: PageFor, job_runner: None) -> None:
    page = page_for(factories.person(language="en"), path="/import")
    page.get_by_label("File").set_input_files(EXAMPLE)
    page.get_by_role("button", name="Look at the file").click()
    expect(page.get_by_role("heading", name="This will come in")).to_be_visible(timeout=15_000)
    page.get_by_label("Abenkrom Municipal Assembly").check()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("The programme has been imported.")).to_be_visible(timeout=15_000)


@pytest.mark.slow
def test_storing_a_file_says_so_and_happens_once(app: Flask, page_for: PageFor, job_runner: None) -> None:
    page = page_for(factories.person(language="en"), path="/import")
    page.get_by_label("File").set_input_files(EXAMPLE)
    page.get_by_role("button", name="Look at the file").click()
    expect(page.get_by_role("heading", name="This will come in")).to_be_visible(timeout=15_000)
    # The page must not change while the server stores: submissions are counted and prevented.
    page.evaluate(
        """document.body.dataset.sent = 0
        addEventListener("submit", (event) => {
          document.body.dataset.sent = Number(document.body.dataset.sent) + !event.defaultPrevented
          event.preventDefault()
        })"""
    )
    message = page.locator("form .busy").get_by_text("The programme is being stored. This takes a few seconds …")
    expect(message).to_be_hidden()
    for _press in range(2):
        page.get_by_role("button", name="Import", exact=True).click()
        expect(message).to_be_visible()
    expect(page.get_by_role("progressbar")).to_be_visible()
    assert page.evaluate("document.body.dataset.sent") == "1"


def test_a_table_from_word_keeps_its_cells(app: Flask, page_for: PageFor) -> None:
    team = factories.partnership()
    measure = factories.measure(factories.programme(team))
    page = page_for(team.partner["editor"], path=f"/items/{measure.id}/paste/steps")
    expect(page.locator("html.draggable")).to_be_attached()  # the script for pasting has loaded
    area = page.get_by_role("textbox", name="Table")
    page.route("**/tables/read", lambda route: route.abort())
    _paste(area)
    expect(area).to_have_value(WORD_HTML)  # without a connection the form sends it to the same parser
    page.unroute("**/tables/read")
    area.fill("")
    _paste(area)  # a first table is shown as it will be added, with what was left out of it
    expect(page.get_by_role("heading", name="This will be added")).to_be_visible()
    expect(area).to_have_value(PARSED_TABLE)
    expect(page.get_by_text("“〃” is merged with the cell above")).to_be_visible()
    page.get_by_role("button", name="Add").click()
    expect(page).to_have_url(page.url.split("/items")[0].split("/measures")[0] + f"/measures/{measure.id}")
    db.session.rollback()
    db.session.expire_all()
    assert [row.cells for row in rows_of(measure)["steps"][-2:]] == [
        {"text.en": "Analyse the waste", "due": "2028-05"},
        {"text.en": "Sort it", "due": "2028-05"},
    ]


def _paste(area: Locator) -> None:
    area.evaluate(
        """(area, html) => {
          const data = new DataTransfer()
          data.setData("text/html", html)
          data.setData("text/plain", "loose lines")
          area.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }))
        }""",
        WORD_HTML,
    )
