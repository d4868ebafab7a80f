"""Signals that sheets send to other packages."""

from __future__ import annotations

from blinker import Signal

locks_changed = Signal("items were closed for editing or opened: items (list of ids); sent after the commit")
