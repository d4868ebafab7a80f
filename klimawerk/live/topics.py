"""Who may watch which topic: each kind of thing ("measure") is answered for by its own domain."""

from __future__ import annotations

from collections.abc import Callable

_kinds: dict[str, Callable[[int, int], bool]] = {}


def register(kind: str, may_watch: Callable[[int, int], bool]) -> None:
    """`may_watch(person_id, thing_id)` decides for topics named "<kind>:<thing_id>"."""
    _kinds[kind] = may_watch


def may_watch(person_id: int, topic: str) -> bool:
    """Whether the person may know of changes of the topic; False for a topic nobody answers for, and for other
    spellings of one ("measure:007")."""
    kind, _, number = topic.partition(":")
    if kind not in _kinds or not number.isascii() or not number.isdigit() or len(number) > 12 or number[0] == "0":
        return False
    return _kinds[kind](person_id, int(number))
