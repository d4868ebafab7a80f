"""Asks the index, as one person: only what they may read, the best first."""

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
from klimawerk.sheets.models import Frame, Item

MAX_RESULTS = 500  # entries that are looked at for one question
ITEMS, COMMENTS = "items", "comments"


@dataclass(frozen=True)
class SearchQuery:
    """`words`: folded; `frame`: of the only programme that is meant; `what`: "items", "comments" or "" for both."""

    text: str
    words: Sequence[str]
    frame: int | None = None
    what: str = ""
    language: str = ""


def search_query(asked: str, *, frame: int | None = None, what: str = "", language: str = "") -> SearchQuery:
    return SearchQuery(asked.strip(), query_words(asked), frame, what, language)


def find_entries(asked: SearchQuery, person: Person) -> list[SearchEntry]:
    """What holds all the words, the last of them also as a beginning; at most MOST."""
    if not asked.words:
        return []
    first = case((SearchEntry.kind == "title", 0), else_=1)
    matching, rank = (_sqlite if db.engine.dialect.name == "sqlite" else _postgresql)(asked.words)
    query = (
        matching.join(Item, Item.id == SearchEntry.item_id)
        .join(Frame, Frame.id == Item.frame_id)
        .where(_may_read(person), Item.deleted_at.is_(None), *_restricted(asked))
        .order_by(first, rank, SearchEntry.id)
        .limit(MAX_RESULTS)
    )
    return list(db.session.scalars(query))


def readers_of(person: Person) -> list[Member]:
    return [member for member in my_memberships(person) if member.may(Right.READ)]


def languages_of(person: Person) -> list[str]:
    """The working languages of all programmes that the person may read."""
    readable = [member.partnership.id for member in readers_of(person)]
    frames = db.session.scalars(select(Frame.languages).where(Frame.partnership_id.in_(readable)))
    return sorted({code for codes in frames for code in codes})


def _may_read(person: Person) -> ColumnElement[bool]:
    places = [
        and_(Frame.partnership_id == member.partnership.id, SearchEntry.side.in_(("", member.side)))
        for member in readers_of(person)
    ]
    return or_(false(), *places)


def _restricted(asked: SearchQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if asked.frame is not None:
        found.append(Item.frame_id == asked.frame)
    if asked.what:
        found.append((SearchEntry.kind == "comment") == (asked.what == COMMENTS))
    if asked.language:
        found.append(SearchEntry.language.in_(("", asked.language)))
    return found


def _sqlite(words: Sequence[str]) -> tuple[Select[SearchEntry], ColumnElement[float]]:
    """Words are letters, digits and marks alone, and stand in quotation marks: nothing in them is FTS5's own."""
    index = table(WORDS, column("rowid"), column("rank"))
    match = " ".join(f'"{word}"' for word in words) + "*"
    query = select(SearchEntry).join(index, index.c.rowid == SearchEntry.id)
    return query.where(literal_column(WORDS).op("MATCH")(match)), index.c.rank


def _postgresql(words: Sequence[str]) -> tuple[Select[SearchEntry], ColumnElement[float]]:
    """The same words in quotation marks: no parser of the database's own cuts them anew."""
    indexed = func.array_remove(func.string_to_array(SearchEntry.folded, literal_column("' '")), literal_column("''"))
    vector = func.array_to_tsvector(indexed)
    asked = cast(" & ".join(f"'{word}'" for word in words) + ":*", TSQUERY)
    return select(SearchEntry).where(vector.bool_op("@@")(asked)), -func.ts_rank(vector, asked)
