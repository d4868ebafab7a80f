"""What the programme wants to reach."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from klimawerk.sheets.models import Item


class Goal(Item):
    """Its measures point to it; its field of action is the value "field"."""

    __mapper_args__ = {"polymorphic_identity": "goal"}

    id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
