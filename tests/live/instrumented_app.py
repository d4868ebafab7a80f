"""The real server, instrumented: greenlets that wait while they hold a pooled connection, loads of documents, and
queries per event handler. `GET /watched` returns the counts.

gevent reports every switch between greenlets. A greenlet that is left with a connection holds it while it waits: for a
lock, a thread or the network. Two kinds of waiting are allowed: for the database itself, and yielding, which waits for
no one who could need a connection.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from types import FrameType
from typing import Any

import greenlet
from flask import Flask
from sqlalchemy import event, text

from klimawerk import create_app
from klimawerk.collab.models import Document
from klimawerk.collab.room.room import Room
from klimawerk.database import release_connection
from klimawerk.extensions import db

_ALLOWED_FILES = ("/psycopg/", "/psycopg_c/", "/psycopg_binary/", "/klimawerk/cooperative.py")
_HANDLERS = ("_connect", "_watch", "_here", "_join", "_update")


def make() -> Flask:
    app = create_app()
    with app.app_context():
        watch(app)
    return app


def watch(app: Flask) -> Instrumentation:
    """Instrument the app, in its context."""
    instrumentation = Instrumentation()
    app.add_url_rule("/watched", "watched", instrumentation.answer)
    app.add_url_rule("/watched/<any(wrong, right):way>", "watched_wait", _wait)
    pool = db.engine.pool
    event.listen(pool, "checkout", instrumentation.on_checkout)
    event.listen(pool, "checkin", instrumentation.on_checkin)
    event.listen(db.engine, "before_cursor_execute", instrumentation.on_query)
    load = Room._load

    def counted(self: Room, row: Document, own: dict[int, str]) -> None:
        instrumentation.reads[self.name] += 1
        load(self, row, own)

    Room._load = counted  # type: ignore[method-assign]
    greenlet.settrace(instrumentation.on_switch)
    return instrumentation


def _wait(way: str) -> str:
    """Waiting in the wrong and in the right way: a control of the instrumentation."""
    db.session.execute(text("SELECT 1"))
    if way == "right":
        release_connection()
    time.sleep(0.01)
    return way


class Instrumentation:
    def __init__(self) -> None:
        self.waited: Counter[str] = Counter()
        self.reads: Counter[str] = Counter()
        self.queries: Counter[str] = Counter()
        self.max_holders = 0
        self._holders: dict[Any, Any] = {}  # the connection's record: greenlet

    def answer(self) -> dict[str, Any]:
        return {"waited": self.waited, "reads": self.reads, "questions": self.queries, "most": self.max_holders}

    def on_checkout(self, _connection: object, record: Any, proxy: Any) -> None:
        if proxy._pool is db.engine.pool:  # the committer's own connection is in another pool
            self._holders[record] = greenlet.getcurrent()
            self.max_holders = max(self.max_holders, len(self._holders))

    def on_checkin(self, _connection: object, record: Any) -> None:
        self._holders.pop(record, None)

    def on_query(self, *_statement: object) -> None:
        handler = next((name for name in _names(greenlet.getcurrent().gr_frame) if name in _HANDLERS), "else")
        self.queries[handler] += 1

    def on_switch(self, kind: str, between: Any) -> None:
        if kind not in ("switch", "throw"):
            return
        left = between[0]
        if left in self._holders.values() and not _may_hold_connection(left.gr_frame):
            self.waited[" < ".join(_stack_of(left.gr_frame))] += 1


def _frames(frame: FrameType | None) -> list[FrameType]:
    frames = []
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    return frames


def _may_hold_connection(frame: FrameType | None) -> bool:
    return frame is None or any(kind in entry.f_code.co_filename for entry in _frames(frame) for kind in _ALLOWED_FILES)


def _names(frame: FrameType | None) -> list[str]:
    return [entry.f_code.co_name for entry in _frames(frame or sys._getframe(1))]


def _stack_of(frame: FrameType | None) -> list[str]:
    own_frames = [
        entry for entry in _frames(frame) if "/klimawerk/" in entry.f_code.co_filename or entry.f_code is _wait.__code__
    ]
    return [
        f"{entry.f_code.co_filename.rpartition('/')[2]}:{entry.f_code.co_name}:{entry.f_lineno}" for entry in own_frames
    ][:6]
