"""Soak test (`make soak`): clients connect, type, crash and leave for an hour; the server must release all their
resources.

python -m tests.convergence.soak [MINUTES [PEOPLE]]

They begin three minutes earlier, until everything that is created once exists. After that, and after each quarter of
the time, all clients leave, and the server's counts are compared. Prints the counts and a verdict; the exit status is 1
when a count has grown too much.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.convergence.soak_server import PEOPLE, Counts, SoakServer, activity, soak_server

WARM_UP, MAX_IDLE_WAIT = (
    180.0,
    240.0,
)  # seconds: activity before the first count; time until everything must be closed again
ROUNDS = 4
MUST_BE_ZERO = ("rooms", "members", "pages", "sockets", "log")  # counts that must be zero when all clients have left
MAX_GROWTH = {"greenlets": 5, "threads": 1, "files": 5, "objects": 25_000, "heap": 10_000, "memory": 60_000}
"""Allowed growth from the warm-up to the last quarter; memory in kB. Up to 20,000 objects wait for garbage collection
(gunicorn.conf.py); free heap between objects in use stays with the process. Files of the database are counted apart:
the pool keeps connections, and SQLite keeps the file of a closed one while another one holds a lock."""
CONNECTIONS = 5 + 10 + 1  # SQLAlchemy's pool, its overflow, the committer's connection
SHOWN = (*MUST_BE_ZERO, *MAX_GROWTH, "stall")


@dataclass
class RestingCounts:
    """The counts of the server without clients, after so many minutes of activity."""

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
    with soak_server(people) as soak:
        print(f"{'':>12}" + "".join(f"{name:>10}" for name in SHOWN), flush=True)
        with activity(soak):
            print_each_minute(soak, WARM_UP / 60)
        idle_counts = [measure_idle(soak, 0)]
        for part in range(1, ROUNDS + 1):
            with activity(soak):
                print_each_minute(soak, minutes / ROUNDS)
            idle_counts.append(measure_idle(soak, minutes * part / ROUNDS))
        return verdict(soak, idle_counts)


def print_each_minute(here: SoakServer, minutes: float) -> None:
    """Print the server's counts once a minute."""
    deadline = time.monotonic() + 60 * minutes
    while (left := deadline - time.monotonic()) > 0:
        time.sleep(min(60, left))
        print_counts("at work", here.counts())


def measure_idle(here: SoakServer, minutes: float) -> RestingCounts:
    """Counts as soon as everything is closed, or after MAX_IDLE_WAIT seconds."""
    deadline = time.monotonic() + MAX_IDLE_WAIT
    while (counts := here.counts()) and time.monotonic() < deadline:
        if not any(counts[name] for name in MUST_BE_ZERO):
            break
        time.sleep(2)
    print_counts(f"rest {minutes:.1f}", counts)
    return RestingCounts(minutes, counts, open_files(here))


def open_files(soak: SoakServer) -> Counter[str]:
    """Open files of the server, by name without numbers."""
    folder = Path("/proc") / str(soak.process()) / "fd"
    return Counter(link.readlink().name.partition(":")[0] for link in folder.iterdir() if link.is_symlink())


def print_counts(when: str, counts: Counts) -> None:
    print(f"{when:>12}" + "".join(f"{counts[name]:>10}" for name in SHOWN), flush=True)


def verdict(soak: SoakServer, idle_counts: list[RestingCounts]) -> int:
    """Print the result and return the exit status."""
    first, last = idle_counts[0], idle_counts[-1]
    for name in ("memory", "heap", "objects", "files"):
        print(f"{name}: {slope(idle_counts, name) * 60:+.0f} an hour of life, by {len(idle_counts)} rests")
    problems = [f"{name}: {last.counts[name]} are left" for name in MUST_BE_ZERO if last.counts[name]]
    problems += [
        f"{name}: {last.held(name)}, {first.held(name)} after warming up"
        for name, growth in MAX_GROWTH.items()
        if last.held(name) > first.held(name) + growth
    ]
    if last.connections() > CONNECTIONS:
        problems.append(f"connections to the database: {last.connections()}")
    print(f"connections to the database: {first.connections()}, then {last.connections()}")
    if opened := last.files - first.files:
        print(f"opened since the first rest: {dict(opened)}")
    problems += sorted(set(soak.faults))
    problems += [line for line in soak.server.log.splitlines() if line.startswith(("Traceback", "[CRITICAL"))][:5]
    print("\n".join(problems) or "Everything is as it was.")
    return 1 if problems else 0


def slope(idle_counts: list[RestingCounts], name: str) -> float:
    """Growth per minute of activity, by linear regression over all idle counts."""
    return statistics.linear_regression([r.minutes for r in idle_counts], [r.held(name) for r in idle_counts]).slope


if __name__ == "__main__":
    arguments = [float(word) for word in sys.argv[1:]]
    sys.exit(main(arguments[0] if arguments else 60.0, int(arguments[1]) if arguments[1:] else PEOPLE))
