"""Processor time of pages, packing included: a measure's page and a programme of many measures, for each role."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass
from statistics import median

from flask import Flask
from flask.testing import FlaskClient

from klimawerk import config as configuration
from klimawerk import create_app
from klimawerk.extensions import db
from tests.load import page_crowd
from tests.load.competitors import Competitor, KlimawerkCompetitor
from tests.load.page_crowd import ROLES, Crowd, Visitor
from tests.load.process_cost import Figures
from tests.load.version_timings import get

KNOWN, UNKNOWN = "known", "unknown"


@dataclass(frozen=True)
class Pages:
    """The example programme, and the same with `measures`. A page is known when others have read it before; it is
    unknown when the server has rendered nothing yet (but has its templates and statements compiled)."""

    name: str
    says: str
    measures: int
    times: int = 5
    ours: bool = True

    def run(self, contender: Competitor, _seconds: float) -> Figures:
        """Milliseconds of processor time: medians for each role, and the highest of them."""
        assert isinstance(contender, KlimawerkCompetitor)
        app = create_app(
            configuration.load(instance=contender.folder, database_url=contender.address, rate_limits=False)
        )
        with app.app_context():
            small, large = page_crowd.gather(len(ROLES)), page_crowd.gather(len(ROLES), self.measures)
            db.session.remove()
        _collect_garbage_as_the_server_does()
        figures: Figures = {}
        for title, crowd, address in (
            ("measure", small, f"/measures/{small.measure}"),
            ("measure_of_many", large, f"/measures/{large.measure}"),
            ("programme", large, f"/programmes/{large.programme}"),
            ("overview", large, f"/programmes/{large.programme}/overview"),
        ):
            figures.update(self._page(app, title, crowd, address))
        with app.app_context():
            db.engine.dispose()
        return figures

    def _page(self, app: Flask, title: str, crowd: Crowd, address: str) -> Figures:
        figures: Figures = {}
        clients = {visitor.name: _client(app, visitor) for visitor in crowd.visitors}
        for state in (UNKNOWN, KNOWN):
            for client in clients.values():
                get(client, address)
            times: dict[str, list[float]] = {name: [] for name in clients}
            for _ in range(self.times):
                for name, client in clients.items():
                    if state == UNKNOWN:
                        forget(app)
                    times[name].append(processor_time(client, address))
            medians = {name: median(values) for name, values in times.items()}
            figures[f"{title}_{state}"] = max(medians.values())
            figures[f"{title}_{state}_by_role"] = medians
        return figures


def processor_time(client: FlaskClient, address: str) -> float:
    """Milliseconds of this process's processor time for one request."""
    begin = time.process_time()
    get(client, address)
    return (time.process_time() - begin) * 1000


def forget(app: Flask) -> None:
    """Drop all rendered fragments (there are none in versions before the cache)."""
    if cache := app.extensions.get("fragment_cache"):
        cache.clear()


def _collect_garbage_as_the_server_does() -> None:
    """As in gunicorn.conf.py; with Python's own thresholds, collections are a third of a page."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _client(app: Flask, visitor: Visitor) -> FlaskClient:
    client = app.test_client()
    client.set_cookie(*visitor.cookie.split("=", 1))
    client.environ_base["HTTP_ACCEPT_ENCODING"] = "br"
    return client
