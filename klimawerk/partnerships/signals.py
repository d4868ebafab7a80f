"""Who may do what has changed: sent inside `writing()`, so that what is written next already counts it."""

from __future__ import annotations

from blinker import Signal

rights_changed = Signal("a person's rights in a partnership changed: partnership_id (int), person_id (int)")
