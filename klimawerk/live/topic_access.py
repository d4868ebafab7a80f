"""Who may watch which topic: each kind of thing ("measure") is answered for by its own domain."""

from __future__ import annotations

from collections.abc import Callable

from klimawerk import scalars

_rules: dict[str, Callable[[int, int], bool]] = {}


def register(kind: str, may_watch: Callable[[int, int], bool]) -> None:
    """`may_watch(person_id, thing_id)` decides for topics named "<kind>:<thing_id>"."""
    _rules[kind] = may_watch


def may_watch(person_id: int, topic: str) -> bool:
    """Whether the person may know of changes of the topic; False for a topic nobody answers for, and for other
    spellings of one ("measure:007")."""
    kind, _, number = topic.partition(":")
    try:
        id_ = scalars.item_id(number)
    except ValueError:
        return False
    return kind in _rules and str(id_) == number and _rules[kind](person_id, id_)
