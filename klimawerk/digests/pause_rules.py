"""Pause rules: whether the digests of a partnership wait, as during a meeting. Held-back news are sent afterwards.

Packages that host meetings register a rule at start; this module knows none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Flask, current_app

PauseRule = Callable[[int, datetime], bool]


def init_app(app: Flask) -> None:
    app.extensions["klimawerk_silence"] = []


def register(app: Flask, rule: PauseRule) -> None:
    """Also ask `rule(partnership_id, moment)` whether mails about the partnership wait at that moment."""
    app.extensions["klimawerk_silence"].append(rule)


def is_paused(partnership_id: int, moment: datetime) -> bool:
    """Whether mails about the partnership wait at that moment."""
    rules: list[PauseRule] = current_app.extensions["klimawerk_silence"]
    return any(rule(partnership_id, moment) for rule in rules)
