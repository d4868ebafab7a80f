"""A herd of readers at one page while others type, and the stalls of the server's loop during long requests."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from klimawerk import config as configuration
from klimawerk import create_app
from klimawerk.editions import service as editions
from klimawerk.extensions import db
from klimawerk.partnerships.access import member_of
from klimawerk.programmes.models import Programme
from tests import factories
from tests.load import page_crowd
from tests.load.competitors import Competitor, KlimawerkCompetitor
from tests.load.edition_timings import change_measures
from tests.load.load_generator import Typists
from tests.load.page_crowd import Crowd
from tests.load.process_cost import Figures, percentile

WITHIN = 300  # milliseconds in which all are brought to the page
PACE = 4  # keys a second of each typist
WARM_UP, REST = 3.0, 1.5  # seconds
STRETCH = 0.5  # seconds of typing between two looks whether the herd has passed
TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


@dataclass(frozen=True)
class PageHerd:
    """`people` come to one measure while `writers` type elsewhere: once after the start, then `times` more. Then an
    export, a comparison and an import of a programme with `measures`, one after the other, while they go on typing."""

    name: str
    says: str
    people: int
    writers: int
    measures: int
    times: int = 3
    ours: bool = True

    def run(self, contender: Competitor, _seconds: float) -> Figures:
        assert isinstance(contender, KlimawerkCompetitor)
        stalls = contender.folder / "stalls"
        crowd, large, coordinator = self._prepare(contender)
        contender.more = {
            "GUNICORN_CMD_ARGS": f"-c {Path(__file__).with_name('stall_monitor.py')}",
            "BENCH_STALLS": str(stalls),
            "KLIMAWERK_RATE_LIMITS": "off",
        }
        contender.start()
        figures: Figures = {}
        with Typists(contender.line) as writers, Typists(contender.line) as readers:
            writers.do("open", **self._plan(contender, crowd))
            writers.do("warm", seconds=WARM_UP)
            typing = _Typing(writers, contender)

            def visit() -> Any:
                cookies = [visitor.cookie for visitor in crowd.visitors]
                return readers.do("visit", url=contender.url, cookies=cookies, within=WITHIN, **_paths(crowd))

            cold = typing.beside(visit)
            warm = [typing.beside(visit) for _ in range(self.times)]
            figures.update(_herd("cold", [cold], stalls))
            figures.update(_herd("warm", warm, stalls))
            requester = _Requester(contender.url, coordinator)
            for name, work in (
                ("export", lambda: requester.get(f"/programmes/{large.programme}/export.json")),
                ("compare", lambda: requester.get(f"/programmes/{large.programme}/editions/compare?from=1&to=2")),
                ("import", lambda: requester.bring_in(page_crowd.example(self.measures))),
            ):
                part = typing.beside(work)
                figures[f"{name}_typed_p95"] = percentile(part.latencies, 0.95)
                figures.update(_stalls(name, [part], stalls))
            typing.stop()
        return figures

    def _prepare(self, contender: KlimawerkCompetitor) -> tuple[Crowd, Crowd, str]:
        """The crowd at the measure, a large programme with two editions, and the cookie of its coordinator."""
        app = create_app(configuration.load(instance=contender.folder / "instance", database_url=contender.address))
        with app.app_context():
            crowd = page_crowd.gather(self.people)
            large = page_crowd.gather(1, self.measures)
            programme = db.session.get_one(Programme, large.programme)
            partnership = programme.frame.partnership
            person = factories.member(partnership, "de", "coordinator", town=partnership.municipalities[0])
            by = member_of(person, partnership.id)
            assert by is not None
            editions.create_edition(programme, by=by, name="First", purpose="working")
            change_measures(programme, self.measures // 3, person.id)
            editions.create_edition(programme, by=by, name="Next", purpose="working")
            db.session.remove()
            db.engine.dispose()
        return crowd, large, large.visitors[0].cookie

    def _plan(self, contender: KlimawerkCompetitor, crowd: Crowd) -> dict[str, Any]:
        writing = [v for v in crowd.visitors if v.role in ("coordinator", "editor", "moderator")]
        clients = [
            {"doc": crowd.other, "cookie": writing[n % len(writing)].cookie, "writes": True}
            for n in range(self.writers)
        ]
        return {"url": contender.url, "urls": None, "clients": clients, "pace": PACE, "caret": None}


def _paths(crowd: Crowd) -> dict[str, str]:
    return {"path": f"/measures/{crowd.measure}", "then": f"/items/{crowd.measure}/forms"}


@dataclass
class _Part:
    """What happened while something was done: its answer, from when to when (time.monotonic), the server's processor
    time in seconds (with that of the typing beside it), the typists' latencies in milliseconds."""

    answer: Any = None
    begin: float = 0.0
    end: float = 0.0
    cpu: float = 0.0
    latencies: list[float] = field(default_factory=list)


class _Typing:
    """The typists type only while something else is done, and rest between."""

    def __init__(self, typists: Typists, server: Competitor) -> None:
        self._typists, self._server, self._seen = typists, server, 0

    def beside(self, work: Callable[[], Any]) -> _Part:
        time.sleep(REST)
        part, done = _Part(), threading.Event()

        def run() -> None:
            time.sleep(STRETCH)  # they type already
            part.begin, used = time.monotonic(), self._server.cost().cpu
            try:
                part.answer = work()
            finally:
                part.end, part.cpu = time.monotonic(), self._server.cost().cpu - used
                done.set()

        working = threading.Thread(target=run)
        working.start()
        while not done.is_set():
            latencies = self._typists.do("type", seconds=STRETCH)["latencies"]
        working.join()
        part.latencies, self._seen = latencies[self._seen :], len(latencies)
        return part

    def stop(self) -> None:
        self._typists.do("leave")


class _Requester:
    """A browser of one user, for long requests."""

    def __init__(self, url: str, cookie: str) -> None:
        self._url, self._session = url, requests.Session()
        self._session.headers["Cookie"] = cookie
        self._session.headers["Referer"] = url

    def get(self, path: str) -> str:
        answer = self._session.get(self._url + path, timeout=120)
        answer.raise_for_status()
        return answer.text

    def bring_in(self, file: bytes) -> None:
        """Import a file as a copy, and wait until it is stored."""
        self._session.headers["X-CSRFToken"] = self._token("/import")
        answer = self._session.post(
            f"{self._url}/import", files={"file": ("large.json", file)}, allow_redirects=False, timeout=60
        )
        assert answer.status_code == 303, answer.text[:500]
        place = answer.headers["Location"]
        self._until(place, 'name="side"')
        answer = self._session.post(
            self._url + place, data={"side": "de", "copy": "yes"}, allow_redirects=False, timeout=60
        )
        assert answer.status_code == 303, answer.text[:500]
        self._until(f"{place}/state", "", "HX-Redirect")

    def _token(self, path: str) -> str:
        found = TOKEN.search(self.get(path))
        assert found is not None
        return found[1]

    def _until(self, path: str, text: str, header: str = "") -> None:
        end = time.monotonic() + 120
        while time.monotonic() < end:
            answer = self._session.get(self._url + path, timeout=60)
            if (text and text in answer.text) or (header and header in answer.headers):
                return
            time.sleep(0.3)
        raise AssertionError(f"{path} was not ready in time")


def _herd(name: str, parts: list[_Part], stalls: Path) -> Figures:
    pages = [ms for part in parts for ms in part.answer["pages"]]
    forms = [ms for part in parts for ms in part.answer["then"]]
    return {
        f"{name}_page_p50": percentile(pages, 0.5),
        f"{name}_page_p95": percentile(pages, 0.95),
        f"{name}_all": max(part.answer["all"] for part in parts),
        f"{name}_forms_p95": percentile(forms, 0.95),
        f"{name}_cpu": sum(part.cpu for part in parts) / len(parts),
        f"{name}_page_bytes": parts[0].answer["bytes"],
        f"{name}_typed_p95": percentile([ms for part in parts for ms in part.latencies], 0.95),
        **_stalls(name, parts, stalls),
    }


def _stalls(name: str, parts: list[_Part], file: Path) -> Figures:
    """Milliseconds by which the monitoring greenlet woke too late during these parts."""
    time.sleep(1.0)  # until it has written what it has
    late = [ms for moment, ms in _lines(file) if any(part.begin <= moment <= part.end + 0.1 for part in parts)]
    return {
        f"{name}_stall_p99": percentile(late, 0.99),
        f"{name}_stall_p999": percentile(late, 0.999),
        f"{name}_stall_max": max(late, default=None),
    }


def _lines(file: Path) -> Iterator[tuple[float, float]]:
    for line in file.read_text().splitlines():
        moment, late = line.split()
        yield float(moment), float(late) * 1000
