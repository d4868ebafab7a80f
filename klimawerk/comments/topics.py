"""Topics of comments. Each side has its own, so that no side learns of activity in threads that it may not see.

"comments-<side>:<item>" changes with every thread of the item that the side sees. "talks-<side>:<programme>" changes
when threads were opened or closed anywhere in the programme, for the counts beside its pages.
"""

from __future__ import annotations

from functools import partial

from flask import Flask

from klimawerk.live import topic_access
from klimawerk.live.changes import note
from klimawerk.partnerships.models import SIDES
from klimawerk.sheets.document_access import item_reader
from klimawerk.sheets.models import Item

ALL_SIDES = (*SIDES, "neutral")


def init_app(app: Flask) -> None:
    for side in ALL_SIDES:
        topic_access.rules.add(app, f"comments-{side}", partial(_may_watch, side))
        topic_access.rules.add(app, f"talks-{side}", partial(_may_watch, side))


def threads_topic(item: Item, side: str) -> str:
    """Topic that announces to `side` changes of the item's threads."""
    return f"comments-{side}:{item.id}"


def counts_topic(programme: Item, side: str) -> str:
    """Topic that announces to `side` changes of the counts of open threads."""
    return f"talks-{side}:{programme.id}"


def announce_threads(item: Item, seen_by: str) -> dict[str, int]:
    """Note a change in a thread for `seen_by` ("" for all); returns the new revision for each side.

    Inside `writing()`. Always in the same order, so that two writers never wait for each other.
    """
    return {side: note(threads_topic(item, side)) for side in ALL_SIDES if seen_by in ("", side)}


def announce_counts(programme: Item, seen_by: str) -> None:
    """Note a change of the counts. Called before `announce_threads`."""
    for side in ALL_SIDES:
        if seen_by in ("", side):
            note(counts_topic(programme, side))


def _may_watch(side: str, person_id: int, item_id: int) -> bool:
    opened = item_reader(person_id, item_id)
    return opened is not None and opened.member.side == side
