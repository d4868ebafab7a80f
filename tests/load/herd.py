"""Thundering herd: everybody connects at once after a start, and after `kill -9` while the launcher restarts the
server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.load.competitors import Competitor, KlimawerkCompetitor
from tests.load.load_generator import Typists
from tests.load.process_cost import Figures, percentile

TYPED = 3_000  # milliseconds of typing once all are connected


@dataclass(frozen=True)
class Herd:
    """`people` at one text, `writers` of whom type `pace` characters a second, before, during and after."""

    name: str
    says: str
    people: int
    writers: int
    pace: float = 4
    ours: bool = True

    def run(self, contender: Competitor, _seconds: float) -> Figures:
        assert isinstance(contender, KlimawerkCompetitor)
        contender.start()
        with Typists(contender.line) as typists:
            started = typists.do("gather", **self._plan(contender))
            typists.do("expectLoss")
            contender.kill_below_launcher()
            killed = typists.do("regather")
        return {**_figures("start", started, self.people), **_figures("kill", killed, self.people)}

    def _plan(self, contender: KlimawerkCompetitor) -> dict[str, Any]:
        clients = [{**contender.client(n, 0), "writes": n < self.writers} for n in range(self.people)]
        programme = contender.ground.page
        return {
            "url": contender.url,
            "urls": contender.urls,
            "programme": programme,
            "clients": clients,
            "pace": self.pace,
            "typed": TYPED,
        }


def _figures(after: str, raw: Figures, people: int) -> Figures:
    """In milliseconds since the server's first response."""
    entered, acknowledged = raw["entered"], raw["acknowledged"]
    return {
        f"{after}_back": raw["back"],
        f"{after}_slept": raw["slept"],
        f"{after}_in_p50": percentile(entered, 0.5),
        f"{after}_in": max(entered, default=None),
        f"{after}_ack_p95": percentile(acknowledged, 0.95),
        f"{after}_ack": max(acknowledged, default=None),
        f"{after}_refused": sum(raw["refused"].values()),
        f"{after}_never": people - len(entered) + raw["never"],
    }
