"""Database tables of live documents: append-only update log, compacted state, attribution, and projected texts."""

from __future__ import annotations

import secrets
import zlib
from datetime import datetime

from sqlalchemy import JSON, Dialect, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from klimawerk.clock import UtcTime, now
from klimawerk.extensions import Model


def new_gen() -> str:
    """A new random generation, the identity of a document (16 hexadecimal digits)."""
    return secrets.token_hex(8)


class Packed(TypeDecorator[bytes]):
    """A column of bytes that are compressed (zlib) in the database. A state with many deletions shrinks to about 40
    %."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else zlib.compress(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else zlib.decompress(value)


class Document(Model):
    """One live document. Its content is `state` (compacted, up to and including `upto`) plus the updates after it.

    `access_rev` grows whenever access rights on the document may have changed; an update that was accepted under an
    older number is checked again. `dirty_since` is set while `projected_seq` is behind `seq`.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    gen: Mapped[str] = mapped_column(String(32), default=new_gen)
    seq: Mapped[int] = mapped_column(default=0)
    upto: Mapped[int] = mapped_column(default=0)
    state: Mapped[bytes] = mapped_column(Packed, deferred=True)
    access_rev: Mapped[int] = mapped_column(default=0)
    locked: Mapped[bool] = mapped_column(default=False)
    lock_reason: Mapped[str] = mapped_column(String(200), default="")
    locked_by: Mapped[str] = mapped_column(String(200), default="")
    deleted: Mapped[bool] = mapped_column(default=False)
    projected_seq: Mapped[int] = mapped_column(default=0)
    dirty_since: Mapped[datetime | None] = mapped_column(UtcTime, index=True)


class Update(Model):
    """One acknowledged Yjs update. `seq` has no gaps within a document; `by`: number of the person, None for the
    server."""

    __table_args__ = (UniqueConstraint("document_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id", ondelete="CASCADE"))
    seq: Mapped[int]
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    by: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class Writer(Model):
    """Last write of each person in a document, as far as the log is compacted: number and time of that update."""

    document_id: Mapped[int] = mapped_column(ForeignKey("document.id", ondelete="CASCADE"), primary_key=True)
    person: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int]
    at: Mapped[datetime | None] = mapped_column(UtcTime)


class StoredAttribution(Model):
    """Attribution of one fragment, up to the last compaction: [[characters, person or None, seconds], ...].

    `person` is only a number; `seconds` since 1970 in UTC, 0 where the time is not known.
    """

    __tablename__ = "passages"

    document_id: Mapped[int] = mapped_column(ForeignKey("document.id", ondelete="CASCADE"), primary_key=True)
    fragment: Mapped[str] = mapped_column(String(80), primary_key=True)
    spans: Mapped[list[list[int | None]]] = mapped_column(JSON, default=list)


class LiveText(Model):
    """Projection of one fragment ("description.en") for lists, search and first paint; `rev`: the topic's revision."""

    __table_args__ = (UniqueConstraint("document_id", "fragment"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id", ondelete="CASCADE"), index=True)
    fragment: Mapped[str] = mapped_column(String(80))
    plain: Mapped[str] = mapped_column(Text, default="")
    html: Mapped[str] = mapped_column(Text, default="")
    rev: Mapped[int] = mapped_column(default=0)
