"""The benchmark's scenarios."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.load.competitors import Competitor
from tests.load.edition_timings import Editions
from tests.load.herd import Herd
from tests.load.idle_and_fields import Fields, Idle, Joining
from tests.load.load_generator import Typists
from tests.load.page_herd import PageHerd
from tests.load.page_timings import Pages
from tests.load.process_cost import Figures, measured, percentile, percentiles
from tests.load.version_timings import Versions

WARM_UP = 3.0  # seconds
CARET = "A" * 350
"""As long as one caret in Yjs' own awareness protocol."""


@dataclass(frozen=True)
class Typing:
    """`documents` with `people` each, `writers` of whom press `pace` keys a second. `ours`: without the peers."""

    name: str
    says: str
    documents: int
    people: int
    writers: int
    pace: float
    carets: bool = False
    ours: bool = False

    def run(self, contender: Competitor, seconds: float) -> Figures:
        """Type, wait until everything has arrived, kill the server, check what is left."""
        contender.start()
        with Typists(contender.line) as typists:
            typists.do("open", **self.plan(contender))
            typists.do("warm", seconds=WARM_UP)
            figures = measured(contender, typists, lambda: dict(typists.do("type", seconds=seconds)))
            figures.update(typists.do("settle"))
            contender.kill()
            typists.do("leave")
            contender.start()
            left = typists.do("look")
        figures["lost_after_kill"], figures["doubled_after_kill"] = left["lost"], left["doubled"]
        return _figures(figures, seconds)

    def plan(self, contender: Competitor) -> dict[str, Any]:
        """The generator's plan: which client is in which document."""
        clients: list[dict[str, Any]] = []
        for document in range(self.documents):
            for number in range(self.people):
                client = contender.client(len(clients), document)
                clients.append({**client, "writes": number < self.writers})
        caret = CARET if self.carets else None
        return {"url": contender.url, "urls": contender.urls, "clients": clients, "pace": self.pace, "caret": caret}


_S1 = Typing("S1", "one document, 20 people, each 4 keys a second", 1, 20, 20, 4)
Scenario = Typing | Joining | Idle | Fields | Versions | Editions | Herd | Pages | PageHerd
SCENARIOS: dict[str, Scenario] = {
    one.name: one
    for one in (
        _S1,
        Typing("S2", "three such documents", 3, 20, 20, 4),
        Typing("S3", "one document, 100 people, 20 of them typing 4 keys a second", 1, 100, 20, 4),
        Typing("S4", "100 documents, 5 people each, 2 keys a second", 100, 5, 5, 2),
        Joining("S5", "joining a document with 200,000 edits behind it", 200_000),
        Idle("S6", "500 connections that do nothing, over 100 documents", 500, 100),
        Fields("S7", "20 people changing fields every 2 s on one page that all have open, S1 beside it", _S1),
        Typing("W", "a workshop: 20 people, 5 of them typing, carets", 1, 20, 5, 4, carets=True, ours=True),
        Versions("V", "versions of a measure with 12,000 characters in two languages each, and 60 rows", 10_000),
        Herd("J", "100 people come at once to one text, 20 of them type: after a start, and after kill -9", 100, 20),
        Pages("P", "server CPU of pages, packed: a measure, and a programme with 120 measures", 120),
        PageHerd("H", "60 people of all roles come to one measure within 300 ms, 20 type elsewhere", 60, 20, 120),
        Editions("E", "two fixed copies of a programme with 120 measures, 40 of them changed", 120, 40),
    )
}


def _figures(raw: Figures, seconds: float) -> Figures:
    latencies, acknowledged = raw.pop("latencies"), raw.pop("acknowledged")
    readers = raw.pop("readers")
    return {
        **raw,
        **percentiles(latencies),
        "ack_p95": percentile(acknowledged, 0.95),
        "cpu_per_1000": raw["cpu"] / raw["edits"] * 1000,
        "reader_bytes": (percentile(readers, 0.5) or 0.0) / seconds if readers else None,
        "seconds": seconds,
    }
