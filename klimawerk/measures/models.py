"""Database table of measures."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from klimawerk.sheets.models import Item


class Measure(Item):
    """A measure under the goal `goal_id`. Its field of action is the value "field" (id of a row)."""

    __mapper_args__ = {"polymorphic_identity": "measure"}

    id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    goal_id: Mapped[int] = mapped_column(ForeignKey("goal.id", ondelete="CASCADE"), index=True)

    @property
    def parent_id(self) -> int:
        return self.goal_id
