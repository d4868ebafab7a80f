"""`make soak`: people come, type, crash and go for an hour; afterwards nothing of them may be left in the server.

    python -m tests.convergence.soak [MINUTES [PEOPLE]]

They begin three minutes earlier, until all that is made once is made. After that, and after each quarter of the time,
everybody leaves; what the server holds then is compared. Prints its own counts, then the verdict; the exit status is 1
when something piled up.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.convergence.soak_server import PEOPLE, Counts, SoakServer, life, town

WARM, PEACE = 180.0, 240.0  # seconds: people before the first count; peace until all they opened must be closed again
ROUNDS = 4
NOTHING = ("rooms", "members", "pages", "sockets", "log")  # of which nothing may be left when everybody has gone
MORE = {"greenlets": 5, "threads": 1, "files": 5, "objects": 25_000, "heap": 10_000, "memory": 60_000}
"""How much more there may be after the last quarter than after warming up; memory in kB. Up to 20,000 objects wait for
the collector (gunicorn.conf.py); what the heap has free between things in use is kept by the process. Files of the
database are counted apart: a connection that was needed once is kept, as many as the pool may keep, and SQLite keeps
the file of one that was closed while another one holds a lock."""
CONNECTIONS = 5 + 10 + 1  # SQLAlchemy's pool, what it may open beyond, the committer's own
SHOWN = (*NOTHING, *MORE, "stall")


@dataclass
class RestingCounts:
    """What the server held when everybody had gone, after so many minutes of life."""

    minutes: float
    counts: Counts
    files: Counter[str] = field(default_factory=Counter)

    def connections(self) -> int:
        return sum(count for name, count in self.files.items() if name.endswith(".sqlite"))

    def held(self, name: str) -> int:
        """A count; of files those that are not the database's."""
        if name == "files":
            return sum(count for file, count in self.files.items() if ".sqlite" not in file)
        return self.counts[name]


def main(minutes: float, people: int) -> int:
    with town(people) as here:
        print(f"{'':>12}" + "".join(f"{name:>10}" for name in SHOWN), flush=True)
        with life(here):
            watch(here, WARM / 60)
        rests = [at_rest(here, 0)]
        for part in range(1, ROUNDS + 1):
            with life(here):
                watch(here, minutes / ROUNDS)
            rests.append(at_rest(here, minutes * part / ROUNDS))
        return verdict(here, rests)


def watch(here: SoakServer, minutes: float) -> None:
    """Show what the server holds once a minute."""
    end = time.monotonic() + 60 * minutes
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(60, left))
        show("at work", here.counts())


def at_rest(here: SoakServer, minutes: float) -> RestingCounts:
    """As soon as everything is closed, or when it has had time enough for it."""
    until = time.monotonic() + PEACE
    while (counts := here.counts()) and time.monotonic() < until:
        if not any(counts[name] for name in NOTHING):
            break
        time.sleep(2)
    show(f"rest {minutes:.1f}", counts)
    return RestingCounts(minutes, counts, open_files(here))


def open_files(here: SoakServer) -> Counter[str]:
    """What the server has open, by name without numbers."""
    folder = Path("/proc") / str(here.process()) / "fd"
    return Counter(link.readlink().name.partition(":")[0] for link in folder.iterdir() if link.is_symlink())


def show(when: str, counts: Counts) -> None:
    print(f"{when:>12}" + "".join(f"{counts[name]:>10}" for name in SHOWN), flush=True)


def verdict(here: SoakServer, rests: list[RestingCounts]) -> int:
    """0 and a word of praise, or 1 and what is wrong."""
    first, last = rests[0], rests[-1]
    for name in ("memory", "heap", "objects", "files"):
        print(f"{name}: {slope(rests, name) * 60:+.0f} an hour of life, by {len(rests)} rests")
    wrong = [f"{name}: {last.counts[name]} are left" for name in NOTHING if last.counts[name]]
    wrong += [
        f"{name}: {last.held(name)}, {first.held(name)} after warming up"
        for name, more in MORE.items()
        if last.held(name) > first.held(name) + more
    ]
    if last.connections() > CONNECTIONS:
        wrong.append(f"connections to the database: {last.connections()}")
    print(f"connections to the database: {first.connections()}, then {last.connections()}")
    if opened := last.files - first.files:
        print(f"opened since the first rest: {dict(opened)}")
    wrong += sorted(set(here.faults))
    wrong += [line for line in here.server.log.splitlines() if line.startswith(("Traceback", "[CRITICAL"))][:5]
    print("\n".join(wrong) or "Everything is as it was.")
    return 1 if wrong else 0


def slope(rests: list[RestingCounts], name: str) -> float:
    """How much more of it there is for each minute of life, by a straight line through all rests."""
    return statistics.linear_regression([r.minutes for r in rests], [r.held(name) for r in rests]).slope


if __name__ == "__main__":
    arguments = [float(word) for word in sys.argv[1:]]
    sys.exit(main(arguments[0] if arguments else 60.0, int(arguments[1]) if arguments[1:] else PEOPLE))
