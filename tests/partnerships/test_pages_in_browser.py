"""Accessibility of the pages of accounts and partnerships in a browser, at desktop and phone widths."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from klimawerk.accounts.models import Person
from klimawerk.partnerships import invitations, joint_requests
from klimawerk.partnerships.access import member_of
from klimawerk.programmes.service import create_programme
from tests import factories
from tests.accessibility import barriers, looked_at

PAGES = ["/", "/account", "/partnerships/new", "/partnerships/{}/members", "/partnerships/{}/settings",
         "/partnerships/{}/joint", "/partnerships/{}/municipalities/1", "/nothing-here", "/accessibility"]  # fmt: skip
ANONYMOUS_PAGES = ["/login", "/forgot", "/imprint", "/link/reset/made-up"]


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
    joint_requests.ask_other_side(theirs, "delete", {}, programme_id=programme.id)

    def open_page(person: Person | None = team.de["coordinator"], **options: object) -> Page:
        return page_for(person, **options)

    return open_page


@pytest.mark.slow
def test_no_page_has_a_barrier_at_any_width(coordinator: Callable[..., Page]) -> None:
    faults: list[str] = []
    control = coordinator(None)
    control.evaluate("document.querySelector('h1').innerHTML += '<img src=\"/static/v-0/img/icon.svg\">'")
    assert any("image-alt" in fault for fault in barriers(control))
    for visitor, pages in (("coordinator", PAGES), (None, ANONYMOUS_PAGES)):
        page = coordinator() if visitor else coordinator(None)
        for path in pages:
            page.goto(path.format(1))
            faults += [f"{path} {fault}" for fault in looked_at(page)]
    assert not faults, "\n".join(faults)
