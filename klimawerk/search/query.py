"""Queries the search index for one person: only what that person may read, best results first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, case, cast, column, false, func, literal_column, or_, select, table
from sqlalchemy.dialects.postgresql import TSQUERY

from klimawerk.accounts.models import Person
from klimawerk.extensions import db
from klimawerk.partnerships.access import Member, my_memberships
from klimawerk.partnerships.rights import Right
from klimawerk.search.models import WORDS, SearchEntry
from klimawerk.search.tokens import query_words
from klimawerk.sheets.item_kinds import hidden_kinds
from klimawerk.sheets.models import Frame, Item

MAX_RESULTS = 500  # entries read for one query
ITEMS, COMMENTS = "items", "comments"


@dataclass(frozen=True)
class SearchQuery:
    """`words`: folded; `frame`: id of the only frame to search; `what`: "items", "comments" or "" for both."""

    text: str
    words: Sequence[str]
    frame: int | None = None
    what: str = ""
    language: str = ""


def search_query(text: str, *, frame: int | None = None, what: str = "", language: str = "") -> SearchQuery:
    return SearchQuery(text.strip(), query_words(text), frame, what, language)


def find_entries(query: SearchQuery, person: Person) -> list[SearchEntry]:
    """Entries with all words; the last word may be a prefix. At most MAX_RESULTS."""
    if not query.words:
        return []
    titles_first = case((SearchEntry.kind == "title", 0), else_=1)
    matching, rank = (_sqlite if db.engine.dialect.name == "sqlite" else _postgresql)(query.words)
    statement = (
        matching.join(Item, Item.id == SearchEntry.item_id)
        .join(Frame, Frame.id == Item.frame_id)
        .where(_may_read(person), Item.deleted_at.is_(None), *_conditions(query))
        .order_by(titles_first, rank, SearchEntry.id)
        .limit(MAX_RESULTS)
    )
    return list(db.session.scalars(statement))


def readers_of(person: Person) -> list[Member]:
    return [member for member in my_memberships(person) if member.may(Right.READ)]


def languages_of(person: Person) -> list[str]:
    """The working languages of all programmes that the person may read."""
    readable = [member.partnership.id for member in readers_of(person)]
    frames = db.session.scalars(select(Frame.languages).where(Frame.partnership_id.in_(readable)))
    return sorted({code for codes in frames for code in codes})


def _may_read(person: Person) -> ColumnElement[bool]:
    return or_(false(), *(_readable_by(member) for member in readers_of(person)))


def _readable_by(member: Member) -> ColumnElement[bool]:
    hidden = hidden_kinds(member)
    kinds = [Item.kind.not_in(hidden)] if hidden else []
    return and_(Frame.partnership_id == member.partnership.id, SearchEntry.side.in_(("", member.side)), *kinds)


def _conditions(query: SearchQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.frame is not None:
        conditions.append(Item.frame_id == query.frame)
    if query.what:
        conditions.append((SearchEntry.kind == "comment") == (query.what == COMMENTS))
    if query.language:
        conditions.append(SearchEntry.language.in_(("", query.language)))
    return conditions


def _sqlite(words: Sequence[str]) -> tuple[Select[SearchEntry], ColumnElement[float]]:
    """The words consist of letters, digits and marks, and are quoted, so they cannot contain FTS5 syntax."""
    index = table(WORDS, column("rowid"), column("rank"))
    match = " ".join(f'"{word}"' for word in words) + "*"
    query = select(SearchEntry).join(index, index.c.rowid == SearchEntry.id)
    return query.where(literal_column(WORDS).op("MATCH")(match)), index.c.rank


def _postgresql(words: Sequence[str]) -> tuple[Select[SearchEntry], ColumnElement[float]]:
    """The same words, quoted, so that no parser of the database splits them again."""
    indexed = func.array_remove(func.string_to_array(SearchEntry.folded, literal_column("' '")), literal_column("''"))
    vector = func.array_to_tsvector(indexed)
    tsquery = cast(" & ".join(f"'{word}'" for word in words) + ":*", TSQUERY)
    return select(SearchEntry).where(vector.bool_op("@@")(tsquery)), -func.ts_rank(vector, tsquery)
