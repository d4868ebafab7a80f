"""Database transactions: `writing()`, the one way to write, for SQLite and PostgreSQL alike.

SQLite has one writer. A second one waits inside C, which would block every greenlet of the process, so writers queue on
a lock of ours instead and begin with `BEGIN IMMEDIATE` (a read transaction cannot be upgraded safely). Nothing that
yields (network, emit, sleep) may run inside `writing()`.

Code that waits for anything but the database itself releases its connection first (`release_connection`): else all
connections of the pool could be held by greenlets that wait for one that needs a connection.
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
from sqlalchemy import ClauseElement, Connection, Dialect, Engine, event, inspect, text
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
"""Errors that are no fault of the request: the database is full, busy or unavailable, and may work again soon."""
_RELEASED = "connection released"
PING_AFTER = 1.0  # seconds without a transaction after which the own connection is tested before use
_sqlite_writer = threading.RLock()
_depth: ContextVar[int] = ContextVar("writing_depth", default=0)
_durable: ContextVar[bool] = ContextVar("writing_durable", default=True)


@contextmanager
def writing(*, durable: bool = True) -> Iterator[Session]:
    """One write transaction around the block; commits at its end, rolls back when it raises.

    Nested blocks join the outer one. The outermost one expires everything that the session has read, so the block reads
    current rows. Callbacks given to `after_commit` run after the commit, outside the lock. With `durable` False the
    commit does not wait for the disk: a power failure may undo it, but nothing that was committed durably before or
    after it. RuntimeError for a durable block inside one that is not.
    """
    if _depth.get():
        if durable and not _durable.get():
            raise RuntimeError("a durable transaction inside one that is not")
        yield db.session()
        return
    session = db.session()
    session.rollback()  # before waiting for the lock
    with _writer():
        session.expire_all()  # a rollback without an open transaction expires nothing
        session.info["after_commit"] = []
        token = _depth.set(1)
        durability = _durable.set(durable)
        try:
            if not durable and not current_app.extensions["klimawerk"].is_sqlite:
                session.execute(text("SET LOCAL synchronous_commit TO OFF"))
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
            _durable.reset(durability)
            _depth.reset(token)
    _run_callbacks(callbacks)


class DriverConnection:
    """A connection of the database driver, kept between transactions, for the few statements of each keystroke. It is
    outside of the pool, so that it is available when all connections of the pool are in use.

    Checking out a connection costs as much as a short transaction, and so does SQLAlchemy's work around a compiled
    statement. For one thread (or greenlet). After an error the next transaction opens a new connection; after a pause,
    or an error elsewhere, the connection is tested first.
    """

    def __init__(self) -> None:
        self._connection: PoolProxiedConnection | None = None
        self._used_at = 0.0

    @contextmanager
    def writing(self) -> Iterator[StatementCursor]:
        """One write transaction without a session. No `changes.note` or `after_commit` in it, and no `writing()` around
        it. Raises SQLAlchemy's errors."""
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
        if self._connection is not None and time.monotonic() - self._used_at > PING_AFTER:
            try:
                alive = db.engine.dialect.do_ping(self._connection)
            except db.engine.dialect.loaded_dbapi.Error:
                alive = False
            if not alive:
                self.close()
        self._connection = self._connection or _connect_outside_pool()
        return self._connection

    def check_before_use(self) -> None:
        """Test the connection before its next use, since another query has failed; safe to call from anywhere."""
        self._used_at = -math.inf

    def close(self) -> None:
        """Close the connection; an open transaction is rolled back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.invalidate()


def _connect_outside_pool() -> PoolProxiedConnection:
    """A connection from a pool of its own, with the settings and listeners of the engine's pool."""
    return db.engine.pool.recreate().connect()


class _CompiledSql(NamedTuple):
    sql: str
    order: list[str] | None
    processors: dict[str, Any]


_NO_VALUE = (object(), None)


class CompiledStatement:
    """A SQL statement compiled once per dialect and executed with the DBAPI directly. `types`: of the values that the
    driver does not take as they are."""

    def __init__(self, statement: ClauseElement, **types: TypeEngine[Any]) -> None:
        self._statement, self._types = statement, types
        self._compiled: dict[str, _CompiledSql] = {}
        self._last_processed: dict[str, tuple[Any, Any]] = {}

    def sql(self) -> str:
        return self._ready().sql

    def values(self, **values: Any) -> Any:
        """Parameters as the driver takes them: by position or by name."""
        ready = self._ready()
        for name, process in ready.processors.items():
            value = values[name]
            if process:
                if (
                    self._last_processed.get(name, _NO_VALUE)[0] is not value
                ):  # all rows of one transaction have the same time
                    self._last_processed[name] = (value, process(value))
                values[name] = self._last_processed[name][1]
        return values if ready.order is None else tuple(values[name] for name in ready.order)

    def _ready(self) -> _CompiledSql:
        dialect = db.engine.dialect
        if dialect.name not in self._compiled:
            compiled = cast(SQLCompiler, self._statement.compile(dialect=dialect))
            processors = {
                name: type_.dialect_impl(dialect).bind_processor(dialect) for name, type_ in self._types.items()
            }
            order = list(compiled.positiontup) if compiled.positiontup is not None else None
            self._compiled[dialect.name] = _CompiledSql(str(compiled), order, processors)
        return self._compiled[dialect.name]


class StatementCursor:
    """The cursor that `DriverConnection.writing` gives."""

    def __init__(self, cursor: DBAPICursor) -> None:
        self._cursor = cursor

    def scalar(self, statement: CompiledStatement, **values: Any) -> Any:
        """The first column of the first row; None where there is no row."""
        self._cursor.execute(statement.sql(), statement.values(**values))
        row = self._cursor.fetchone()
        return row[0] if row else None

    def each(self, statement: CompiledStatement, rows: list[dict[str, Any]]) -> None:
        """Execute the statement once for each of the rows."""
        self._cursor.executemany(statement.sql(), [statement.values(**row) for row in rows])


@contextmanager
def _errors_of_sqlalchemy() -> Iterator[None]:
    dialect = db.engine.dialect
    driver = dialect.loaded_dbapi.Error
    try:
        yield
    except driver as error:
        raise DBAPIError.instance(None, None, error, driver, dialect=dialect) from error


def on_write_failure(app: Flask, callback: Callable[[], None]) -> None:
    """Call `callback` whenever a write fails because the database is full, busy or unavailable."""
    app.extensions["klimawerk_trouble"] = callback


def _report_failure(error: BaseException) -> None:
    listener = current_app.extensions.get("klimawerk_trouble")
    if listener and isinstance(error, WRITE_FAILURES):
        listener()


def add_missing(model: type[T], **row: Any) -> T:
    """The row with that key, locked until the commit; inserted with these values where it does not exist.

    A plain look-up and insert fails when two requests do it at the same moment. Inside `writing()`; several rows always
    in the same order.
    """
    dialect = sqlite if db.engine.dialect.name == "sqlite" else postgresql
    db.session.execute(dialect.insert(model).values(**row).on_conflict_do_nothing())
    key = tuple(row[column.key] for column in inspect(model).primary_key)
    stored = db.session.get(model, key, populate_existing=True, with_for_update=True)
    assert stored is not None
    return stored


def after_commit(callback: Callable[[], None]) -> None:
    """Run `callback` after the commit of the surrounding `writing()`; never if it fails. RuntimeError outside of
    one."""
    if not _depth.get():
        raise RuntimeError("after_commit is for code inside writing()")
    db.session.info["after_commit"].append(callback)


def _run_callbacks(callbacks: list[Callable[[], None]]) -> None:
    """Run callbacks after the commit; their errors are logged and do not reach the writer."""
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


def is_writing() -> bool:
    """Whether this code runs inside `writing()`, where nothing may yield or wait."""
    return bool(_depth.get())


def release_connection() -> None:
    """Return the connection to the pool before waiting for something else. Rows stay readable, and may be out of date
    afterwards; changes outside of `writing()` are undone, as by the next `writing()`. Does nothing inside of one."""
    if _depth.get():
        return
    session = db.session()
    if session.new or session.dirty or session.deleted:
        session.rollback()
    else:
        session.commit()
    session.info[_RELEASED] = True


def may_be_outdated() -> bool:
    """Whether rows that this session holds may be older than what it reads next: always on PostgreSQL, where each
    statement sees its own moment, and on SQLite after `release_connection`. Never inside `writing()`, which reads
    everything anew."""
    if _depth.get():
        return False
    return not current_app.extensions["klimawerk"].is_sqlite or _RELEASED in db.session().info


def expire_session() -> None:
    """Expire everything that this session has read. Not for use inside `writing()`."""
    session = db.session()
    session.rollback()
    session.expire_all()  # a rollback without an open transaction expires nothing


def yield_if_due() -> None:
    """Yield to the event loop if that is due (`cooperative.py`); does nothing inside `writing()`.

    Drivers of network databases yield with every statement, SQLite's does not; so this is called before each one, and
    between the pieces of a page.
    """
    if not _depth.get():
        cooperative.yield_if_due()


def init_app(app: Flask) -> None:
    """Configure SQLite connections (WAL, durable commits, foreign keys, explicit BEGIN) and yielding before each
    statement."""
    if not app.extensions["klimawerk"].is_sqlite:
        return
    with app.app_context():
        engine: Engine = db.engine
    event.listen(engine, "do_connect", _sqlite_make_private)
    event.listen(engine, "connect", _sqlite_connect)
    event.listen(engine, "begin", _sqlite_begin)
    event.listen(engine, "before_cursor_execute", lambda *_statement: yield_if_due())


def _sqlite_make_private(_dialect: Dialect, _record: object, arguments: list[str], _named: object) -> None:
    """Create the database file, or correct its mode, before SQLite opens it; SQLite gives its companion files the same
    mode."""
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
    if not _depth.get():
        connection.exec_driver_sql("BEGIN")
        return
    synchronous = "FULL" if _durable.get() else "NORMAL"
    if connection.info.setdefault("synchronous", "FULL") != synchronous:
        connection.exec_driver_sql(f"PRAGMA synchronous={synchronous}")
        connection.info["synchronous"] = synchronous
    connection.exec_driver_sql("BEGIN IMMEDIATE")
