"""Options of reference fields: the fields of action and the measures of one programme, with their labels."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from sqlalchemy import select

from klimawerk.collab.storage import document_store
from klimawerk.extensions import db
from klimawerk.sheets.models import Frame, Item, Row


class ItemOptions:
    """(id, label) of the fields of action and measures of a programme, in order; loaded on first access.

    A label is the code and the title in `language`, else in another one. Empty without a frame.
    """

    def __init__(self, frame: Frame | None = None, language: str = "") -> None:
        self._frame, self._language = frame, language

    def unread(self) -> ItemOptions:
        """The same options, of which none was read."""
        return ItemOptions(self._frame, self._language)

    @cached_property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """The programme's fields of action."""
        return _fields(self._frame, self._language) if self._frame else ()

    @cached_property
    def measures(self) -> tuple[tuple[int, str], ...]:
        """The programme's measures."""
        return _measures(self._frame, self._language) if self._frame else ()


def options_for(frame: Frame, language: str) -> ItemOptions:
    """The options of the programme."""
    return ItemOptions(frame, language)


def _fields(frame: Frame, language: str) -> tuple[tuple[str, str], ...]:
    rows = db.session.scalars(
        select(Row)
        .join(Item, Item.id == Row.item_id)
        .where(Item.frame_id == frame.id, Row.kind == "fields", Row.deleted_at.is_(None))
        .order_by(Row.order_key)
        .execution_options(populate_existing=True)
    )
    return tuple((row.id, _label(row.cells.get("code", ""), _title(row, language, frame))) for row in rows)


def _title(row: Row, language: str, frame: Frame) -> str:
    return row.cells.get(f"title.{language}") or row.cells.get(f"title.{frame.lead_language}") or ""


def _measures(frame: Frame, language: str) -> tuple[tuple[int, str], ...]:
    measures = db.session.execute(
        select(Item, Item.code)  # the item may be older than its code now
        .where(Item.frame_id == frame.id, Item.kind == "measure", Item.deleted_at.is_(None))
        .order_by(Item.code)
    ).all()
    titles = titles_of([item for item, _code in measures], language)
    return tuple((item.id, _label(code, titles[item.id][0])) for item, code in measures)


def titles_of(items: Iterable[Item], language: str) -> dict[int, tuple[str, str]]:
    """{id: (title, its language)}: in `language`, else the lead language, else any; ("", language) for no title."""
    listed = list(items)
    titles = document_store.plain_texts_by_language([item.name for item in listed], "title")
    result: dict[int, tuple[str, str]] = {}
    for item in listed:
        by_language = titles[item.name]
        order = (language, item.frame.lead_language, *item.frame.languages)
        result[item.id] = next(((by_language[code], code) for code in order if by_language.get(code)), ("", language))
    return result


def _label(code: str, title: str) -> str:
    return f"{code} {title}".strip()
