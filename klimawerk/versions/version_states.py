"""States to compare or to read: a version's, or the present one; and the work on them beside the server's loop."""

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
THREAD_THRESHOLD = 30_000  # bytes of changed parts from which a comparison leaves the loop to others


def state_of(version: Version) -> ItemState:
    """What stands in a version, with items by their number here. Raises Damaged."""
    head, hashes = part_store.manifest_head(version)
    loaded = part_store.load_parts(hashes.values())
    return with_local_ids(
        head, hashes, {name: loaded[key] for name, key in hashes.items()}, item_keys.keys_around(version.item_id)
    )


def present_state(item_id: int) -> ItemState:
    """What stands in the item now, current up to the last acknowledged word."""
    with read_snapshot():
        reading = read_item(item_id)
    return state_of_reading(reading, item_keys.keys_around(item_id))


def state_of_reading(reading: ItemReading, known: item_keys.KeyMap) -> ItemState:
    return with_local_ids(reading.head, reading.hashes, reading.parts, known)


def state_from_manifest(head: VersionHead, contents: dict[str, Any], known: item_keys.KeyMap) -> ItemState:
    """The state that a manifest names (`head`, with its "parts"), from decoded parts by their hash."""
    hashes: dict[str, str] = head["parts"]
    bare = {name: value for name, value in head.items() if name != "parts"}
    return _placed(bare, hashes, {name: contents[key] for name, key in hashes.items()}, known)


def with_local_ids(
    head: VersionHead, hashes: dict[str, str], parts: dict[str, bytes], known: item_keys.KeyMap
) -> ItemState:
    """The state with its references to other items as their numbers here; those to strangers are left out."""
    return _placed(head, hashes, {name: safe_json.loads(data) for name, data in parts.items()}, known)


def _placed(head: VersionHead, hashes: dict[str, str], decoded: dict[str, Any], known: item_keys.KeyMap) -> ItemState:
    decoded = {name: storable_json(part) for name, part in decoded.items()}
    if VALUES in decoded:
        decoded = {**decoded, VALUES: item_keys.with_numbers(head["kind"], decoded[VALUES], known)}
    if "goal" in head:
        head = {**head, "goal": known.get(head["goal"])}
    return ItemState(head, hashes, decoded)


def compare_in_thread(old: ItemState, new: ItemState) -> Comparison:
    """`compare`, and where it may take long in a thread of its own, while the server goes on."""
    changed = [name for name, key in new.hashes.items() if old.hashes.get(name) != key]
    if sum(len(str(new.parts[name])) for name in changed) < THREAD_THRESHOLD:
        return compare_states(old, new)
    return _in_thread(lambda: compare_states(old, new))


def _in_thread(work: Callable[[], T]) -> T:
    """Waits for `work` in a real thread; under gevent others are served meanwhile."""
    release_connection()
    if current_app.extensions["klimawerk"].async_mode != "gevent":
        return work()
    import gevent

    found: T = gevent.get_hub().threadpool.apply(work)
    return found
