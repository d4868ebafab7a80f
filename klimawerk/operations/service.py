"""Back up a running installation, and restore it, whole or not at all."""

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
from klimawerk.collab import document_store
from klimawerk.config import VERSION
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.live.models import Topic
from klimawerk.operations import backup_file
from klimawerk.operations.backup_file import BackupHeader, InvalidBackup

BATCH = 500
EXCLUDED_TABLES = {"login", "attempts", "known_browser", "search_entry", "search_state", "completed_request", "job"}
"""Who is signed in is no part of a backup: after a restore everybody signs in again. What can be found is read anew.
Requests that were carried out refer to what was made, which may not be there after a restore. Jobs have files that are
no part of it either; what one of them had half stored is swept away after a restore."""


RestoreHook = Callable[[], Callable[[], str]]
_restore_hooks: list[RestoreHook] = []


def on_restore(hook: RestoreHook) -> None:
    """Let something of the present outlast a restore. `hook()` is called before everything is replaced, what it returns
    afterwards, both in the restore's transaction; that returns a sentence for the operator, "" for nothing to say."""
    if hook not in _restore_hooks:
        _restore_hooks.append(hook)


@dataclass(frozen=True)
class BackupSummary:
    """A backup that was written, or proved whole: what it says of itself, and how many rows are in it. `said`: what
    else was done when it was restored."""

    header: BackupHeader
    rows: int
    said: tuple[str, ...] = ()


def write_backup(path: Path) -> BackupSummary:
    """Write everything, as it is at one moment, into one file; the installation goes on meanwhile.

    Raises BadBackup when the tables are not as this version has them, OSError when the file cannot be written.
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
    """Read the whole file and compare it with its check sums and with this installation's tables. Raises BadBackup."""
    lines = backup_file.read_backup(path, {table.name: table for table in _tables()})
    header = next(lines)
    assert isinstance(header, BackupHeader)
    with db.engine.connect() as connection:
        schema = _schema(connection)
    if header.schema != schema:
        raise InvalidBackup(
            f"The backup's tables are of revision {header.schema} (Klimawerk {header.klimawerk}), this installation's "
            f"of revision {schema} (Klimawerk {VERSION}). Restore it with that version, then update."
        )
    return BackupSummary(header, sum(1 for _ in lines))


def is_installation_empty() -> bool:
    """Whether there is nothing that a restore would replace."""
    return not any(db.session.execute(select(table).limit(1)).first() for table in _tables())


def restore_backup(path: Path) -> BackupSummary:
    """Replace everything by the backup, in one transaction; a server that runs follows.

    Documents become new generations, so that no browser merges words from after the backup, and every topic gets a
    higher revision than any page has seen. What happened since the backup and must not be undone is done again (see
    `on_restore`). Raises BadBackup, and then nothing has changed.
    """
    backup = check_backup(path)
    try:
        with writing() as session:
            _lock_tables(session)
            seen: dict[str, int] = dict(session.execute(select(Topic.name, Topic.rev)).all())
            afterwards = [hook() for hook in _restore_hooks]
            _empty(session)
            _fill(session, path)
            _renumber(session)
            _raise_topics(session, seen)
            document_store.new_generations()
            installation.start_new_generation()
            session.flush()
            session.expire_all()
            said = tuple(filter(None, [deed() for deed in afterwards]))
    except (SQLAlchemyError, ValueError, TypeError, ArithmeticError) as problem:
        raise InvalidBackup(
            f"The database refused the backup ({_first_line(problem)}); nothing was changed."
        ) from problem
    return replace(backup, said=said)


def _first_line(problem: Exception) -> str:
    """What the driver said, without the statement and its values; drivers raise their own errors, too."""
    said = str(getattr(problem, "orig", None) or problem)
    return said.partition("\n")[0][:200]


def _tables() -> list[Table]:
    """All tables of the backup; what is referred to comes first."""
    return [table for table in db.metadata.sorted_tables if table.name not in EXCLUDED_TABLES]


def _begin_snapshot(connection: Connection) -> Connection:
    """All queries on the connection see the same moment (SQLite in WAL mode always does so)."""
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
    """Nobody else writes until the commit. On SQLite `writing()` has seen to that already."""
    if session.get_bind().dialect.name == "postgresql":
        names = ", ".join(f'"{table.name}"' for table in db.metadata.sorted_tables)
        session.execute(text("SET LOCAL lock_timeout = '20s'"))
        session.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))


def _empty(session: Session) -> None:
    for table in reversed(db.metadata.sorted_tables):
        session.execute(delete(table))


def _fill(session: Session, path: Path) -> None:
    lines = backup_file.read_backup(path, {table.name: table for table in _tables()})
    next(lines)
    for table, rows in groupby((line for line in lines if isinstance(line, tuple)), key=itemgetter(0)):
        batch: list[dict[str, Any]] = []
        for _, row in rows:
            batch.append(row)
            if len(batch) == BATCH:
                session.execute(insert(table), batch)
                batch = []
        if batch:
            session.execute(insert(table), batch)


def _renumber(session: Session) -> None:
    """PostgreSQL counts ids apart from the tables: new rows come after those that were restored."""
    if session.get_bind().dialect.name != "postgresql":
        return
    for table in _tables():
        key = next(iter(table.primary_key.columns))
        if isinstance(key.type, Integer):
            sequence = session.scalar(select(func.pg_get_serial_sequence(f'"{table.name}"', key.name)))
            if sequence:
                highest = session.scalar(select(func.max(key))) or 0
                session.execute(select(func.setval(sequence, highest + 1, False)))


def _raise_topics(session: Session, seen: dict[str, int]) -> None:
    restored = {topic.name: topic for topic in session.scalars(select(Topic))}
    for name in seen.keys() | restored.keys():
        topic = restored.get(name)
        if topic is None:
            session.add(Topic(name=name, rev=seen[name] + 1))
        else:
            topic.rev = max(topic.rev, seen.get(name, 0)) + 1
    session.flush()
