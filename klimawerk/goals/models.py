"""What the programme wants to reach."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from klimawerk.sheets.models import Item


class Goal(Item):
    """`field_row` is the field of action (a row of kind "fields" of the programme) it belongs to."""

    __mapper_args__ = {"polymorphic_identity": "goal"}

    id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"), index=True)
    field_row: Mapped[str | None] = mapped_column(String(36))
