"""How Alembic runs here: inside the app, with its engine, SQLite and PostgreSQL alike."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import Connection

from klimawerk.clock import UtcTime
from klimawerk.extensions import db
from klimawerk.search.models import is_plain


def run() -> None:
    """Migrate in one transaction; afterwards nothing points to nothing."""
    if context.is_offline_mode():
        raise SystemExit("Migrations need the database: an SQL script cannot be written without it.")
    with db.engine.connect() as connection:
        _without_cascades(connection)
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_item=_render,
            include_object=is_plain,
            transactional_ddl=True,
            **current_app.extensions["migrate"].configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()
            _check_references(connection)


def _without_cascades(connection: Connection) -> None:
    """SQLite alters a table by copying and dropping it, and a drop would delete what refers to its rows."""
    if connection.dialect.name == "sqlite":
        connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")


def _check_references(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"the migration left references to nothing: {broken[:5]}")


def _render(kind: str, item: object, _context: object) -> str | bool:
    """A migration stands alone: it names no class of ours that may change later."""
    if kind == "type" and isinstance(item, UtcTime):
        return "sa.DateTime(timezone=True)"
    return False


run()
