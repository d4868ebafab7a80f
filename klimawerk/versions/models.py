"""Database tables: versions of items, the parts they consist of, and visits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from klimawerk.clock import UtcTime, now
from klimawerk.extensions import Model


class Version(Model):
    """An immutable copy of one item. Only `label`, `note` and who set the label may change afterwards.

    `manifest` is canonical JSON (hash_chain.py) that names every part by its hash; `content_hash` is its SHA-256.
    `hash` covers `content_hash`, number, time, reason and `previous` (the hash of the version before, "" for the first
    one). Persons are outside of what is hashed. `rev` and `seq`: up to which revision of the item's topic and which
    update of its live document it was read. `contributors`: [{"id": person, "side": side}] since the version before.
    """

    __table_args__ = (Index("uq_version_number", "item_id", "number", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"))
    number: Mapped[int]
    manifest: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    content_hash: Mapped[str] = mapped_column(String(64))
    previous: Mapped[str] = mapped_column(String(64), default="")
    hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    reason: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(120), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    side: Mapped[str] = mapped_column(String(10), default="")
    contributors: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    rev: Mapped[int]
    seq: Mapped[int]

    @property
    def kept(self) -> bool:
        """Whether a user wanted this version (kept by hand, or labelled), as opposed to an automatic one."""
        return bool(self.label) or self.reason == "kept"


class VersionPart(Model):
    """One part of one or more versions: compressed canonical JSON. `hash` is the SHA-256 of the JSON.

    `blacked` is set in a redacted part: {"digest", "at", "reason"}, with the SHA-256 of the remaining JSON as `digest`.
    """

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)
    size: Mapped[int]
    blacked: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))


class Visit(Model):
    """A person's latest visit to an item, and the end of the visit before (None: there was none).

    `rev`, `seq`: revision of the item's topic and last update of its live document at that moment.
    """

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    rev: Mapped[int] = mapped_column(default=0)
    seq: Mapped[int] = mapped_column(default=0)
    before_at: Mapped[datetime | None] = mapped_column(UtcTime)
    before_rev: Mapped[int] = mapped_column(default=0)
    before_seq: Mapped[int] = mapped_column(default=0)
