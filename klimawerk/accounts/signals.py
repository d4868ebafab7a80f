"""What open pages must hear of at once. Sent inside `writing()`; listeners that speak to pages wait for its commit."""

from __future__ import annotations

from blinker import Signal

logins_ended = Signal("logins ended: keys (list of str)")
person_changed = Signal("a person's name, rights or existence changed: person_id (int)")
