"""Events of live documents for other packages."""

from __future__ import annotations

from klimawerk.registry import Event

texts_changed: Event[[str, list[str]]] = Event()
"""Texts of a document are about to be written into their columns: the document's name, the changed fragments. Sent
inside the transaction, before the document's own topic is noted."""
