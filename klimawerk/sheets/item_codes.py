"""Codes of goals and measures: proposed, and unique within their programme."""

from __future__ import annotations

import re
from itertools import chain, count

from sqlalchemy import select

from klimawerk.extensions import db
from klimawerk.sheets.models import Frame, Item
from klimawerk.sheets.sheet_schema import CODE
from klimawerk.text import visual_key

DIGITS = 6  # of the number in a code


class CodeTaken(ValueError):
    """Another goal or measure of the programme, or of its bin, has the code already."""


def next_code(frame: Frame, kind: str, prefix: str, *, width: int) -> str:
    """The prefix with the number after the highest one in use ("WA-03" -> "WA-04"); the bin counts as in use.

    Where somebody has taken the last number there is, it is the first one that is free. It always fits the column.
    """
    prefix = prefix[: CODE.max_length - DIGITS]
    taken = set(db.session.scalars(select(Item.code).where(Item.frame_id == frame.id, Item.kind == kind)))
    found = (re.fullmatch(re.escape(prefix) + rf"([0-9]{{1,{DIGITS}}})", code) for code in taken)
    highest = max((int(one[1]) for one in found if one), default=0)
    following = range(highest + 1, 10**DIGITS)
    return next(code for n in chain(following, count(1)) if (code := f"{prefix}{n:0{width}d}") not in taken)


def is_free(item: Item, code: str) -> bool:
    """Whether no other goal or measure of the programme has the code, or one that looks the same."""
    others = select(Item.code).where(Item.frame_id == item.frame_id, Item.kind == item.kind, Item.id != item.id)
    return visual_key(code) not in map(visual_key, db.session.scalars(others))
