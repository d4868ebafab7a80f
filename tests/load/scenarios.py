"""What is measured, and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.load.contenders import Contender
from tests.load.measures import percentile
from tests.load.typists import Typists

Figures = dict[str, Any]
WARM_UP = 3.0  # seconds


@dataclass(frozen=True)
class Typing:
    """`documents` with `people` each, `writers` of whom press `pace` keys a second."""

    name: str
    says: str
    documents: int
    people: int
    writers: int
    pace: float

    def run(self, contender: Contender, seconds: float) -> Figures:
        """Type, wait until all has arrived, kill the server, look what is left."""
        contender.start()
        with Typists(contender.line) as typists:
            typists.do("open", **self._plan(contender))
            typists.do("warm", seconds=WARM_UP)
            figures = _measured(contender, typists, lambda: typists.do("type", seconds=seconds))
            figures.update(typists.do("settle"))
            contender.kill()
            typists.do("leave")
            contender.start()
            left = typists.do("look")
        figures["lost_after_kill"], figures["doubled_after_kill"] = left["lost"], left["doubled"]
        return _typing_figures(figures, seconds)

    def _plan(self, contender: Contender) -> dict[str, Any]:
        clients: list[dict[str, Any]] = []
        for document in range(self.documents):
            for number in range(self.people):
                client = contender.client(len(clients), document)
                clients.append({**client, "writes": number < self.writers})
        return {"url": contender.url, "clients": clients, "pace": self.pace}


SCENARIOS: dict[str, Typing] = {
    one.name: one
    for one in (
        Typing("S1", "one document, 20 people, each 4 keys a second", 1, 20, 20, 4),
        Typing("S2", "three such documents", 3, 20, 20, 4),
        Typing("S3", "one document, 100 people, 20 of them typing 4 keys a second", 1, 100, 20, 4),
        Typing("S4", "100 documents, 5 people each, 2 keys a second", 100, 5, 5, 2),
    )
}


def _measured(contender: Contender, typists: Typists, work: Callable[[], Figures]) -> Figures:
    """What `work` says, with what server and generator cost meanwhile."""
    server, generator = contender.cost(), typists.cost()
    figures = work()
    after = contender.cost()
    figures["cpu"] = after.cpu - server.cpu
    figures["memory"] = after.memory
    figures["generator_cpu"] = typists.cost().cpu - generator.cpu
    return figures


def _typing_figures(raw: Figures, seconds: float) -> Figures:
    latencies, acknowledged = raw.pop("latencies"), raw.pop("acknowledged")
    readers = raw.pop("readers")
    return {
        **raw,
        **{f"p{share}": percentile(latencies, share / 100) for share in (50, 95, 99)},
        "ack_p95": percentile(acknowledged, 0.95),
        "cpu_per_1000": raw["cpu"] / raw["edits"] * 1000,
        "reader_bytes_a_second": (percentile(readers, 0.5) or 0.0) / seconds if readers else None,
        "seconds": seconds,
    }
