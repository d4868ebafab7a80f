"""What both sides do to reach a goal."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from klimawerk.sheets.models import Item


class Measure(Item):
    """`goal_id` says where it stands; `field_row` its field of action (a row of kind "fields" of the programme)."""

    __mapper_args__ = {"polymorphic_identity": "measure"}

    id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"), index=True)
    goal_id: Mapped[int] = mapped_column(ForeignKey("goal.id", ondelete="CASCADE"), index=True)
    field_row: Mapped[str | None] = mapped_column(String(36))
