"""The pages of accounts and partnerships in a browser: no barrier found, and no sideways scrolling at 320 pixels."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from klimawerk.accounts.models import Person
from klimawerk.partnerships import invitations, requests
from klimawerk.partnerships.access import member_of
from klimawerk.programmes.service import create_programme
from tests import factories

AXE = Path(__file__).parent.parent / "vendor" / "axe.min.js"
PAGES = ["/", "/account", "/partnerships/new", "/partnerships/{}/members", "/partnerships/{}/settings",
         "/partnerships/{}/joint", "/partnerships/{}/municipalities/1", "/nothing-here", "/accessibility"]  # fmt: skip
STRANGERS = ["/login", "/forgot", "/imprint", "/link/reset/made-up"]


@pytest.fixture
def coordinator(page_for: Callable[..., Page]) -> Callable[..., Page]:
    team = factories.partnership()
    programme = create_programme(
        team.partnership, languages=["de", "en"], lead_language="en", currency_local="GHS", by=None
    )
    mine = member_of(team.de["coordinator"], team.partnership.id)
    theirs = member_of(team.partner["coordinator"], team.partnership.id)
    assert mine
    assert theirs
    invitations.invite(mine, invitations.Invitation("new@example.org", "de", "editor", "de"))
    requests.ask(theirs, "delete", {}, programme_id=programme.id)

    def open_page(who: Person | None = team.de["coordinator"], **options: object) -> Page:
        return page_for(who, **options)

    return open_page


def barriers(page: Page) -> list[str]:
    """What axe finds, one line each. Its script runs beside the page's own, outside of the page's policy."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']})")
    return [f"{one['id']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]]


def test_no_page_has_a_barrier_at_any_width(coordinator: Callable[..., Page]) -> None:
    faults: list[str] = []
    control = coordinator(None)
    control.evaluate("document.querySelector('h1').innerHTML += '<img src=\"/static/img/icon.svg\">'")
    assert any("image-alt" in one for one in barriers(control))
    for who, pages in (("coordinator", PAGES), (None, STRANGERS)):
        page = coordinator() if who else coordinator(None)
        for path in pages:
            for width in (1280, 320):
                page.set_viewport_size({"width": width, "height": 800})
                page.goto(path.format(1))
                page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
                faults += [f"{path} at {width}: {one}" for one in barriers(page)]
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    faults.append(f"{path} at {width}: scrolls sideways")
                if folder := os.environ.get("PICTURES"):
                    name = path.format(1).strip("/").replace("/", "-") or "start"
                    page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
    assert not faults, "\n".join(faults)
