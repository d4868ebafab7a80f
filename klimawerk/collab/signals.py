"""Signals of live documents for other packages."""

from __future__ import annotations

from blinker import Signal

texts_changed = Signal(
    "texts of a document are about to be written into their columns: name (str), fragments (list of str); "
    "sent inside the transaction, before the document's own topic is noted"
)
