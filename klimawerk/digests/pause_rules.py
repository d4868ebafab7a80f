"""Pause rules: whether the digests of a partnership wait, as during a meeting. Held-back news are sent afterwards.

Packages that host meetings add a rule; this module knows none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from klimawerk.registry import Hooks

PauseRule = Callable[[int, datetime], bool]
rules: Hooks[PauseRule] = Hooks()
"""`rule(partnership_id, moment)` says whether mails about the partnership wait at that moment."""


def is_paused(partnership_id: int, moment: datetime) -> bool:
    """Whether mails about the partnership wait at that moment."""
    return any(rule(partnership_id, moment) for rule in rules)
