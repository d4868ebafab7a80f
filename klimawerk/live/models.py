"""Database table of topics: names of things that pages can watch ("measure:7"), each with a revision that only
grows."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from klimawerk.extensions import Model


class Topic(Model):
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    rev: Mapped[int] = mapped_column(default=0)
