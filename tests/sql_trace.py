"""Counts the SQL statements that SQLite executes, on every connection, whoever sends them."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from klimawerk.extensions import db


class SqlTrace:
    """`statements`: the beginnings of all statements, in order."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def note(self, statement: str) -> None:
        self.statements.append(" ".join(statement.split()[:3]).removesuffix(";"))

    def counts(self) -> dict[str, int]:
        return dict(Counter(self.statements))


@contextmanager
def traced() -> Iterator[SqlTrace]:
    """Statements of the connections that are opened or taken out of the pool from now on."""
    trace = SqlTrace()

    def watch(connection: sqlite3.Connection, *_more: object) -> None:
        connection.set_trace_callback(trace.note)

    pool = db.engine.pool
    for moment in ("connect", "checkout"):
        event.listen(pool, moment, watch)
    try:
        yield trace
    finally:
        for moment in ("connect", "checkout"):
            event.remove(pool, moment, watch)
