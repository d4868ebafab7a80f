"""View of the search page: items, and under each the places with hits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import select

from klimawerk.comments.models import Comment
from klimawerk.extensions import db
from klimawerk.search.models import SearchEntry
from klimawerk.search.query import SearchQuery
from klimawerk.search.tokens import highlighted_excerpt
from klimawerk.sheets import code_labels
from klimawerk.sheets.fragments import page_of
from klimawerk.sheets.item_kinds import sheet_of
from klimawerk.sheets.models import Item, Row
from klimawerk.sheets.options import titles_of
from klimawerk.sheets.sheet_schema import CODE, split_key

PAGE, PLACES = 20, 5  # items on a page; hits shown of each


@dataclass(frozen=True)
class SearchHit:
    """`label`: the field, row or kind with the hit, for display."""

    label: str
    language: str
    passage: Markup
    address: str


@dataclass(frozen=True)
class ItemHits:
    item: Item
    title: str
    language: str
    hits: Sequence[SearchHit]
    more: int

    @property
    def address(self) -> str:
        return page_of(self.item)


@dataclass(frozen=True)
class SearchResults:
    question: SearchQuery
    found: Sequence[ItemHits]
    items: int
    page: int

    @property
    def next_page(self) -> int | None:
        return self.page + 1 if self.page * PAGE < self.items else None


def results(query: SearchQuery, entries: Sequence[SearchEntry], reader: str, page: int) -> SearchResults:
    """One page of results, grouped by item in the order of each item's best hit."""
    by_item: dict[int, list[SearchEntry]] = {}
    for entry in entries:
        by_item.setdefault(entry.item_id, []).append(entry)
    ids = list(by_item)[(page - 1) * PAGE : page * PAGE]
    items = {item.id: item for item in db.session.scalars(select(Item).where(Item.id.in_(ids)))}
    titles = titles_of(items.values(), reader)
    shown_entries = [shown for id_ in ids for shown in by_item[id_][:PLACES]]
    locations = _HitLocations(shown_entries)
    item_hits = [
        ItemHits(
            items[id_],
            *titles[id_],
            [locations.hit(entry, items[id_], query.words) for entry in by_item[id_][:PLACES]],
            max(0, len(by_item[id_]) - PLACES),
        )
        for id_ in ids
    ]
    return SearchResults(query, item_hits, len(by_item), page)


class _HitLocations:
    """Labels and URLs of hits; rows and threads are read once for all."""

    def __init__(self, entries: Sequence[SearchEntry]) -> None:
        rows = {entry.place.partition(":")[0] for entry in entries if entry.kind == "cell"} - {""}
        comments = {int(entry.place) for entry in entries if entry.kind == "comment"}
        self._rows = dict(db.session.execute(select(Row.id, Row.kind).where(Row.id.in_(rows))).all())
        self._threads = dict(
            db.session.execute(select(Comment.id, Comment.thread_id).where(Comment.id.in_(comments))).all()
        )

    def hit(self, entry: SearchEntry, item: Item, words: Sequence[str]) -> SearchHit:
        label, address = self._place(entry, item)
        return SearchHit(label, entry.language, highlighted_excerpt(entry.words, words), address)

    def _place(self, entry: SearchEntry, item: Item) -> tuple[str, str]:
        page, sheet = page_of(item), sheet_of(item.kind)
        if entry.kind == "comment":
            thread = self._threads.get(int(entry.place), 0)
            return str(_("Comment")), f"/threads/{thread}#comment-{entry.place}"
        row_id, _colon, key = entry.place.rpartition(":")
        name = split_key(key)[0]
        if row_id and (kind := sheet.rows.get(self._rows.get(row_id, ""))):
            return str(kind.label), f"{page}#row-{row_id}"
        if name == "code":
            return str(CODE.label), page
        field = sheet.fields.get(name)
        anchor = "part" if entry.kind in ("title", "text") else "f"
        label = (
            code_labels.fill_side_names(field.label, code_labels.side_names(item.frame.partnership)) if field else name
        )
        return label, f"{page}#{anchor}-{item.id}-{name}"
