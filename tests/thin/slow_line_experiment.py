"""The experiment of `make thin`: a remote user opens a measure, with an empty and a filled cache, while another is
near.
"""

from __future__ import annotations

import base64
import hashlib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext

from klimawerk import config as configuration
from klimawerk import create_app
from klimawerk.accounts.models import Person
from klimawerk.extensions import db
from tests import browsers, servers
from tests.journeys.conftest import furnished
from tests.lines import nginx
from tests.servers import KlimawerkServer
from tests.thin.shaped_line import ShapedLine
from tests.thin.visit import PageVisit

COLD, WARM = "first visit", "next visit"
Seconds = dict[str, float]
People = dict[tuple[str, str], Person]
"""Users by role and language."""


@contextmanager
def served(folder: Path, *, behind: bool) -> Iterator[tuple[KlimawerkServer, People, str]]:
    """The real server with the example programme, behind nginx on request; the users, and the address of a measure's
    page.
    """
    address = f"sqlite:///{folder}/klimawerk.sqlite"
    with create_app(configuration.load(instance=folder / "instance", database_url=address)).app_context():
        db.create_all()
        db.engine.dispose()
    people, paths = furnished(address, folder)
    if behind:
        with nginx.behind_nginx(folder, address) as server:
            yield server, people, paths["measure"]
        return
    server = servers.KlimawerkServer(folder, address)
    server.start()
    try:
        yield server, people, paths["measure"]
    finally:
        server.close()


def trusting(certificate: str) -> str:
    """The option that makes Chromium trust the certificate: it caches nothing from an untrusted origin."""
    openssl = [str(nginx.OPENSSL)]
    public = subprocess.run(
        [*openssl, "x509", "-in", certificate, "-noout", "-pubkey"], check=True, capture_output=True
    )
    key = subprocess.run(
        [*openssl, "pkey", "-pubin", "-outform", "der"], input=public.stdout, check=True, capture_output=True
    )
    return f"--ignore-certificate-errors-spki-list={base64.b64encode(hashlib.sha256(key.stdout).digest()).decode()}"


class Experiment:
    """`reader` is behind `line`; `neighbour` is not."""

    def __init__(self, browser: Browser, server: KlimawerkServer, line: ShapedLine, people: People, path: str) -> None:
        self._browser, self._line, self._path = browser, line, path
        self._reader = self._signed_in(people["editor", "de"], server.url).storage_state()
        near = self._signed_in(people["coordinator", "de"], server.url)
        self._neighbour = PageVisit(near.new_page())
        self._neighbour.open(path)
        self._neighbour.begin_to_write()
        self._words = 0

    def run(self) -> Iterator[tuple[str, Seconds, list[dict[str, Any]]]]:
        """Yields (visit, its seconds, what it fetched), for a browser with an empty and then with a filled cache."""
        context = self._browser.new_context(
            storage_state=self._reader, base_url=self._line.url, locale="de-DE", viewport={"width": 1280, "height": 900}
        )
        context.set_default_timeout(60_000)
        for which in (COLD, WARM):
            visit = PageVisit(context.new_page())
            self._line.reset()  # an open connection would save the handshake
            yield which, self._seconds(visit), visit.waterfall()
            visit.page.wait_for_timeout(3_000)  # what is loaded when idle has arrived
            visit.page.close()
        context.close()

    def _seconds(self, visit: PageVisit) -> Seconds:
        visit.open(self._path)
        visit.begin_to_write()
        visit.write(self._word())
        visit.seconds("saved")
        word = self._word()
        for page in (visit, self._neighbour):
            page.expect(word, word)
        self._neighbour.page.keyboard.type(word)
        late = visit.moment(word) - self._neighbour.moment(word)
        return {**{name: at for name, at in visit.seen.items() if name != word}, "neighbour": late}

    def _word(self) -> str:
        self._words += 1
        return f"Wort{self._words}."

    def _signed_in(self, person: Person, url: str) -> BrowserContext:
        context = self._browser.new_context(base_url=url, locale="de-DE", viewport={"width": 1280, "height": 900})
        context.set_default_timeout(60_000)
        page = context.new_page()
        browsers.sign_in(page, person)
        page.close()
        return context
