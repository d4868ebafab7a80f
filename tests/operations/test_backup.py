"""Backup and restore: complete, refused when damaged, and portable between SQLite and PostgreSQL."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic.runtime.migration import MigrationContext
from flask import Flask
from flask_migrate import stamp, upgrade
from sqlalchemy import func, select

from klimawerk import config as configuration
from klimawerk import create_app
from klimawerk.accounts.models import Login, Person
from klimawerk.clock import now
from klimawerk.collab.models import Document
from klimawerk.collab.storage import document_store
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.live import changes
from klimawerk.operations import service
from klimawerk.operations.backup_file import InvalidBackup
from klimawerk.partnerships.models import Membership
from klimawerk.programmes.models import Programme
from klimawerk.sheets.models import Frame
from tests import factories
from tests.servers import PostgreSQL

Tables = dict[str, list[tuple[Any, ...]]]


@pytest.fixture
def filled(app: Flask, any_database: str) -> Flask:
    """An installation with data."""
    stamp()
    team = factories.partnership()
    with writing() as session:
        frame = Frame(
            partnership_id=team.partnership.id,
            languages=["de", "en"],
            rate=Decimal("12.500000"),
            rate_date=date(2026, 1, 2),
            currency_local="GHS",
        )
        session.add(frame)
        session.flush()
        session.add(Programme(frame_id=frame.id, values={"vision": "Ää \u2603"}, revs={"vision": 3}))
        session.add(Login(key="k", person_id=team.de["editor"].id, expires_at=now()))
        document_store.create_document("programme:1", {"title.de": None, "title.en": None})
        changes.note("programme:1")
    return app


@pytest.fixture
def other_address(any_database: str, postgresql: PostgreSQL, tmp_path: Path) -> Iterator[str]:
    """Address of an empty database of the other system, without tables."""
    if any_database.startswith("postgresql"):
        yield f"sqlite:///{tmp_path / 'other.sqlite'}"
    else:
        address = postgresql.create()
        yield address
        postgresql.drop(address)


@pytest.fixture
def other(other_address: str, tmp_path: Path) -> Iterator[Flask]:
    """An empty, migrated installation on the other database system."""
    app = create_app(configuration.load(instance=tmp_path / "other", database_url=other_address, testing=True))
    with app.app_context():
        upgrade()
        yield app
        db.session.remove()
        db.engine.dispose()


def test_a_backup_can_be_restored_into_the_other_kind_of_database(filled: Flask, other: Flask, tmp_path: Path) -> None:
    with filled.app_context():
        before = _database_content()
        service.write_backup(tmp_path / "backup")
    with other.app_context():
        service.restore_backup(tmp_path / "backup")
        assert _database_content() == before
        assert db.session.scalar(select(Frame.rate)) == Decimal("12.5")
        newcomer = factories.person("Newcomer")
        assert newcomer.id > max(row[0] for row in before["person"])


def test_what_happened_after_the_backup_is_gone_and_what_was_there_is_back(filled: Flask, tmp_path: Path) -> None:
    before = _database_content()
    service.write_backup(tmp_path / "backup")
    with writing() as session:
        for membership in session.scalars(select(Membership)):
            session.delete(membership)
    factories.person("Too late")
    assert _database_content() != before
    service.restore_backup(tmp_path / "backup")
    assert _database_content() == before


def test_after_a_restore_no_page_takes_old_for_new(filled: Flask, tmp_path: Path) -> None:
    generation = db.session.scalar(select(Document.gen))
    service.write_backup(tmp_path / "backup")
    with writing():
        for _ in range(2):
            changes.note("programme:1")
    for _ in range(3):
        with writing():
            changes.note("programme:1")
            changes.note("measure:9")
    shown = changes.revisions(["programme:1", "measure:9"])
    service.restore_backup(tmp_path / "backup")
    db.session.rollback()
    assert db.session.scalar(select(Document.gen)) != generation
    assert all(changes.revision(topic) > rev for topic, rev in shown.items())


def test_everybody_signs_in_again_after_a_restore(filled: Flask, tmp_path: Path) -> None:
    service.write_backup(tmp_path / "backup")
    assert b"login" not in gzip.decompress((tmp_path / "backup").read_bytes()).splitlines()[0]
    service.restore_backup(tmp_path / "backup")
    assert db.session.scalar(select(func.count()).select_from(Login)) == 0


def test_only_its_owner_can_read_a_backup(filled: Flask, tmp_path: Path) -> None:
    service.write_backup(tmp_path / "backup")
    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_a_backup_that_cannot_be_written_leaves_nothing_behind(filled: Flask, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        service.write_backup(tmp_path / "nowhere" / "backup")
    assert not (tmp_path / "nowhere").exists()


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def _without_a_row(data: bytes) -> bytes:
    lines = gzip.decompress(data).splitlines(keepends=True)
    del lines[2]
    return gzip.compress(b"".join(lines))


def _with_another_name(data: bytes) -> bytes:
    return gzip.compress(gzip.decompress(data).replace(b"Editor de", b"Editor xx"))


def _without_its_end(data: bytes) -> bytes:
    return gzip.compress(b"".join(gzip.decompress(data).splitlines(keepends=True)[:-1]))


def _of_a_later_format(data: bytes) -> bytes:
    return gzip.compress(gzip.decompress(data).replace(b'"version":1', b'"version":2'))


def _of_other_tables(data: bytes) -> bytes:
    return gzip.compress(gzip.decompress(data).replace(b'"schema":"', b'"schema":"x'))


def _something_else(_: bytes) -> bytes:
    return gzip.compress(json.dumps({"programme": {}}).encode())


def _no_archive(_: bytes) -> bytes:
    return b"hello"


def _twice(data: bytes) -> bytes:
    return data + data


def _only_brackets(_: bytes) -> bytes:
    return gzip.compress(b"[" * 200_000)


def _a_row_of_brackets(data: bytes) -> bytes:
    return _with_new_checksum(data, lambda lines: [*lines, b"[" * 200_000 + b"]" * 200_000])


def _brackets_in_the_header(data: bytes) -> bytes:
    return _with_new_checksum(
        data, lambda lines: [b'{"format":' + b'{"a":' * 200_000 + b"1" + b"}" * 200_001, *lines[1:]]
    )


def _a_row_before_its_table(data: bytes) -> bytes:
    return _with_new_checksum(data, lambda lines: [lines[0], b"[1]", *lines[1:]])


def _a_number_that_no_database_keeps(data: bytes) -> bytes:
    return _with_new_checksum(data, lambda lines: [re.sub(rb"^\[\d+", b"[" + b"9" * 30, line) for line in lines])


def _half_an_emoji(data: bytes) -> bytes:
    return _with_new_checksum(data, lambda lines: [line.replace(b"Editor de", b"Editor \\ud83d") for line in lines])


def _a_header_of_other_kinds(data: bytes) -> bytes:
    return _with_new_checksum(data, lambda lines: [re.sub(rb'"schema":"\w+"', b'"schema":["x"]', lines[0]), *lines[1:]])


def _with_new_checksum(data: bytes, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    """The backup with changed lines and a matching checksum."""
    *lines, last = gzip.decompress(data).splitlines()
    body = b"".join(line + b"\n" for line in change(lines))
    end = {**json.loads(last), "sha256": hashlib.sha256(body).hexdigest()}
    return gzip.compress(body + json.dumps(end).encode() + b"\n")


DAMAGES = [
    _only_brackets,
    _a_row_of_brackets,
    _brackets_in_the_header,
    _a_row_before_its_table,
    _a_number_that_no_database_keeps,
    _a_header_of_other_kinds,
    _cut,
    _flipped,
    _without_a_row,
    _with_another_name,
    _without_its_end,
    _of_a_later_format,
    _of_other_tables,
    _something_else,
    _no_archive,
    _twice,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_backup_is_refused_whole(app: Flask, tmp_path: Path, damage: object) -> None:
    assert callable(damage)
    stamp()
    factories.partnership()
    service.write_backup(tmp_path / "backup")
    (tmp_path / "backup").write_bytes(damage((tmp_path / "backup").read_bytes()))
    factories.person("Still here")
    before = _database_content()
    refused = app.test_cli_runner().invoke(args=["restore", str(tmp_path / "backup"), "--yes"])
    assert refused.exit_code == 1
    assert re.fullmatch(r"Error: .{10,600}\.\n", refused.output), refused.output
    assert _database_content() == before


def test_half_an_emoji_in_a_backup_of_before_is_replaced(app: Flask, tmp_path: Path) -> None:
    """SQLite had stored it; PostgreSQL refuses it (klimawerk/text.py)."""
    stamp()
    factories.partnership()
    service.write_backup(tmp_path / "backup")
    (tmp_path / "backup").write_bytes(_half_an_emoji((tmp_path / "backup").read_bytes()))
    result = app.test_cli_runner().invoke(args=["restore", str(tmp_path / "backup"), "--yes"])
    assert result.exit_code == 0, result.output
    db.session.rollback()
    assert "Editor \ufffd" in db.session.scalars(select(Person.name)).all()


def test_a_backup_that_was_only_sealed_anew_is_taken(app: Flask, tmp_path: Path) -> None:
    """Negative control of the damages above: unchanged lines with a new checksum."""
    stamp()
    factories.partnership()
    service.write_backup(tmp_path / "backup")
    before = _database_content()
    (tmp_path / "backup").write_bytes(_with_new_checksum((tmp_path / "backup").read_bytes(), lambda lines: lines))
    service.restore_backup(tmp_path / "backup")
    assert _database_content() == before


def test_a_file_that_changes_between_check_and_restore_changes_nothing(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp()
    factories.partnership()
    summary = service.write_backup(tmp_path / "backup")
    (tmp_path / "backup").write_bytes(_cut((tmp_path / "backup").read_bytes()))
    monkeypatch.setattr(service, "check_backup", lambda _path: summary)
    before = _database_content()
    with pytest.raises(InvalidBackup):
        service.restore_backup(tmp_path / "backup")
    assert _database_content() == before


def test_the_commands_ask_first_and_speak_in_sentences(app: Flask, tmp_path: Path) -> None:
    stamp()
    factories.partnership()
    run = app.test_cli_runner().invoke
    file = str(tmp_path / "backup")
    assert run(args=["backup", file]).exit_code == 0
    second = run(args=["backup", file])
    assert second.exit_code == 1
    assert "exists" in second.output
    factories.person("Too late")
    assert run(args=["restore", file], input="n\n").exit_code == 1
    assert _names() >= {"Too late"}
    assert run(args=["restore", file, "--yes"]).exit_code == 0
    assert "Too late" not in _names()
    (tmp_path / "backup").write_bytes(b"hello")
    refused = run(args=["restore", file, "--yes"])
    assert refused.exit_code == 1
    assert "Traceback" not in refused.output


def _names() -> set[str]:
    db.session.rollback()
    return set(db.session.scalars(select(Person.name)))


def _database_content() -> Tables:
    """All rows by table, without what a restore changes on purpose: sessions, topics, generations of documents."""
    db.session.rollback()
    db.session.expunge_all()
    excluded = {"login", "topic"}
    content = {}
    for table in db.metadata.sorted_tables:
        if table.name not in excluded:
            columns = [column for column in table.columns if column.name not in ("gen", "access_rev")]
            rows = db.session.execute(select(*columns).order_by(*table.primary_key.columns))
            content[table.name] = [tuple(row) for row in rows]
    db.session.rollback()
    return content


def test_the_prepared_tables_have_a_revision(app: Flask) -> None:
    """Negative control of the fixtures: without `flask db upgrade` there is no backup."""
    with db.engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() is None
    with pytest.raises(InvalidBackup):
        service.write_backup(Path("/dev/null/never"))
