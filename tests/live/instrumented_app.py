"""The real server, watched: who holds one of the pool's connections while waiting, how often rooms read their text, and
how many questions the doors ask. `GET /watched` answers with it.

gevent tells of every switch from one greenlet to another. Whoever is left there with a connection waits with it: for a
lock, a thread, the network, for whatever it may be. Two kinds of waiting need one: for the database itself, and giving
way, which waits for nobody who could need one.
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

_FREE = ("/psycopg/", "/psycopg_c/", "/psycopg_binary/", "/klimawerk/cooperative.py")
_DOORS = ("_connect", "_watch", "_here", "_join", "_update")


def make() -> Flask:
    app = create_app()
    with app.app_context():
        watch(app)
    return app


def watch(app: Flask) -> Instrumentation:
    """Watch the app from now on, in its context."""
    found = Instrumentation()
    app.add_url_rule("/watched", "watched", found.answer)
    app.add_url_rule("/watched/<any(wrong, right):way>", "watched_wait", _wait)
    pool = db.engine.pool
    event.listen(pool, "checkout", found.took)
    event.listen(pool, "checkin", found.gave)
    event.listen(db.engine, "before_cursor_execute", found.asked)
    load = Room._load

    def counted(self: Room, row: Document, own: dict[int, str]) -> None:
        found.reads[self.name] += 1
        load(self, row, own)

    Room._load = counted  # type: ignore[method-assign]
    greenlet.settrace(found.switched)
    return found


def _wait(way: str) -> str:
    """How it is not done, and how it is: whoever watches has to tell one from the other."""
    db.session.execute(text("SELECT 1"))
    if way == "right":
        release_connection()
    time.sleep(0.01)
    return way


class Instrumentation:
    def __init__(self) -> None:
        self.waited: Counter[str] = Counter()
        self.reads: Counter[str] = Counter()
        self.questions: Counter[str] = Counter()
        self.most = 0
        self._holders: dict[Any, Any] = {}  # the connection's record: greenlet

    def answer(self) -> dict[str, Any]:
        return {"waited": self.waited, "reads": self.reads, "questions": self.questions, "most": self.most}

    def took(self, _connection: object, record: Any, proxy: Any) -> None:
        if proxy._pool is db.engine.pool:  # the committer keeps one of its own
            self._holders[record] = greenlet.getcurrent()
            self.most = max(self.most, len(self._holders))

    def gave(self, _connection: object, record: Any) -> None:
        self._holders.pop(record, None)

    def asked(self, *_statement: object) -> None:
        door = next((name for name in _names(greenlet.getcurrent().gr_frame) if name in _DOORS), "else")
        self.questions[door] += 1

    def switched(self, kind: str, between: Any) -> None:
        if kind not in ("switch", "throw"):
            return
        left = between[0]
        if left in self._holders.values() and not _may(left.gr_frame):
            self.waited[" < ".join(_places(left.gr_frame))] += 1


def _frames(frame: FrameType | None) -> list[FrameType]:
    found = []
    while frame is not None:
        found.append(frame)
        frame = frame.f_back
    return found


def _may(frame: FrameType | None) -> bool:
    return frame is None or any(kind in one.f_code.co_filename for one in _frames(frame) for kind in _FREE)


def _names(frame: FrameType | None) -> list[str]:
    return [one.f_code.co_name for one in _frames(frame or sys._getframe(1))]


def _places(frame: FrameType | None) -> list[str]:
    ours = [one for one in _frames(frame) if "/klimawerk/" in one.f_code.co_filename or one.f_code is _wait.__code__]
    return [f"{one.f_code.co_filename.rpartition('/')[2]}:{one.f_code.co_name}:{one.f_lineno}" for one in ours][:6]
