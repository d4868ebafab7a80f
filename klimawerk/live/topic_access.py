"""Permission to watch a topic. Each kind of thing ("measure") registers its own rule."""

from __future__ import annotations

from collections.abc import Callable

from klimawerk import scalars
from klimawerk.registry import Registry

WatchRule = Callable[[int, int], bool]
rules: Registry[str, WatchRule] = Registry("topic access")
"""By kind of topic: `rule(person_id, thing_id)` decides who may watch topics named "<kind>:<thing_id>"."""


def may_watch(person_id: int, topic: str) -> bool:
    """Whether the person may watch the topic; False for a kind without a rule, and for other spellings
    ("measure:007")."""
    kind, _, number = topic.partition(":")
    try:
        id_ = scalars.item_id(number)
    except ValueError:
        return False
    rule = rules.get(kind)
    return rule is not None and str(id_) == number and rule(person_id, id_)
