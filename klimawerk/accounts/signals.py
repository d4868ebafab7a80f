"""What open pages must hear of at once; sent after the commit."""

from __future__ import annotations

from blinker import Signal

logins_ended = Signal("logins ended: keys (list of str)")
person_changed = Signal("name, rights or existence changed: person_id (int)")
