"""Counts the SQL statements that SQLite executes, on every connection, whoever sends them."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from klimawerk.extensions import db


class SqlTrace:
    """`statements`: the beginnings of all statements, in order; `threads`: which thread has sent each."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.threads: list[int] = []

    def note(self, statement: str) -> None:
        self.statements.append(" ".join(statement.split()[:3]).removesuffix(";"))
        self.threads.append(threading.get_ident())

    def clear(self) -> None:
        self.statements.clear()
        self.threads.clear()

    def counts(self) -> dict[str, int]:
        return dict(Counter(self.statements))

    def counts_beside(self, statement: str) -> dict[str, int]:
        """The statements of the threads that have sent `statement`, too; not those of a poll at the same time."""
        pairs = list(zip(self.statements, self.threads, strict=True))
        senders = {thread for text, thread in pairs if text == statement}
        return dict(Counter(text for text, thread in pairs if thread in senders))


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
