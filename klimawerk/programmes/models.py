"""The joint climate action programme of one partnership."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from klimawerk.sheets.models import Item


class Programme(Item):
    """The head of a programme; its goals and measures share its frame.

    `carried`: parts of an imported file whose room is not built yet (workshops); kept so that an export
    loses nothing.
    """

    __mapper_args__ = {"polymorphic_identity": "programme"}

    id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    carried: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
