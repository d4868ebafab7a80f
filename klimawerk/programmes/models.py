"""The joint climate action programme of one partnership."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, ForeignKey, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from klimawerk.partnerships.models import Partnership
from klimawerk.sheets.models import Item


class Programme(Item):
    """`rate` is how much of `currency_local` one unit of `currency_main` is planned with, since `rate_date`.

    `carried`: parts of an imported file whose room is not built yet (comments, workshops); kept so that an export
    loses nothing.
    """

    __mapper_args__ = {"polymorphic_identity": "programme"}

    id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    partnership_id: Mapped[int] = mapped_column(ForeignKey("partnership.id", ondelete="CASCADE"), index=True)
    languages: Mapped[list[str]] = mapped_column(JSON, default=list)
    lead_language: Mapped[str] = mapped_column(String(8), default="en")
    currency_main: Mapped[str] = mapped_column(String(3), default="EUR")
    currency_local: Mapped[str] = mapped_column(String(3), default="")
    rate: Mapped[Decimal | None] = mapped_column(Numeric(18, 6))
    rate_date: Mapped[date | None]
    rate_note: Mapped[str] = mapped_column(String(300), default="")
    carried: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    partnership: Mapped[Partnership] = relationship()
