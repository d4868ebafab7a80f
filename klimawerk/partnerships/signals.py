"""Event of changed permissions: sent inside `writing()`, so that later writes already respect them."""

from __future__ import annotations

from klimawerk.registry import Event

rights_changed: Event[[int, int]] = Event()
"""A person's rights in a partnership have changed: ids of the partnership and of the person."""
