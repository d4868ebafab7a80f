"""Whether a partnership sits together right now: then its digests wait, and what was held back comes afterwards.

The rooms in which people sit together say so at start; this one knows none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Flask, current_app

PauseRule = Callable[[int, datetime], bool]


def init_app(app: Flask) -> None:
    app.extensions["klimawerk_silence"] = []


def register(app: Flask, silent: PauseRule) -> None:
    """Ask `silent(partnership_id, moment)` too whether mails about the partnership wait at that moment."""
    app.extensions["klimawerk_silence"].append(silent)


def is_paused(partnership_id: int, moment: datetime) -> bool:
    """Whether mails about the partnership wait now."""
    asked: list[PauseRule] = current_app.extensions["klimawerk_silence"]
    return any(silent(partnership_id, moment) for silent in asked)
