"""Transactions: one way to write, for SQLite and PostgreSQL alike.

SQLite has one writer. A second one waits inside C, which would freeze every greenlet of the process, so writers
queue on a lock of ours instead and begin with `BEGIN IMMEDIATE` (a read transaction cannot be upgraded safely).
Nothing that yields (network, emit, sleep) may run inside `writing()`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from flask import Flask, current_app
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session

from klimawerk.extensions import db

log = logging.getLogger(__name__)
BROKEN: tuple[type[Exception], ...] = (OperationalError, InterfaceError, NoConnection)
"""Not the request's fault: the database is full, busy or away, and the same may work in a moment."""
_sqlite_writer = threading.RLock()
_depth: ContextVar[int] = ContextVar("writing_depth", default=0)


@contextmanager
def writing() -> Iterator[Session]:
    """One write transaction around the block; commits at its end, rolls back when it raises.

    Nested blocks join the outer one. What was read before is forgotten at the outermost entry, so that everything
    the block reads is current. Callbacks given to `after_commit` run once it is on disk, outside the lock.
    """
    if _depth.get():
        yield db.session()
        return
    with _writer():
        session = db.session()
        session.rollback()
        session.expire_all()  # without an open transaction the line above forgets nothing
        session.info["after_commit"] = []
        token = _depth.set(1)
        try:
            yield session
            session.commit()
            callbacks = session.info.pop("after_commit")
        except BaseException as error:
            session.rollback()
            session.info.pop("after_commit", None)
            _tell_of(error)
            raise
        finally:
            session.info.pop("noted", None)
            _depth.reset(token)
    _run(callbacks)


class Line:
    """A connection that is kept between transactions: to fetch one and give it back costs as much as a short one.

    For one thread (or greenlet). After a failure the next transaction has a new connection.
    """

    def __init__(self) -> None:
        self._connection: Connection | None = None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One write transaction without a session. Nothing may be noted or announced in it, and no `writing()` may be
        open around it."""
        with _writer():
            token = _depth.set(1)
            try:
                connection = self._connection = self._connection or db.engine.connect()
                with connection.begin():
                    yield connection
            except BaseException as error:
                self.close()
                _tell_of(error)
                raise
            finally:
                _depth.reset(token)

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*BROKEN):
                connection.close()


def on_trouble(app: Flask, callback: Callable[[], None]) -> None:
    """Have `callback` called whenever the database took nothing: it is full, or away."""
    app.extensions["klimawerk_trouble"] = callback


def _tell_of(error: BaseException) -> None:
    listener = current_app.extensions.get("klimawerk_trouble")
    if listener and isinstance(error, BROKEN):
        listener()


def after_commit(callback: Callable[[], None]) -> None:
    """Run `callback` when the surrounding `writing()` is on disk; never if it fails. RuntimeError outside of one."""
    if not _depth.get():
        raise RuntimeError("after_commit is for code inside writing()")
    db.session.info["after_commit"].append(callback)


def _run(callbacks: list[Callable[[], None]]) -> None:
    """What is committed stays committed: a listener's failure reaches the log, not the writer."""
    for callback in callbacks:
        try:
            callback()
        except Exception:
            log.exception("a listener failed after the commit")


@contextmanager
def _writer() -> Iterator[None]:
    if current_app.extensions["klimawerk"].is_sqlite:
        with _sqlite_writer:
            yield
    else:
        yield


def init_app(app: Flask) -> None:
    """Teach the engine SQLite's manners (WAL, durable commits, foreign keys, explicit BEGIN)."""
    if not app.extensions["klimawerk"].is_sqlite:
        return
    with app.app_context():
        engine: Engine = db.engine
    event.listen(engine, "connect", _sqlite_connect)
    event.listen(engine, "begin", _sqlite_begin)


def _sqlite_connect(connection: object, _record: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=2000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if _depth.get() else "BEGIN")
