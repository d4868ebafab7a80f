"""File format of backups: JSON lines compressed with gzip, independent of the database system.

    {"format": "klimawerk-backup", "version": 1, "klimawerk": ..., "schema": ..., "made_at": ..., "tables": [...]}
    {"table": "person", "columns": ["id", "email", ...]}
    [1, "ama@example.org", ...]
    ...
    {"end": {"person": 1, ...}, "sha256": ...}

The last line counts the rows of each table and holds the SHA-256 of all lines before it. Bytes are base64, times
and dates ISO 8601, decimal numbers strings.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from textwrap import shorten
from typing import IO, Any

from sqlalchemy import Date, DateTime, LargeBinary, Numeric, Table
from sqlalchemy.types import TypeDecorator, TypeEngine

from klimawerk import safe_json
from klimawerk.text import storable

BACKUP_FORMAT = "klimawerk-backup"
BACKUP_VERSION = 1

BackupRow = dict[str, Any]


class InvalidBackup(Exception):
    """The file cannot be restored; the message says why, for the operator."""


@dataclass(frozen=True)
class BackupHeader:
    """First line. `schema`: migration revision; `made_at`: ISO 8601 time; `klimawerk`: version that wrote the file."""

    klimawerk: str
    schema: str
    made_at: str
    tables: list[str]
    format: str = BACKUP_FORMAT
    version: int = BACKUP_VERSION


def write_backup_file(
    path: Path, header: BackupHeader, tables: Iterable[tuple[Table, Iterable[BackupRow]]]
) -> dict[str, int]:
    """Write the file atomically, with mode 0600. Returns the number of rows per table. Raises OSError."""
    with _atomic_file(path) as raw, gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6, mtime=0) as file:
        digest = hashlib.sha256()

        def line(value: object) -> None:
            data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            digest.update(data)
            file.write(data)

        line(asdict(header))
        counts = {}
        for table, rows in tables:
            line({"table": table.name, "columns": [column.name for column in table.columns]})
            encoders = [_coder(column.type)[0] for column in table.columns]
            counts[table.name] = 0
            for row in rows:
                line([encode(value) for encode, value in zip(encoders, row.values(), strict=True)])
                counts[table.name] += 1
        line({"end": counts, "sha256": digest.hexdigest()})
    return counts


def read_backup(path: Path, tables: dict[str, Table]) -> Iterator[BackupHeader | tuple[Table, BackupRow]]:
    """Yield the header, then every row with its table. Raises InvalidBackup, at the latest after the last row.

    The content is only verified once the iterator is exhausted.
    """
    try:
        with gzip.open(path, "rb") as file:
            yield from _read(file, tables)
    except (OSError, EOFError, zlib.error) as problem:
        raise InvalidBackup(f"{path} cannot be read to its end; it is damaged or no backup ({problem}).") from problem
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as problem:
        raise InvalidBackup(f"{path} is damaged ({problem}).") from problem


def _read(file: gzip.GzipFile, tables: dict[str, Table]) -> Iterator[BackupHeader | tuple[Table, BackupRow]]:
    digest = hashlib.sha256()
    counts: dict[str, int] = {}
    table: Table | None = None
    decoders: list[Callable[[Any], Any]] = []
    for number, data in enumerate(file):
        value = safe_json.loads(data)
        if number == 0:
            yield _header(value)
        elif isinstance(value, list):
            if table is None:
                raise InvalidBackup("The file has a row before its first table; it is damaged.")
            counts[table.name] += 1
            names = (column.name for column in table.columns)
            decoded = (decode(item) for decode, item in zip(decoders, value, strict=True))
            yield table, dict(zip(names, decoded, strict=True))
        elif "table" in value:
            table = _table(value, tables)
            decoders = [_coder(column.type)[1] for column in table.columns]
            counts[table.name] = 0
        else:
            _check_end(value, counts, digest.hexdigest(), file)
            return
        digest.update(data)
    raise InvalidBackup("The file ends too early; it is damaged.")


def _header(value: Any) -> BackupHeader:
    if not isinstance(value, dict) or value.get("format") != BACKUP_FORMAT:
        raise InvalidBackup("This is no backup of Klimawerk.")
    if value.get("version") != BACKUP_VERSION:
        raise InvalidBackup(
            f"This backup has format {_short(value.get('version'))}; this Klimawerk reads format {BACKUP_VERSION}."
        )
    header = BackupHeader(**value)
    if not all(isinstance(item, str) and len(item) < 100 for item in (header.klimawerk, header.schema, header.made_at)):
        raise InvalidBackup("The first line is not that of a backup; the file is damaged.")
    return header


def _short(value: object) -> str:
    """The value shortened for an error message."""
    return shorten(repr(value), 60, placeholder=" …")


def _table(value: dict[str, Any], tables: dict[str, Table]) -> Table:
    table = tables.get(value["table"])
    if table is None or [column.name for column in table.columns] != value["columns"]:
        raise InvalidBackup(f"The backup's table {_short(value['table'])} is not as this Klimawerk's.")
    return table


def _check_end(value: dict[str, Any], counts: dict[str, int], digest: str, file: gzip.GzipFile) -> None:
    if value["sha256"] != digest or value["end"] != counts:
        raise InvalidBackup("The file's check sum is wrong; it is damaged.")
    if file.read(1):
        raise InvalidBackup("Something follows the backup's end; the file is damaged.")


def _coder(kind: TypeEngine[Any]) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Encoder and decoder between a column's values and JSON."""
    if isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    for base, encode, decode in (
        (LargeBinary, lambda value: base64.b64encode(value).decode(), base64.b64decode),
        (DateTime, datetime.isoformat, datetime.fromisoformat),
        (Date, date.isoformat, date.fromisoformat),
        (Numeric, str, Decimal),
    ):
        if isinstance(kind, base):
            return _or_none(encode), _or_none(decode)
    return _storable, _storable


def _storable(value: Any) -> Any:
    """Coder of texts and JSON: removes NUL, which SQLite may hold and PostgreSQL refuses."""
    return storable(value)


def _or_none(coder: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else coder(value)


@contextmanager
def _atomic_file(path: Path) -> Iterator[IO[bytes]]:
    """Write to a file beside `path` that replaces it after fsync; on an error it is deleted."""
    part = path.with_name(f".{path.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.fchmod(descriptor, 0o600)  # a leftover file may have another mode
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        _sync_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
