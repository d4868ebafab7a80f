"""What both sides do to reach a goal."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from klimawerk.sheets.models import Item


class Measure(Item):
    """`goal_id` says under which goal it stands; its field of action is the value "field"."""

    __mapper_args__ = {"polymorphic_identity": "measure"}

    id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    goal_id: Mapped[int] = mapped_column(ForeignKey("goal.id", ondelete="CASCADE"), index=True)

    @property
    def parent_id(self) -> int:
        return self.goal_id
