"""The tables that `flask db upgrade` makes are the tables that the code expects, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, select, text

from klimawerk import config as configuration
from klimawerk import create_app
from klimawerk.collab.models import Document
from klimawerk.extensions import db
from klimawerk.search.models import is_plain
from tests.servers import PostgreSQL


@pytest.fixture(params=["sqlite", "postgresql"])
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An installation without a table."""
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


def _differences() -> list[object]:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": is_plain})
        return list(compare_metadata(context, db.metadata))
