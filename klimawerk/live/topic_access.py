"""Permission to watch a topic. Each kind of thing ("measure") registers its own rule."""

from __future__ import annotations

from collections.abc import Callable

from klimawerk import scalars

_rules: dict[str, Callable[[int, int], bool]] = {}


def register(kind: str, may_watch: Callable[[int, int], bool]) -> None:
    """Set the rule of one kind: `may_watch(person_id, thing_id)` decides for topics named "<kind>:<thing_id>"."""
    _rules[kind] = may_watch


def may_watch(person_id: int, topic: str) -> bool:
    """Whether the person may watch the topic; False for a kind without a rule, and for other spellings
    ("measure:007")."""
    kind, _, number = topic.partition(":")
    try:
        id_ = scalars.item_id(number)
    except ValueError:
        return False
    return kind in _rules and str(id_) == number and _rules[kind](person_id, id_)
