"""Tells the rooms of all processes that something in the database concerns them, after it is on disk."""

from __future__ import annotations

from klimawerk.database import after_commit
from klimawerk.live.sockets import live

DOCUMENT_HINT = "documents"


def hint_documents(names: list[str], everything: bool = False) -> None:
    """To be called inside `writing()`: after the commit, open rooms of these documents look into the database."""
    after_commit(lambda: live().publish(DOCUMENT_HINT, names=names, everything=everything))
