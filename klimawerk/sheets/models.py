"""Database tables shared by programmes, goals and measures: items, rows, edit locks, conflicts, field changes.

Values are stored as JSON (`values`, `cells`), keyed by field names of the sheet; `revs` holds, for each key, the topic
revision at which it was last set. A translated field has one key per language ("text.en").
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, ColumnElement, ForeignKey, Index, Numeric, String, select, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from klimawerk.clock import UtcTime, now
from klimawerk.extensions import Model
from klimawerk.money import Rates
from klimawerk.partnerships.models import Partnership


def new_key() -> str:
    return str(uuid.uuid4())


_ORDER_KEY = String(200).with_variant(String(200, collation="C"), "postgresql")
"""Compared by code points, as in `order_keys.py`; the database's own collation (de_DE) would put "a" before "B"."""


class Frame(Model):
    """Settings shared by all items of one programme: partnership, working languages, currencies, planning rate.

    `rate`: the planned amount of `currency_local` for one unit of `currency_main`, since `rate_date`.
    `arriving`: the key of the import job that is storing the programme, which is invisible until then; else None.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    partnership_id: Mapped[int] = mapped_column(ForeignKey("partnership.id", ondelete="CASCADE"), index=True)
    languages: Mapped[list[str]] = mapped_column(JSON, default=list)
    lead_language: Mapped[str] = mapped_column(String(8), default="en")
    currency_main: Mapped[str] = mapped_column(String(3), default="EUR")
    currency_local: Mapped[str] = mapped_column(String(3), default="")
    rate: Mapped[Decimal | None] = mapped_column(Numeric(18, 6))
    rate_date: Mapped[date | None]
    rate_note: Mapped[str] = mapped_column(String(300), default="")
    arriving: Mapped[str | None] = mapped_column(String(40))
    partnership: Mapped[Partnership] = relationship()

    @property
    def rates(self) -> Rates:
        """The planning rate with both currencies."""
        return Rates(self.currency_main, self.currency_local, self.rate)


class Item(Model):
    """A programme, a goal or a measure. Its topic and its live document are both named "<kind>:<id>".

    `imported`: names of fields whose value came with a file and was not confirmed here ("agreed", "adopted").
    `writing_language`: the language all users write in while several of them have its texts open; "" for none.
    `key`: the item's identity outside of this installation, used in versions and files.
    `lock_rev`: the topic revision at which the locks that cover the item last changed.
    """

    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_abstract": True}
    __table_args__ = (
        Index("uq_item_key", "key", unique=True),
        Index(
            "uq_item_code",
            "frame_id",
            "kind",
            "code",
            unique=True,
            sqlite_where=text("code <> ''"),
            postgresql_where=text("code <> ''"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    frame_id: Mapped[int] = mapped_column(ForeignKey("frame.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(20), default="")
    order_key: Mapped[str] = mapped_column(_ORDER_KEY, default="")
    values: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    revs: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    imported: Mapped[list[str]] = mapped_column(JSON, default=list)
    key: Mapped[str] = mapped_column(String(36), default=new_key)
    writing_language: Mapped[str] = mapped_column(String(8), default="")
    lock_rev: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime)
    deleted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    frame: Mapped[Frame] = relationship(lazy="joined", innerjoin=True)

    @property
    def name(self) -> str:
        """The name of its topic and of its live document."""
        return f"{self.kind}:{self.id}"

    @property
    def parent_id(self) -> int | None:
        """Id of the goal that the item belongs to; None for programmes and goals."""
        return None


def is_here() -> ColumnElement[bool]:
    """SQL condition that excludes items of programmes still being imported, for queries without a membership check."""
    arriving = select(Frame.id).where(Frame.arriving.is_not(None))
    return Item.frame_id.not_in(arriving)


class Row(Model):
    """A row of a sheet (a step, a cost line, ...). `id`: a UUID, made by the client that added the row.

    `rev`: the topic revision at which the row was last added, moved, deleted or restored.
    """

    __table_args__ = (Index("ix_row_item_kind", "item_id", "kind"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(30))
    order_key: Mapped[str] = mapped_column(_ORDER_KEY)
    cells: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    revs: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    rev: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime)
    deleted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))


class EditLock(Model):
    """An edit lock: closes its scope for editing until it is ended. Several locks may cover an item.

    The scope is the item `item_id` with all items under it, including those created later; `except_id`: the one measure
    that a lock on a programme leaves open. `holder`: "person:<id>" ("workshop:<id>" later), or "" for a holder known by
    name only (`holder_name`). `by`: the user who set the lock, None for the server.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), index=True)
    except_id: Mapped[int | None] = mapped_column(ForeignKey("item.id", ondelete="SET NULL"))
    holder: Mapped[str] = mapped_column(String(40), default="", index=True)
    holder_name: Mapped[str] = mapped_column(String(200), default="")
    reason: Mapped[str] = mapped_column(String(200), default="")
    by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    item: Mapped[Item] = relationship(foreign_keys=[item_id], lazy="joined", innerjoin=True)


class Conflict(Model):
    """A value that was not stored because the field had changed meanwhile; it waits until an editor chooses.

    `value`, `by`: the value that waits and its author; `holds_by`: the author of the current value. `row_id`: None for
    a field.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), index=True)
    row_id: Mapped[str | None] = mapped_column(ForeignKey("row.id", ondelete="CASCADE"))
    field: Mapped[str] = mapped_column(String(60))
    holds_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    value: Mapped[Any] = mapped_column(JSON)
    by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    rev: Mapped[int]


class FieldChange(Model):
    """The change history of fields and cells: author, old value and new value of each change."""

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), index=True)
    row_id: Mapped[str | None] = mapped_column(String(36))
    field: Mapped[str] = mapped_column(String(60))
    old: Mapped[Any] = mapped_column(JSON)
    new: Mapped[Any] = mapped_column(JSON)
    by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    rev: Mapped[int]
