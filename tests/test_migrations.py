"""Migrations: `flask db upgrade` creates the tables that the models define, on both databases, and keeps data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import Connection, MetaData, Table, insert, inspect, select, text

from klimawerk import config as configuration
from klimawerk import create_app
from klimawerk.collab.models import Document
from klimawerk.extensions import db
from klimawerk.search import query
from klimawerk.search.models import is_plain
from tests.servers import PostgreSQL


@pytest.fixture(params=["sqlite", "postgresql"])
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An app whose database has no tables."""
    server: PostgreSQL | None = None
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql")
    address = server.create() if server else f"sqlite:///{tmp_path / 'bare.sqlite'}"
    app = create_app(configuration.load(instance=tmp_path, database_url=address, secret_key="s", testing=True))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
    if server:
        server.drop(address)


def test_migrations_make_exactly_the_tables_of_the_models(bare: Flask) -> None:
    upgrade()
    assert _differences() == []


def test_a_difference_would_be_found(bare: Flask) -> None:
    upgrade()
    with db.engine.begin() as connection:
        connection.execute(text("DROP TABLE audit_entry"))
    assert _differences()


@pytest.mark.parametrize("made_by", ["migrations", "models"])
def test_order_keys_are_compared_letter_by_letter_on_postgresql(
    postgresql: PostgreSQL, tmp_path: Path, made_by: str
) -> None:
    address = postgresql.create()
    app = create_app(configuration.load(instance=tmp_path, database_url=address, secret_key="s", testing=True))
    collations = text(
        "SELECT table_name, collation_name FROM information_schema.columns WHERE column_name = 'order_key'"
    )
    with app.app_context():
        upgrade() if made_by == "migrations" else db.create_all()
        with db.engine.connect() as connection:
            assert dict(connection.execute(collations).all()) == {"item": "C", "row": "C"}
        db.engine.dispose()
    postgresql.drop(address)


def test_migrations_can_be_taken_back(bare: Flask) -> None:
    upgrade()
    downgrade(revision="base")
    assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}


def test_documents_of_before_keep_their_texts(bare: Flask) -> None:
    upgrade(revision="0002")
    columns = "name, gen, seq, upto, state, access_rev, locked, lock_reason, locked_by, deleted, projected_seq"
    values = "'measure:7', 'g', 0, 0, :state, 0, false, '', '', false, 0"
    with db.engine.begin() as connection:
        connection.execute(text(f"INSERT INTO document ({columns}) VALUES ({values})"), {"state": b"words " * 90})
    upgrade()
    assert db.session.scalars(select(Document.state)).all() == [b"words " * 90]
    db.session.rollback()
    downgrade(revision="0002")
    with db.engine.connect() as connection:
        assert bytes(connection.scalar(text("SELECT state FROM document"))) == b"words " * 90


def test_comments_that_programmes_carried_along_become_threads(bare: Flask) -> None:
    upgrade(revision="0012")
    thread_data = [
        {"side": "partner", "author": "K. A.", "kind": "task", "text": "Who asks the Assembly?", "due": "2027-03-01"},
        {"side": "de", "at": "2026-11-17T10:51:00Z", "text": "We do.", "lang": "en", "state": "resolved"},
    ]
    with db.engine.begin() as connection:
        partnership = _insert(connection, "partnership")
        frame = _insert(connection, "frame", partnership_id=partnership)
        measure = _insert(connection, "item", kind="measure", frame_id=frame, key="m")
        item = _insert(connection, "item", kind="programme", frame_id=frame, key="p")
        carried = {"comments_sample": [{"measure": measure, "thread": thread_data}, {"thread": []}], "other": [1]}
        _insert(connection, "programme", id=item, carried=carried)
    upgrade()
    with db.engine.connect() as connection:
        thread = connection.execute(select(Table("thread", MetaData(), autoload_with=connection))).one()
        comments = connection.execute(select(Table("comment", MetaData(), autoload_with=connection))).all()
        remaining = connection.scalar(select(Table("programme", MetaData(), autoload_with=connection).c.carried))
    assert (thread.item_id, thread.kind, thread.due) == (measure, "task", date(2027, 3, 1))
    assert thread.resolved_at is not None
    assert [(comment.thread_id, comment.side, comment.words) for comment in comments] == [
        (thread.id, "partner", "Who asks the Assembly?"),
        (thread.id, "de", "We do."),
    ]
    assert comments[0].foreign["author"] == "K. A."
    assert remaining == {"other": [1]}


def test_what_was_closed_for_editing_stays_closed_under_the_name_of_who_did_it(bare: Flask) -> None:
    upgrade(revision="0020")
    with db.engine.begin() as connection:
        frame = _insert(connection, "frame", partnership_id=_insert(connection, "partnership"))
        items = [_insert(connection, "item", kind="measure", frame_id=frame, key=key) for key in ("a", "b")]
        for number, locked in zip(items, (True, False), strict=True):
            lock_columns = {"lock_reason": "We vote", "locked_by": "Miriam"} if locked else {}
            _insert(connection, "document", name=f"measure:{number}", locked=locked, state=b"", **lock_columns)
    upgrade()
    with db.engine.connect() as connection:
        (lock,) = connection.execute(select(Table("edit_lock", MetaData(), autoload_with=connection))).all()
    assert (lock.item_id, lock.holder, lock.holder_name, lock.reason) == (items[0], "", "Miriam", "We vote")


def test_what_is_in_the_search_index_can_be_found_until_it_is_folded_anew(bare: Flask) -> None:
    upgrade(revision="0021")
    with db.engine.begin() as connection:
        frame = _insert(connection, "frame", partnership_id=_insert(connection, "partnership"))
        item = _insert(connection, "item", kind="measure", frame_id=frame, key="m")
        for words in ("die warme", f"lang {'x' * 3_000}", "vor  nach"):
            _insert(connection, "search_entry", item_id=item, kind="text", place="description.de", folded=words)
    upgrade()
    matching = query._sqlite if db.engine.dialect.name == "sqlite" else query._postgresql
    assert [entry.folded for entry in db.session.scalars(matching(["warme"])[0])] == ["die warme"]
    assert [entry.folded for entry in db.session.scalars(matching(["nach", "vor"])[0])] == ["vor  nach"]


def _insert(connection: Connection, name: str, /, **values: object) -> int:
    """Insert a row, with arbitrary values in the other required columns; returns its id."""
    table = Table(name, MetaData(), autoload_with=connection)
    defaults: dict[type, object] = {int: 0, str: "", bool: False, datetime: datetime.now(UTC)}
    required = [c for c in table.columns if not c.nullable and c.server_default is None and c.name != "id"]
    default_values = {c.name: defaults.get(c.type.python_type, {}) for c in required if c.name not in values}
    inserted = connection.execute(insert(table).values(**default_values, **values)).inserted_primary_key
    assert inserted is not None
    return int(inserted[0])


def _differences() -> list[object]:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": is_plain})
        return list(compare_metadata(context, db.metadata))
