"""Events about accounts, sent inside `writing()`. Listeners that send to open pages wait for the commit."""

from __future__ import annotations

from klimawerk.registry import Event

logins_ended: Event[[list[str]]] = Event()
"""Logins have ended: their keys."""

person_changed: Event[[int]] = Event()
"""A person's name, rights or existence has changed: the person's id."""
