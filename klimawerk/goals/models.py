"""Database table of goals."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from klimawerk.sheets.models import Item


class Goal(Item):
    """A goal. Its measures refer to it (`Measure.goal_id`). Its field of action is the value "field" (id of a row)."""

    __mapper_args__ = {"polymorphic_identity": "goal"}

    id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
