"""Events that sheets send to other packages."""

from __future__ import annotations

from klimawerk.registry import Event

locks_changed: Event[[list[int]]] = Event()
"""Items were closed for editing or opened: their ids. Sent after the commit."""
