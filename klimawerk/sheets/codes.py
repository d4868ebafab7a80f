"""Codes of goals and measures: proposed, and unique within their programme."""

from __future__ import annotations

import re

from sqlalchemy import select

from klimawerk.extensions import db
from klimawerk.sheets.models import Frame, Item


class CodeTaken(ValueError):
    """Another goal or measure of the programme, or of its bin, has the code already."""


def next_code(frame: Frame, kind: str, prefix: str, *, width: int) -> str:
    """The prefix with the number after the highest one in use ("WA-03" -> "WA-04"); the bin counts as in use."""
    taken = db.session.scalars(select(Item.code).where(Item.frame_id == frame.id, Item.kind == kind))
    numbers = [int(m.group(1)) for code in taken if (m := re.fullmatch(re.escape(prefix) + r"(\d{1,6})", code))]
    return f"{prefix}{max(numbers, default=0) + 1:0{width}d}"


def is_free(item: Item, code: str) -> bool:
    """Whether no other goal or measure of the programme has the code."""
    other = select(Item.id).where(
        Item.frame_id == item.frame_id, Item.kind == item.kind, Item.code == code, Item.id != item.id
    )
    return db.session.scalar(other) is None
