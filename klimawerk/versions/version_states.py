"""Loads states to compare or to show (of a version, or the present one), and compares them outside of the
event loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app

from klimawerk import safe_json
from klimawerk.database import release_connection
from klimawerk.text import storable_json
from klimawerk.versions import item_keys, part_store
from klimawerk.versions.comparison import Comparison, ItemState, compare_states
from klimawerk.versions.item_state import VALUES, ItemReading, VersionHead, read_item, read_snapshot
from klimawerk.versions.models import Version

T = TypeVar("T")
THREAD_THRESHOLD = 30_000  # characters of changed parts from which a comparison runs in a thread


def state_of(version: Version) -> ItemState:
    """State of a version, with references as local ids. Raises PartDamaged."""
    head, hashes = part_store.manifest_head(version)
    loaded = part_store.load_parts(hashes.values())
    return with_local_ids(
        head, hashes, {name: loaded[key] for name, key in hashes.items()}, item_keys.keys_around(version.item_id)
    )


def present_state(item_id: int) -> ItemState:
    """Present state of the item, up to the last acknowledged update."""
    with read_snapshot():
        reading = read_item(item_id)
    return state_of_reading(reading, item_keys.keys_around(item_id))


def state_of_reading(reading: ItemReading, known: item_keys.KeyMap) -> ItemState:
    return with_local_ids(reading.head, reading.hashes, reading.parts, known)


def state_from_manifest(head: VersionHead, contents: dict[str, Any], known: item_keys.KeyMap) -> ItemState:
    """The state that a manifest names (`head`, with its "parts"), from decoded parts by their hash."""
    hashes: dict[str, str] = head["parts"]
    head_only = {name: value for name, value in head.items() if name != "parts"}
    return _with_local_references(head_only, hashes, {name: contents[key] for name, key in hashes.items()}, known)


def with_local_ids(
    head: VersionHead, hashes: dict[str, str], parts: dict[str, bytes], known: item_keys.KeyMap
) -> ItemState:
    """The state with references to other items as local ids; references to unknown items are left out."""
    return _with_local_references(head, hashes, {name: safe_json.loads(data) for name, data in parts.items()}, known)


def _with_local_references(
    head: VersionHead, hashes: dict[str, str], decoded: dict[str, Any], known: item_keys.KeyMap
) -> ItemState:
    decoded = {name: storable_json(part) for name, part in decoded.items()}
    if VALUES in decoded:
        decoded = {**decoded, VALUES: item_keys.with_numbers(head["kind"], decoded[VALUES], known)}
    if "goal" in head:
        head = {**head, "goal": known.get(head["goal"])}
    return ItemState(head, hashes, decoded)


def compare_in_thread(old: ItemState, new: ItemState) -> Comparison:
    """`compare_states`; a long comparison runs in a thread, so that the event loop goes on."""
    changed = [name for name, key in new.hashes.items() if old.hashes.get(name) != key]
    if sum(len(str(new.parts[name])) for name in changed) < THREAD_THRESHOLD:
        return compare_states(old, new)
    return _in_thread(lambda: compare_states(old, new))


def _in_thread(work: Callable[[], T]) -> T:
    """Wait for `work` in a native thread; under gevent other greenlets run meanwhile."""
    release_connection()
    if current_app.extensions["klimawerk"].async_mode != "gevent":
        return work()
    import gevent

    result: T = gevent.get_hub().threadpool.apply(work)
    return result
