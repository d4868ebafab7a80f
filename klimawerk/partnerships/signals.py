"""Signal of changed permissions: sent inside `writing()`, so that later writes already respect them."""

from __future__ import annotations

from blinker import Signal

rights_changed = Signal("a person's rights in a partnership changed: partnership_id (int), person_id (int)")
