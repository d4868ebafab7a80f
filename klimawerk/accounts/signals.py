"""Signals about accounts, sent inside `writing()`. Listeners that send to open pages wait for the commit."""

from __future__ import annotations

from blinker import Signal

logins_ended = Signal("logins ended: keys (list of str)")
person_changed = Signal("a person's name, rights or existence changed: person_id (int)")
