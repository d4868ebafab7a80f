"""pytest plugin: repeats tests until each has run `--times` times, records each run, stores the traces of failures.

pytest-repeat would repeat them too, but each equally often and under other names; after an interrupted call the number
of missing runs differs from test to test, and copying an item takes two lines.
"""

from __future__ import annotations

import copy
import re
import shutil
import sys
import time
from collections.abc import Callable, Generator, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests import servers
from tests.steady.run_counts import FAILURES, RUNS, RunCounts, digest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--times", type=int, default=1, help="how often each test runs, earlier calls included")
    parser.addoption("--commit", default="", help="what is tested; noted with each run")
    parser.addoption("--runs-file", type=Path, default=RUNS, help="where runs are noted")
    parser.addoption("--failures", type=Path, default=FAILURES, help="where the output of failures is kept")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Repeating(config), "steady")


class _Repeating:
    def __init__(self, config: pytest.Config) -> None:
        self._times: int = config.getoption("--times")
        self._commit: str = config.getoption("--commit")
        self._counts = RunCounts(config.getoption("--runs-file"))
        self._failures: Path = config.getoption("--failures")
        self._began = 0.0
        self._failed = False
        self._folder = Path()
        self._digests: dict[str, str] = {}
        _before_closing(BrowserContext, lambda context: self._keep_pages(context.pages))

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Round after round, so that a test does not only follow itself."""
        counts = self._counts.of(item.nodeid for item in items)
        self._digests = {item.nodeid: digest(item.nodeid) for item in items}
        items[:] = [
            _copy(item)
            for turn in range(self._times)
            for item in items
            if counts[item.nodeid].runs + turn < self._times
        ]

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._began, self._failed = time.monotonic(), False
        name = re.sub(r"[^\w-]", "_", nodeid.removeprefix("tests/"))
        self._folder = self._failures / name[:120] / datetime.now(UTC).strftime("%m%d-%H%M%S-%f")

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        seconds = time.monotonic() - self._began
        self._counts.add(
            nodeid, passed=not self._failed, seconds=seconds, commit=self._commit, file=self._digests[nodeid]
        )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.failed:
            self._failed = True
            self._keep(item, report)
        return report

    def _keep(self, item: pytest.Item, report: pytest.TestReport) -> None:
        """The traceback, the pages as they are now, and the logs in the test's own folder."""
        self._folder.mkdir(parents=True, exist_ok=True)
        sections = "".join(f"\n----- {title} -----\n{text}" for title, text in report.sections)
        (self._folder / f"{report.when}.txt").write_text(f"{report.longreprtext}\n{sections}")
        fixtures: dict[str, Any] = getattr(item, "funcargs", None) or {}
        if isinstance(browser := fixtures.get("browser"), Browser):
            self._keep_pages(page for context in browser.contexts for page in context.pages)
        for value in fixtures.values():
            server = getattr(value, "server", value)  # fixtures that hold a server
            if isinstance(server, servers.KlimawerkServer):
                (self._folder / "server.log").write_text(server.log)
        if isinstance(folder := fixtures.get("tmp_path"), Path):
            for log in folder.rglob("*.log"):
                shutil.copy(log, self._folder / "_".join(log.relative_to(folder).parts))

    def _keep_pages(self, pages: Iterable[Page]) -> None:
        """For each page a screenshot, its HTML and its last 200 messages, errors and requests."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for page in pages:
            stem = f"page{len(list(self._folder.glob('page*.txt')))}"
            lines: list[str] = [page.url]
            for name, read in _looks(page, self._folder / stem).items():
                try:
                    lines += [f"\n----- {name} -----", *read()]
                except Exception as problem:  # a closed page; the others are stored all the same
                    lines.append(f"{name}: {problem}")
            (self._folder / f"{stem}.txt").write_text("\n".join(lines))


def _looks(page: Page, stem: Path) -> dict[str, Callable[[], list[str]]]:
    return {
        "console": lambda: [f"{message.type}: {message.text}" for message in page.console_messages()],
        "errors": lambda: [str(error) for error in page.page_errors()],
        "requests": lambda: [f"{request.method} {request.url}" for request in page.requests()],
        "picture": lambda: [str(len(page.screenshot(path=stem.with_suffix(".png"), timeout=10_000)))],
        "html": lambda: [str(stem.with_suffix(".html").write_text(page.content()))],
    }


def _copy(item: pytest.Item) -> pytest.Item:
    """An item with fixtures of its own; the same item twice in a row would keep them."""
    twin = copy.copy(item)
    if isinstance(twin, pytest.Function):
        twin._initrequest()
    return twin


def _before_closing(kind: type[BrowserContext], look: Callable[[BrowserContext], None]) -> None:
    """Record contexts before a failing test closes them."""
    close = kind.close

    def closing(self: BrowserContext, **options: Any) -> None:
        if isinstance(sys.exc_info()[1], Exception):
            look(self)
        close(self, **options)

    kind.close = closing  # type: ignore[method-assign]
