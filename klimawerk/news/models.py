"""Database table: seen marks, up to when a person has seen the activity of others at an item."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from klimawerk.clock import UtcTime
from klimawerk.extensions import Model


class SeenMark(Model):
    """When a person last opened an item's page, or marked it as seen. Private; deleted with the person."""

    __tablename__ = "seen"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcTime)
