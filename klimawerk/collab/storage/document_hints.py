"""Hints to the rooms of all processes that their documents changed in the database."""

from __future__ import annotations

from klimawerk.database import after_commit
from klimawerk.live.sockets import live

DOCUMENT_HINT = "documents"


def hint_documents(names: list[str], everything: bool = False) -> None:
    """Publish the hint after the commit; open rooms of these documents then poll the database. Inside `writing()`."""
    after_commit(lambda: live().publish(DOCUMENT_HINT, names=names, everything=everything))
