"""Database tables: the search index, and how far each item was read into it.

The tables can be rebuilt at any time. Each database has its own index beside them: an FTS5 table updated by triggers
(SQLite), or an index over a tsvector (PostgreSQL). Neither splits text into words: this is done for both in
`tokens.py`.
"""

from __future__ import annotations

from sqlalchemy import DDL, ForeignKey, String, Text, event
from sqlalchemy.orm import Mapped, mapped_column

from klimawerk.extensions import Model

WORDS = "search_words"


class SearchEntry(Model):
    """One indexed text. `kind`: "title", "text", "cell" or "comment".

    `place`: the fragment ("description.en"), the cell ("<row>:<key>") or the comment's id; `side`: the only side that
    sees it, "" for all; `folded`: the text in its indexed form (tokens.py).
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    place: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(8), default="")
    side: Mapped[str] = mapped_column(String(10), default="")
    words: Mapped[str] = mapped_column(Text)
    folded: Mapped[str] = mapped_column(Text)


class SearchState(Model):
    """State of an item when it was last indexed: version of the folding rules, its revision, those of its comments."""

    item_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    stamp: Mapped[str] = mapped_column(String(80))


_SQLITE = (
    "CREATE VIRTUAL TABLE search_words "
    "USING fts5(folded, content='search_entry', content_rowid='id', prefix='2 3', tokenize='ascii')",
    "CREATE TRIGGER search_words_in AFTER INSERT ON search_entry BEGIN "
    "INSERT INTO search_words(rowid, folded) VALUES (new.id, new.folded); END",
    "CREATE TRIGGER search_words_out AFTER DELETE ON search_entry BEGIN "
    "INSERT INTO search_words(search_words, rowid, folded) VALUES ('delete', old.id, old.folded); END",
)
_POSTGRESQL = (
    "CREATE INDEX search_words ON search_entry "
    "USING gin (array_to_tsvector(array_remove(string_to_array(folded, ' '), '')))",
)

for dialect, statements in (("sqlite", _SQLITE), ("postgresql", _POSTGRESQL)):
    for statement in statements:
        event.listen(SearchEntry.__table__, "after_create", DDL(statement).execute_if(dialect=dialect))  # type: ignore[no-untyped-call]


def is_plain(_object: object, name: str | None, _type: str, _reflected: bool, _compare_to: object) -> bool:
    """Filter for comparing tables with models: excludes the objects with which the databases search."""
    return not (name or "").startswith(WORDS)
