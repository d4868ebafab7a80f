"""`make soak`: people come, type, crash and go for an hour; afterwards nothing of them may be left in the server.

    python -m tests.convergence.soak [MINUTES]

Prints the server's own counts once a minute, then the verdict; the exit status is 1 when something piled up.
"""

from __future__ import annotations

import sys
import time

from tests.convergence.town import Counts, Town, life, town

WARM, PEACE = 60.0, 180.0  # seconds: people before the first count; peace until all they opened must be closed again
LIMITS = {"rooms": 0, "members": 0, "pages": 0, "sockets": 0, "greenlets": 5, "threads": 1, "files": 5, "log": 0}
MEMORY = 30_000  # kB more than after warming up, at most


def main(minutes: float) -> int:
    with town() as here:
        print(f"{'':>12}" + "".join(f"{name:>10}" for name in (*LIMITS, "memory")), flush=True)
        with life(here):
            time.sleep(WARM)
        before = at_rest(here)
        show("warmed up", before)
        with life(here):
            watch(here, minutes)
        after = at_rest(here)
        show("at rest", after)
        return verdict(here, before, after)


def watch(here: Town, minutes: float) -> None:
    began = time.monotonic()
    for minute in range(1, round(minutes) + 1):
        time.sleep(max(0.0, began + 60 * minute - time.monotonic()))
        show(f"{minute} min", here.counts())


def at_rest(here: Town) -> Counts:
    """The counts as soon as everything is closed, or when it has had time enough for it."""
    until = time.monotonic() + PEACE
    while (counts := here.counts()) and time.monotonic() < until:
        if not any(counts[name] for name in ("rooms", "members", "pages", "sockets", "log")):
            break
        time.sleep(2)
    return counts


def show(when: str, counts: Counts) -> None:
    print(f"{when:>12}" + "".join(f"{counts[name]:>10}" for name in (*LIMITS, "memory")), flush=True)


def verdict(here: Town, before: Counts, after: Counts) -> int:
    """0 and a word of praise, or 1 and what is wrong. What must go back to nothing is not compared with before."""
    wrong = [
        f"{name}: {after[name]}, {before[name]} before"
        for name, more in LIMITS.items()
        if after[name] > (before[name] + more if more else 0)
    ]
    if after["memory"] > before["memory"] + MEMORY:
        wrong.append(f"memory: {after['memory']} kB, {before['memory']} kB before")
    wrong += sorted(set(here.faults))
    wrong += [line for line in here.server.log.splitlines() if line.startswith(("Traceback", "[CRITICAL"))][:5]
    print("\n".join(wrong) or "Everything is as it was.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0))
