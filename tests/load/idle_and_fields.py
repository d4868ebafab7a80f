"""Scenarios besides typing: joining, idle connections, and fields that are changed while others type."""

from __future__ import annotations

import base64
import threading
import time
from dataclasses import dataclass
from typing import Any

from tests.load.competitors import Competitor, KlimawerkCompetitor
from tests.load.load_generator import Typists
from tests.load.process_cost import Figures, measured, percentile, percentiles

BEHIND = 300  # updates of a long log that are not compacted yet
SETTLED = 5.0  # seconds until a server has finished its work for new connections


@dataclass(frozen=True)
class Joining:
    """A document with `edits` in its log is joined: first when it is not in memory, then `times` more."""

    name: str
    says: str
    edits: int
    times: int = 10
    ours: bool = False

    def run(self, contender: Competitor, _seconds: float) -> Figures:
        with Typists(contender.line) as typists:
            client = contender.client(0, 0)
            self._fill(contender, typists, client)
            contender.start()
            first = typists.do("arrive", url=contender.url, client=client, times=1)
            more = typists.do("arrive", url=contender.url, client=client, times=self.times)
        return {
            "join_first": first["ms"][0],
            "join_p50": percentile(more["ms"], 0.5),
            "join_p95": percentile(more["ms"], 0.95),
            "join_bytes": percentile(more["bytes"], 0.5),
            "state": more["size"],
        }

    def _fill(self, contender: Competitor, typists: Typists, client: dict[str, Any]) -> None:
        past = typists.do("history", edits=self.edits, last=BEHIND)
        if isinstance(contender, KlimawerkCompetitor):
            state, rest = base64.b64decode(past["state"]), [base64.b64decode(update) for update in past["rest"]]
            contender.give_past(client["doc"], state, rest)
        else:
            contender.start()
            typists.do("fill", url=contender.url, client=client, state=past["state"])
            contender.stop()


@dataclass(frozen=True)
class Idle:
    """`connections`, spread over `documents`, do nothing."""

    name: str
    says: str
    connections: int
    documents: int
    ours: bool = False

    def run(self, contender: Competitor, seconds: float) -> Figures:
        contender.start()
        with Typists(contender.line) as typists:
            typists.do("open", **self._plan(contender, 20))
            typists.do("leave")
            time.sleep(SETTLED)
            before = contender.cost()
            typists.do("open", **self._plan(contender, self.connections))
            time.sleep(SETTLED)
            figures = measured(contender, typists, lambda: _wait(seconds))
        return {
            "idle_memory": (figures["memory"] - before.memory) / self.connections,
            "idle_cpu": figures["cpu"] / seconds,
            "memory": figures["memory"],
        }

    def _plan(self, contender: Competitor, count: int) -> dict[str, Any]:
        clients = [{**contender.client(n, n % self.documents), "writes": False} for n in range(count)]
        return {"url": contender.url, "clients": clients, "pace": 1}


@dataclass(frozen=True)
class Fields:
    """Everybody has the same page open and changes something on it, while `beside` goes on."""

    name: str
    says: str
    beside: Any
    ours: bool = True

    def run(self, contender: Competitor, seconds: float) -> Figures:
        assert isinstance(contender, KlimawerkCompetitor)
        contender.start()
        with Typists(contender.line) as writers, Typists(contender.line) as editors:
            ground = contender.ground
            people = [
                {"cookie": cookie, "row": row} for cookie, row in zip(ground.cookies[20:], ground.rows, strict=False)
            ]
            writers.do("open", **self.beside.plan(contender))
            editors.do("open", url=contender.url, programme=ground.page, people=people)
            typed: Figures = {}
            typing = threading.Thread(target=lambda: typed.update(writers.do("type", seconds=seconds)))
            typing.start()
            figures = measured(contender, editors, lambda: dict(editors.do("type", seconds=seconds)))
            typing.join()
        return {
            **percentiles(figures["latencies"]),
            "ack_p95": percentile(figures["acknowledged"], 0.95),
            "cpu": figures["cpu"],
            "lost": figures["lost"],
            "edits": figures["edits"],
            "refused": {"fields": figures["refused"]} if figures["refused"] else {},
            "beside_p95": percentile(typed["latencies"], 0.95),
        }


def _wait(seconds: float) -> Figures:
    time.sleep(seconds)
    return {}
