"""A copy of every update that was ever logged, made by database triggers, which compaction does not delete."""

from __future__ import annotations

from pycrdt import Doc, XmlFragment
from sqlalchemy import text

from klimawerk.database import writing
from klimawerk.extensions import db

_COPY = "INSERT INTO history (document_id, seq, payload) VALUES (NEW.document_id, NEW.seq, NEW.payload)"
_SQLITE = [
    "CREATE TABLE history (document_id integer, seq integer, payload blob)",
    f'CREATE TRIGGER remember AFTER INSERT ON "update" BEGIN {_COPY}; END',
]
_POSTGRESQL = [
    "CREATE TABLE history (document_id integer, seq integer, payload bytea)",
    f"CREATE FUNCTION remember() RETURNS trigger AS $$ BEGIN {_COPY}; RETURN NEW; END $$ LANGUAGE plpgsql",
    'CREATE TRIGGER remember AFTER INSERT ON "update" FOR EACH ROW EXECUTE FUNCTION remember()',
]


def keep() -> None:
    """Copy every row of the log from now on."""
    statements = _SQLITE if db.engine.dialect.name == "sqlite" else _POSTGRESQL
    with writing():
        for statement in statements:
            db.session.execute(text(statement))


def rows(document_id: int) -> list[tuple[int, bytes]]:
    """(seq, payload) of all logged updates, in order."""
    query = text("SELECT seq, payload FROM history WHERE document_id = :id ORDER BY seq")
    return [(row.seq, bytes(row.payload)) for row in db.session.execute(query, {"id": document_id})]


def replay(start: bytes, updates: list[bytes]) -> tuple[Doc[XmlFragment], list[int]]:
    """The document that the updates make of `start`, and the indexes of updates that changed nothing."""
    document: Doc[XmlFragment] = Doc()
    document.apply_update(start)
    fired: list[int] = []
    document.observe(lambda _event: fired.append(1))
    idle = []
    for index, update in enumerate(updates):
        fired.clear()
        document.apply_update(update)
        if not fired:
            idle.append(index)
    return document, idle
