"""Kinds of items (programme, goal, measure), registered per app by the package of each kind: `sheets.add_kind`.

The page of an item is at "/<kind>s/<id>", also for browsers (`static/js/presence-links.js`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from klimawerk.partnerships.access import Member
from klimawerk.partnerships.rights import Right
from klimawerk.registry import Registry
from klimawerk.sheets.sheet_schema import Sheet


def _may_read(member: Member) -> bool:
    return member.may(Right.READ)


def _may_edit(member: Member) -> bool:
    return member.may(Right.EDIT)


@dataclass(frozen=True)
class ItemKind:
    """A kind of item. Its name is that of its sheet; topic and live document of an item are named "<kind>:<id>".

    `may_read`, `may_write`: which members of the partnership may read and write its items, in pages, live documents,
    topics, versions, search and news. `in_files`: whether its items are part of files of the exchange format.
    """

    sheet: Sheet
    may_read: Callable[[Member], bool] = _may_read
    may_write: Callable[[Member], bool] = _may_edit
    in_files: bool = False

    @property
    def name(self) -> str:
        return self.sheet.kind


item_kinds: Registry[str, ItemKind] = Registry("kinds of items")
"""By name. Their order, the programme first, is that of files and summaries, and the order in which topics of items are
noted, everywhere, so that transactions cannot deadlock."""


def sheet_of(kind: str) -> Sheet:
    """The sheet of a kind of item. Raises KeyError for an unknown kind."""
    return item_kinds[kind].sheet


def kinds_in_files() -> list[str]:
    """The kinds whose items are part of files, in their order."""
    return [kind.name for kind in item_kinds.values() if kind.in_files]


def hidden_kinds(member: Member) -> list[str]:
    """The kinds whose items the member may not read."""
    return [kind.name for kind in item_kinds.values() if not kind.may_read(member)]
