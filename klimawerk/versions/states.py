"""States to compare or to read: a version's, or the present one; and the work on them beside the server's loop."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar

from flask import current_app

from klimawerk.versions import storing
from klimawerk.versions.comparing import Comparison, State, compare
from klimawerk.versions.models import Version
from klimawerk.versions.reading import Reading, one_moment, read

T = TypeVar("T")
LARGE = 30_000  # bytes of changed parts from which a comparison leaves the loop to others


def state_of(version: Version) -> State:
    """What stands in a version. Raises Damaged."""
    head, hashes = storing.head_of(version)
    loaded = storing.load(hashes.values())
    return State(head, hashes, {name: storing.part(loaded[key]) for name, key in hashes.items()})


def present_state(item_id: int) -> State:
    """What stands in the item now, current up to the last acknowledged word."""
    with one_moment():
        reading = read(item_id)
    return of_reading(reading)


def of_reading(reading: Reading) -> State:
    return State(reading.head, reading.hashes, {name: json.loads(data) for name, data in reading.parts.items()})


def compared(old: State, new: State) -> Comparison:
    """`compare`, and where it may take long in a thread of its own, while the server goes on."""
    changed = [name for name, key in new.hashes.items() if old.hashes.get(name) != key]
    if sum(len(str(new.parts[name])) for name in changed) < LARGE:
        return compare(old, new)
    return _aside(lambda: compare(old, new))


def _aside(work: Callable[[], T]) -> T:
    """Waits for `work` in a real thread; under gevent others are served meanwhile."""
    if current_app.extensions["klimawerk"].async_mode != "gevent":
        return work()
    import gevent

    found: T = gevent.get_hub().threadpool.apply(work)
    return found
