"""What programmes, goals and measures have in common: a sheet of fields and rows, each with a revision.

Chosen values live in JSON (`values`), keyed by the catalogue's names; `revs` holds, for each of them, the
topic revision at which it was last set. A text per language has one key per language ("text.en").
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
"""Compared letter by letter as `order_keys.py` does; a database's own collation (de_DE) puts "a" before "B"."""


class Frame(Model):
    """What all items of one programme share: whose it is, the working languages, the currencies, the planning rate.

    `rate` is how much of `currency_local` one unit of `currency_main` is planned with, since `rate_date`.
    `arriving`: the key of the job that is storing this programme, as long as nobody may see it; None for all others.
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

    `imported` names the fields whose value came with a file and was not confirmed here ("agreed", "adopted").
    `writing_language`: the language that everybody writes in while several people have its texts open.
    `key` is the item's identity outside of this installation: versions and files call it by that.
    `lock_rev`: the topic revision at which the locks that cover it last changed.
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
        """Name of its topic and of its live document."""
        return f"{self.kind}:{self.id}"

    @property
    def parent_id(self) -> int | None:
        """The item that it stands under, other than the programme."""
        return None


def is_here() -> ColumnElement[bool]:
    """Leaves out the items of programmes that are arriving: for queries that do not come through a member."""
    arriving = select(Frame.id).where(Frame.arriving.is_not(None))
    return Item.frame_id.not_in(arriving)


class Row(Model):
    """A row of a sheet (a step, a cost line, ...). `id` is a UUID made by the client that added it.

    `rev`: the topic revision at which the row was last added, moved, deleted or brought back.
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
    """A lock: it closes its scope for editing until it is ended. An item may be covered by several.

    The scope is the item `item_id` with all that stands under it, also what is made later; `except_id`: the one measure
    that a programme's lock leaves open. `holder`: "person:<id>" ("workshop:<id>" later), on whose behalf it is held; ""
    for one known by name alone (`holder_name`). `by`: who closed it, None for the server.
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
    """A value that met a newer one. The newer one holds; an editor chooses. `row_id` is empty for a field."""

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
    """Who set a field or cell to what, and what it was before: nothing that held is ever lost."""

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), index=True)
    row_id: Mapped[str | None] = mapped_column(String(36))
    field: Mapped[str] = mapped_column(String(60))
    old: Mapped[Any] = mapped_column(JSON)
    new: Mapped[Any] = mapped_column(JSON)
    by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    rev: Mapped[int]
