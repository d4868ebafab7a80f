"""Transactions: one way to write, for SQLite and PostgreSQL alike.

SQLite has one writer. A second one waits inside C, which would freeze every greenlet of the process, so writers
queue on a lock of ours instead and begin with `BEGIN IMMEDIATE` (a read transaction cannot be upgraded safely).
Nothing that yields (network, emit, sleep) may run inside `writing()`.

Whoever waits for anything but the database itself holds no connection meanwhile (`release`): a pool's few connections
would all be in the hands of those who wait for somebody who needs one.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

from flask import Flask, current_app
from sqlalchemy import ClauseElement, Connection, Dialect, Engine, event, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from klimawerk import cooperative, private_files
from klimawerk.extensions import db

T = TypeVar("T")
log = logging.getLogger(__name__)
WRITE_FAILURES: tuple[type[Exception], ...] = (OperationalError, InterfaceError, NoConnection)
"""Not the request's fault: the database is full, busy or away, and the same may work in a moment."""
PAUSE = 1.0  # seconds without a transaction after which a connection of one's own may have ended unnoticed
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
    session = db.session()
    session.rollback()  # before the lock is waited for
    with _writer():
        session.expire_all()  # without an open transaction a rollback forgets nothing
        session.info["after_commit"] = []
        token = _depth.set(1)
        try:
            yield session
            session.commit()
            callbacks = session.info.pop("after_commit")
        except BaseException as error:
            session.rollback()
            session.info.pop("after_commit", None)
            _report_failure(error)
            raise
        finally:
            session.info.pop("noted", None)
            _depth.reset(token)
    _run(callbacks)


class DriverConnection:
    """A connection of the driver's own, kept between transactions: for the few statements that come with every letter.
    It is none of the pool's, so that it need not be waited for when all of those are in use.

    To fetch a connection and give it back costs as much as a short transaction, and so does everything that SQLAlchemy
    does around a statement of which it has made the words before. For one thread (or greenlet). After a failure the
    next transaction has a new connection; after a pause, or somebody else's failure, it is looked whether the server is
    still at the other end.
    """

    def __init__(self) -> None:
        self._connection: PoolProxiedConnection | None = None
        self._used_at = 0.0

    @contextmanager
    def writing(self) -> Iterator[StatementCursor]:
        """One write transaction without a session. Nothing may be noted or announced in it, and no `writing()` may be
        open around it. Raises what SQLAlchemy would raise."""
        with _writer():
            token = _depth.set(1)
            try:
                with _errors_of_sqlalchemy():
                    connection = self._ready()
                    cursor = connection.cursor()
                    if current_app.extensions["klimawerk"].is_sqlite:
                        cursor.execute("BEGIN IMMEDIATE")
                    yield StatementCursor(cursor)
                    connection.commit()
                    cursor.close()
                    self._used_at = time.monotonic()
            except BaseException as error:
                self.close()
                _report_failure(error)
                raise
            finally:
                _depth.reset(token)

    def _ready(self) -> PoolProxiedConnection:
        if self._connection is not None and time.monotonic() - self._used_at > PAUSE:
            try:
                alive = db.engine.dialect.do_ping(self._connection)
            except db.engine.dialect.loaded_dbapi.Error:
                alive = False
            if not alive:
                self.close()
        self._connection = self._connection or _connect_outside_pool()
        return self._connection

    def doubt(self) -> None:
        """Somebody else has had trouble with the database; safe to call from anywhere."""
        self._used_at = -math.inf

    def close(self) -> None:
        """End the connection; what was not committed is undone."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.invalidate()


def _connect_outside_pool() -> PoolProxiedConnection:
    """From a pool of its own, with the settings and listeners of the engine's."""
    return db.engine.pool.recreate().connect()


class _Compiled(NamedTuple):
    words: str
    order: list[str] | None
    processors: dict[str, Any]


_NEVER = (object(), None)


class CompiledStatement:
    """A statement whose words are made once, by SQLAlchemy for the database at hand. `types`: of the values that the
    driver does not take as they are."""

    def __init__(self, statement: ClauseElement, **types: TypeEngine[Any]) -> None:
        self._statement, self._types = statement, types
        self._made: dict[str, _Compiled] = {}
        self._last: dict[str, tuple[Any, Any]] = {}

    def words(self) -> str:
        return self._ready().words

    def values(self, **values: Any) -> Any:
        """As the driver wants them: by place or by name."""
        made = self._ready()
        for name, process in made.processors.items():
            value = values[name]
            if process:
                if self._last.get(name, _NEVER)[0] is not value:  # all rows of one transaction are of one moment
                    self._last[name] = (value, process(value))
                values[name] = self._last[name][1]
        return values if made.order is None else tuple(values[name] for name in made.order)

    def _ready(self) -> _Compiled:
        dialect = db.engine.dialect
        if dialect.name not in self._made:
            compiled = cast(SQLCompiler, self._statement.compile(dialect=dialect))
            kinds = {name: type_.dialect_impl(dialect).bind_processor(dialect) for name, type_ in self._types.items()}
            order = list(compiled.positiontup) if compiled.positiontup is not None else None
            self._made[dialect.name] = _Compiled(str(compiled), order, kinds)
        return self._made[dialect.name]


class StatementCursor:
    """What `Line.writing` gives to write with."""

    def __init__(self, cursor: DBAPICursor) -> None:
        self._cursor = cursor

    def scalar(self, statement: CompiledStatement, **values: Any) -> Any:
        """The first column of the first row; None where there is none."""
        self._cursor.execute(statement.words(), statement.values(**values))
        row = self._cursor.fetchone()
        return row[0] if row else None

    def each(self, statement: CompiledStatement, rows: list[dict[str, Any]]) -> None:
        """The statement once for each of the rows."""
        self._cursor.executemany(statement.words(), [statement.values(**row) for row in rows])


@contextmanager
def _errors_of_sqlalchemy() -> Iterator[None]:
    dialect = db.engine.dialect
    driver = dialect.loaded_dbapi.Error
    try:
        yield
    except driver as error:
        raise DBAPIError.instance(None, None, error, driver, dialect=dialect) from error


def on_write_failure(app: Flask, callback: Callable[[], None]) -> None:
    """Have `callback` called whenever the database took nothing: it is full, or away."""
    app.extensions["klimawerk_trouble"] = callback


def _report_failure(error: BaseException) -> None:
    listener = current_app.extensions.get("klimawerk_trouble")
    if listener and isinstance(error, WRITE_FAILURES):
        listener()


def add_missing(model: type[T], **row: Any) -> T:
    """The row with that key, kept from others until the commit; added with these values where there is none.

    Two who look for it at the same moment would both find none, and the second one's insert would fail. Inside
    `writing()`; of several rows always in the same order.
    """
    dialect = sqlite if db.engine.dialect.name == "sqlite" else postgresql
    db.session.execute(dialect.insert(model).values(**row).on_conflict_do_nothing())
    key = tuple(row[column.key] for column in inspect(model).primary_key)
    found = db.session.get(model, key, populate_existing=True, with_for_update=True)
    assert found is not None
    return found


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


def release_connection() -> None:
    """Give the connection back before somebody is waited for. What was read stays readable, and may be out of date
    afterwards; what was changed outside of `writing()` is undone, as it would be by the next `writing()`. Does nothing
    inside of one.
    """
    if _depth.get():
        return
    session = db.session()
    if session.new or session.dirty or session.deleted:
        session.rollback()
    else:
        session.commit()


def expire_session() -> None:
    """What this session has read is read anew from now on. Not for use inside `writing()`."""
    session = db.session()
    session.rollback()
    session.expire_all()  # without an open transaction a rollback forgets nothing


def yield_if_due() -> None:
    """Let others in, if nobody has for a while (cooperative.py); never inside `writing()`.

    The drivers of databases in the network wait with every statement, SQLite's does not; so it is done before each one,
    and between the pieces of a page.
    """
    if not _depth.get():
        cooperative.yield_if_due()


def init_app(app: Flask) -> None:
    """Teach the engine SQLite's manners (WAL, durable commits, foreign keys, explicit BEGIN)."""
    if not app.extensions["klimawerk"].is_sqlite:
        return
    with app.app_context():
        engine: Engine = db.engine
    event.listen(engine, "do_connect", _sqlite_private)
    event.listen(engine, "connect", _sqlite_connect)
    event.listen(engine, "begin", _sqlite_begin)
    event.listen(engine, "before_cursor_execute", lambda *_statement: yield_if_due())


def _sqlite_private(_dialect: Dialect, _record: object, arguments: list[str], _named: object) -> None:
    """The file is made, or corrected, before SQLite opens it; its companions are then made with the same mode."""
    if arguments and arguments[0] and not arguments[0].startswith((":memory:", "file:")):
        file = Path(arguments[0])
        private_files.create(file)
        for companion in ("-wal", "-shm", "-journal"):
            private_files.restrict(file.with_name(file.name + companion))


def _sqlite_connect(connection: object, _record: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=2000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if _depth.get() else "BEGIN")
