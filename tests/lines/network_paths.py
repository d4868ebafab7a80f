"""Network paths from a browser to Klimawerk: direct, with WebSockets blocked, through nginx, to several processes.

A test marked `@pytest.mark.lines("refused", "two")` runs directly and on these paths; `TEST_LINES=refused,nginx` in the
environment runs every test that uses `live_server` on those instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from klimawerk.accounts.models import Person
from tests import browsers, servers
from tests.lines import nginx
from tests.lines.proxies import front

DIRECT, REFUSED, SWALLOWED, NGINX, TWO = "direct", "refused", "swallowed", "nginx", "two"
ALL = (DIRECT, REFUSED, SWALLOWED, NGINX, TWO)


@contextmanager
def server_on(line: str, folder: Path, database: str, queue: Callable[[], str]) -> Iterator[servers.KlimawerkServer]:
    """The running server, whose `url` leads through `line`; `queue()` returns the address of a Valkey."""
    if line in (NGINX, TWO):
        settings = {"WORKERS": "2", "KLIMAWERK_REDIS_URL": queue()} if line == TWO else {}
        with nginx.behind_nginx(folder, database, **settings) as server:
            yield server
        return
    server = servers.KlimawerkServer(folder, database, born=True)
    server.start()
    if line == DIRECT:
        yield server
    else:
        with front(server.port, swallows=line == SWALLOWED) as proxy:
            server.url = proxy.url
            yield server
    server.close()


def fits(line: str, database: str) -> bool:
    """Whether to run a test on this path with that database: one is enough, and two processes need PostgreSQL."""
    return line == DIRECT or (line == TWO) == (database == "postgresql")


class SpreadWindows(browsers.Windows):
    """Pages whose users are distributed over the processes in turn."""

    def _sign_in(self, page: Page, person: Person) -> None:
        wanted = len(self._contexts) % 2
        for _ in range(20):
            super()._sign_in(page, person)
            if process_of(page) % 2 == wanted:
                return
            page.context.clear_cookies()
        raise AssertionError("nginx sends everybody to one process")


def process_of(page: Page) -> int:
    """The port of the process that serves this page."""
    answer: Any = page.request.get("/healthz")
    return int(answer.headers["x-process"].rsplit(":", 1)[1])
