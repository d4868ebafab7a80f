"""A document's append-only log, its compacted state, who wrote what in it, and its texts as columns."""

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
    return secrets.token_hex(8)


class Packed(TypeDecorator[bytes]):
    """Bytes that are compressed in the database. What text leaves behind in a document shrinks to about 40 %."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else zlib.compress(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else zlib.decompress(value)


class Document(Model):
    """One live document. Truth is `state` (compacted, up to and including `upto`) plus the updates behind it.

    `access_rev` grows whenever somebody's rights on it may have changed: who applied an update under an older number
    is asked again. `dirty_since` is set while `projected_seq` is behind `seq`.
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
    """One acknowledged update. `seq` has no gaps within a document; `by`: a person, None for the server."""

    __table_args__ = (UniqueConstraint("document_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id", ondelete="CASCADE"))
    seq: Mapped[int]
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    by: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class Writer(Model):
    """Who wrote in a document: number and time of their last update among those that compaction has folded away."""

    document_id: Mapped[int] = mapped_column(ForeignKey("document.id", ondelete="CASCADE"), primary_key=True)
    person: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int]
    at: Mapped[datetime | None] = mapped_column(UtcTime)


class StoredAttribution(Model):
    """Who wrote which stretch of a fragment, as far as compaction has come: [[letters, person or None, seconds], ...].

    `person` is a number alone, `seconds` since 1970 in UTC; 0 where it is not known when.
    """

    __tablename__ = "passages"

    document_id: Mapped[int] = mapped_column(ForeignKey("document.id", ondelete="CASCADE"), primary_key=True)
    fragment: Mapped[str] = mapped_column(String(80), primary_key=True)
    spans: Mapped[list[list[int | None]]] = mapped_column(JSON, default=list)


class LiveText(Model):
    """One fragment ("description.en") as lists, search and first paint read it; `rev`: the topic's revision."""

    __table_args__ = (UniqueConstraint("document_id", "fragment"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id", ondelete="CASCADE"), index=True)
    fragment: Mapped[str] = mapped_column(String(80))
    plain: Mapped[str] = mapped_column(Text, default="")
    html: Mapped[str] = mapped_column(Text, default="")
    rev: Mapped[int] = mapped_column(default=0)
