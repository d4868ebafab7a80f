"""Codes of goals and measures ("WA-03"): the next free one, and uniqueness within a programme and kind of item."""

from __future__ import annotations

import re
from itertools import chain, count

from sqlalchemy import select

from klimawerk.extensions import db
from klimawerk.sheets.models import Frame, Item
from klimawerk.sheets.sheet_schema import CODE
from klimawerk.text import visual_key

DIGITS = 6  # at most, in the number of a code


class CodeTaken(ValueError):
    """Another item of the same kind in the programme, its bin included, has the code already."""


def next_code(frame: Frame, kind: str, prefix: str, *, width: int) -> str:
    """The prefix with the number after the highest one in use ("WA-03" -> "WA-04"). Codes in the bin are in use.

    If the highest possible number is in use, the first free number is taken. The code always fits the column.
    """
    prefix = prefix[: CODE.max_length - DIGITS]
    taken = set(db.session.scalars(select(Item.code).where(Item.frame_id == frame.id, Item.kind == kind)))
    matches = (re.fullmatch(re.escape(prefix) + rf"([0-9]{{1,{DIGITS}}})", code) for code in taken)
    highest = max((int(match[1]) for match in matches if match), default=0)
    following = range(highest + 1, 10**DIGITS)
    return next(code for n in chain(following, count(1)) if (code := f"{prefix}{n:0{width}d}") not in taken)


def is_free(item: Item, code: str) -> bool:
    """Whether no other item of this kind in the programme has the code or a visually equal one."""
    others = select(Item.code).where(Item.frame_id == item.frame_id, Item.kind == item.kind, Item.id != item.id)
    return visual_key(code) not in map(visual_key, db.session.scalars(others))
