"""Database table of programmes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from klimawerk.sheets.models import Item


class Programme(Item):
    """The joint climate action programme of a partnership. Its goals and measures share its frame.

    `carried`: parts of an imported file that have no place here yet (workshops), exported again unchanged.
    """

    __mapper_args__ = {"polymorphic_identity": "programme"}

    id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    carried: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
