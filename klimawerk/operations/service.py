"""Backup of a running installation, and restore in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Integer, Table, delete, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from klimawerk import installation
from klimawerk.clock import now
from klimawerk.collab.storage import document_store
from klimawerk.config import VERSION
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.live.models import Topic
from klimawerk.operations import backup_file
from klimawerk.operations.backup_file import BackupHeader, InvalidBackup
from klimawerk.registry import Hooks

BATCH = 500
EXCLUDED_TABLES = {"login", "attempts", "known_browser", "search_entry", "search_state", "completed_request", "job"}
"""Tables that are no part of a backup. Sessions: after a restore all users sign in again. The search index is rebuilt.
Completed requests refer to rows that may not exist after a restore. Jobs have files outside of the database; what a job
had stored in part is deleted after a restore."""


RestoreHook = Callable[[], Callable[[], str]]
on_restore: Hooks[RestoreHook] = Hooks()
"""Restore hooks, for state that must outlast a restore.

`hook()` is called before the data is replaced, the function that it returns after it, both in the restore's
transaction. That function returns a message for the operator, or "".
"""


@dataclass(frozen=True)
class BackupSummary:
    """A backup that was written or verified: its header and number of rows. `messages`: those of the restore hooks."""

    header: BackupHeader
    rows: int
    messages: tuple[str, ...] = ()


def write_backup(path: Path) -> BackupSummary:
    """Write a consistent snapshot of all tables into one file, while the installation goes on running.

    Raises InvalidBackup when the tables were not created by migrations, OSError when the file cannot be written.
    """
    with db.engine.connect() as connection:
        connection = _begin_snapshot(connection)
        tables = _tables()
        header = BackupHeader(
            VERSION, _schema(connection), now().isoformat(timespec="seconds"), [t.name for t in tables]
        )
        counts = backup_file.write_backup_file(path, header, ((table, _rows(connection, table)) for table in tables))
        return BackupSummary(header, sum(counts.values()))


def check_backup(path: Path) -> BackupSummary:
    """Verify the whole file: its checksum, and that its schema is this installation's. Raises InvalidBackup."""
    records = backup_file.read_backup(path, {table.name: table for table in _tables()})
    header = next(records)
    assert isinstance(header, BackupHeader)
    with db.engine.connect() as connection:
        schema = _schema(connection)
    if header.schema != schema:
        raise InvalidBackup(
            f"The backup's tables are of revision {header.schema} (Klimawerk {header.klimawerk}), this installation's "
            f"of revision {schema} (Klimawerk {VERSION}). Restore it with that version, then update."
        )
    return BackupSummary(header, sum(1 for _ in records))


def is_installation_empty() -> bool:
    """Whether all tables that a restore replaces are empty."""
    return not any(db.session.execute(select(table).limit(1)).first() for table in _tables())


def restore_backup(path: Path) -> BackupSummary:
    """Replace all data by the backup in one transaction; a running server follows.

    Documents get new generations, so that no browser merges texts from after the backup, and every topic gets a higher
    revision than any page has seen. Restore hooks keep state that must not be undone (`on_restore`). Raises
    InvalidBackup; nothing has changed then.
    """
    backup = check_backup(path)
    try:
        with writing() as session:
            _lock_tables(session)
            old_revisions: dict[str, int] = dict(session.execute(select(Topic.name, Topic.rev)).all())
            hooks_after = [hook() for hook in on_restore]
            _delete_all(session)
            _insert_all(session, path)
            _reset_sequences(session)
            _raise_topic_revisions(session, old_revisions)
            document_store.new_generations()
            installation.start_new_generation()
            session.flush()
            session.expire_all()
            messages = tuple(filter(None, [hook_after() for hook_after in hooks_after]))
    except (SQLAlchemyError, ValueError, TypeError, ArithmeticError) as problem:
        raise InvalidBackup(
            f"The database refused the backup ({_first_line(problem)}); nothing was changed."
        ) from problem
    return replace(backup, messages=messages)


def _first_line(problem: Exception) -> str:
    """First line of the driver's error message, without statement and values; drivers may raise their own errors."""
    message = str(getattr(problem, "orig", None) or problem)
    return message.partition("\n")[0][:200]


def _tables() -> list[Table]:
    """All tables of the backup; referenced tables come first."""
    return [table for table in db.metadata.sorted_tables if table.name not in EXCLUDED_TABLES]


def _begin_snapshot(connection: Connection) -> Connection:
    """Make all queries of the connection's transaction see one snapshot (SQLite in WAL mode always does)."""
    if connection.dialect.name == "postgresql":
        return connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return connection


def _schema(connection: Connection) -> str:
    schema = MigrationContext.configure(connection).get_current_revision()
    if schema is None:
        raise InvalidBackup("This installation's tables were not made by `flask db upgrade`.")
    return schema


def _rows(connection: Connection, table: Table) -> Iterator[dict[str, Any]]:
    query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=BATCH)
    for row in connection.execute(query):
        yield dict(row._mapping)


def _lock_tables(session: Session) -> None:
    """Lock all tables against other writers until the commit; on SQLite `writing()` has done so."""
    if session.get_bind().dialect.name == "postgresql":
        names = ", ".join(f'"{table.name}"' for table in db.metadata.sorted_tables)
        session.execute(text("SET LOCAL lock_timeout = '20s'"))
        session.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))


def _delete_all(session: Session) -> None:
    for table in reversed(db.metadata.sorted_tables):
        session.execute(delete(table))


def _insert_all(session: Session, path: Path) -> None:
    records = backup_file.read_backup(path, {table.name: table for table in _tables()})
    next(records)
    for table, rows in groupby((record for record in records if isinstance(record, tuple)), key=itemgetter(0)):
        batch: list[dict[str, Any]] = []
        for _, row in rows:
            batch.append(row)
            if len(batch) == BATCH:
                session.execute(insert(table), batch)
                batch = []
        if batch:
            session.execute(insert(table), batch)


def _reset_sequences(session: Session) -> None:
    """Set PostgreSQL's sequences of ids behind the restored rows."""
    if session.get_bind().dialect.name != "postgresql":
        return
    for table in _tables():
        key = next(iter(table.primary_key.columns))
        if isinstance(key.type, Integer):
            sequence = session.scalar(select(func.pg_get_serial_sequence(f'"{table.name}"', key.name)))
            if sequence:
                highest = session.scalar(select(func.max(key))) or 0
                session.execute(select(func.setval(sequence, highest + 1, False)))


def _raise_topic_revisions(session: Session, old_revisions: dict[str, int]) -> None:
    restored = {topic.name: topic for topic in session.scalars(select(Topic))}
    for name in old_revisions.keys() | restored.keys():
        topic = restored.get(name)
        if topic is None:
            session.add(Topic(name=name, rev=old_revisions[name] + 1))
        else:
            topic.rev = max(topic.rev, old_revisions.get(name, 0)) + 1
    session.flush()
