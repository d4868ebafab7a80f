"""A server with the example programme and users of both sides, shared by all tests of a session that only read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from klimawerk import config as configuration
from klimawerk import create_app
from klimawerk.accounts.models import Person
from klimawerk.exchange.service import import_programme
from klimawerk.extensions import db
from tests import browsers, factories, servers

EXAMPLE = Path("klimawerk/exchange/example_programme.json")


@dataclass
class ExampleSite:
    """The server. `window("editor", "de")`: the browser page of that user; `path["measure"]`: the path of that page."""

    windows: browsers.Windows
    server: servers.KlimawerkServer
    people: dict[tuple[str, str], Person]
    path: dict[str, str]
    _open: dict[tuple[str, str], Page] = field(default_factory=dict)

    def window(self, role: str, language: str) -> Page:
        """The browser page of the user with that role; with the role "nobody", of an anonymous visitor."""
        key = (role, language)
        if key not in self._open:
            options = {} if key in self.people else {"locale": language}
            self._open[key] = self.windows.open(self.people.get(key), **options)
        return self._open[key]

    def go(self, page: Page, name: str, query: str = "") -> Page:
        """Open the page called `name`; if it is for signed-in users, wait until it is connected."""
        page.goto(self.path.get(name, name) + query)
        if page.locator("html[data-user-id]").count():
            page.locator("#save-state[data-state=saved], #save-state[data-state=conflict]").wait_for()
        return page


@pytest.fixture(scope="session")
def house(browser: Browser, _sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExampleSite]:
    folder = tmp_path_factory.mktemp("house")
    shutil.copy(_sqlite_template, folder / "klimawerk.sqlite")
    address = f"sqlite:///{folder}/klimawerk.sqlite"
    people, path = furnished(address, folder)
    server = servers.KlimawerkServer(folder, address)
    server.start()
    windows = browsers.Windows(browser, server.url)
    yield ExampleSite(windows, server, people, path)
    windows.close()
    server.close()
    assert not windows.faults, "\n".join(windows.faults)


def furnished(address: str, folder: Path) -> tuple[dict[tuple[str, str], Person], dict[str, str]]:
    """Import the example programme into the database `address`: ({(role, language): user}, {name: path of a page})."""
    settings = configuration.load(instance=folder / "instance", database_url=address, secret_key="tests", testing=True)
    with create_app(settings).app_context():
        programme = import_programme(EXAMPLE.read_bytes(), by=None)
        measure, other_measure = (factories.measure(programme, code) for code in ("WA-01", "WA-02"))
        partnership = programme.frame.partnership
        people = {}
        for side, municipality in zip(("de", "partner"), partnership.municipalities, strict=True):
            for role in ("coordinator", "editor", "observer"):
                member = factories.member(partnership, side, role, town=municipality)
                people[role, factories.LANGUAGES[side]] = member
        path = {
            "start": "/",
            "programme": f"/programmes/{programme.id}",
            "overview": f"/programmes/{programme.id}/overview",
            "measure": f"/measures/{measure.id}",
            "other measure": f"/measures/{other_measure.id}",
            "goal": f"/goals/{measure.goal_id}",
            "arrange": f"/programmes/{programme.id}/order",
            "bin": f"/programmes/{programme.id}/bin",
            "import": "/import",
            "paste": f"/programmes/{programme.id}/paste",
            "members": f"/partnerships/{partnership.id}/members",
            "joint": f"/partnerships/{partnership.id}/joint",
            "settings": f"/partnerships/{partnership.id}/settings",
            "municipality": f"/partnerships/{partnership.id}/municipalities/{partnership.municipalities[0].id}",
            "new partnership": "/partnerships/new",
            "history": f"/items/{programme.id}/history",
            "editions": f"/programmes/{programme.id}/editions",
            "search": "/search?q=waste",
            "offline": "/offline",
            "account": "/account",
            "erase": "/account/erase",
            "nothing": "/nothing-here",
            "sign in": "/login",
            "forgotten": "/forgot",
            "dead link": "/link/reset/made-up",
        }
        for person in people.values():
            db.session.refresh(person)
            db.session.expunge(person)
        db.engine.dispose()
    return people, path
