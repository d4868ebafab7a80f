"""Attribution of a text: its paragraphs as passages with their authors, by municipality or by person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import select

from klimawerk.accounts.person_names import names_of
from klimawerk.collab.attribution.author_spans import AuthorSpan, AuthorSpans
from klimawerk.collab.storage import document_store
from klimawerk.extensions import db
from klimawerk.partnerships.models import Membership
from klimawerk.sheets.code_labels import side_names
from klimawerk.sheets.models import Item
from klimawerk.web import localisation

PLACE, PERSON = "place", "person"


@dataclass(frozen=True)
class PassageAuthor:
    """An author for display: side ("" for none), name of the municipality, name of the person or ""."""

    side: str
    place: str
    name: str = ""

    @property
    def label(self) -> str:
        return f"{self.place}: {self.name}" if self.name else self.place


@dataclass(frozen=True)
class AuthoredPassage:
    """Consecutive text of one author. `since`, `until`: when it was written, in the reader's zone; None if unknown."""

    text: str
    author: PassageAuthor
    since: datetime | None
    until: datetime | None


Paragraph = tuple[AuthoredPassage, ...]


def authored_passages(item: Item, fragment: str, by: str = PLACE) -> list[Paragraph]:
    """The present text, paragraph by paragraph. Empty if nothing is written in it."""
    attribution = document_store.attribution_of(item.name).get(fragment)
    if attribution is None:
        return []
    authors = _PassageAuthors(item, {span.by for span in attribution.spans if span.by}, by)
    return [
        passages
        for line, spans in _spans_by_line(attribution.lines, attribution.spans)
        if (passages := _paragraph(line, spans, authors))
    ]


class _PassageAuthors:
    """Authors for the ids of persons, with one query each for names and sides."""

    def __init__(self, item: Item, people: set[int], by: str) -> None:
        sides = select(Membership.person_id, Membership.side).where(
            Membership.partnership_id == item.frame.partnership_id, Membership.person_id.in_(people)
        )
        self._names = names_of(people) if by == PERSON else {}
        self._sides = dict(db.session.execute(sides).all())
        self._places = side_names(item.frame.partnership)
        self._with_names = by == PERSON

    def of(self, person: int | None) -> PassageAuthor:
        if person is None:
            return PassageAuthor("", str(_("Not recorded")))
        side = self._sides.get(person, "")
        place = self._places.get(side, str(_("On neither side")))
        return PassageAuthor(side, place, self._names.get(person, str(_("Somebody"))) if self._with_names else "")


def _spans_by_line(lines: Iterable[str], spans: AuthorSpans) -> Iterator[tuple[str, AuthorSpans]]:
    """Each line with its spans, which include the newline that ends it."""
    rest = list(reversed(spans))
    for line in lines:
        line_spans, missing = [], len(line) + 1
        while missing and rest:
            span = rest.pop()
            if span.characters > missing:
                rest.append(span._replace(characters=span.characters - missing))
                span = span._replace(characters=missing)
            missing -= span.characters
            line_spans.append(span)
        yield line, line_spans


def _paragraph(line: str, spans: AuthorSpans, authors: _PassageAuthors) -> Paragraph:
    """Passages of a line; consecutive spans of one author are joined."""
    passages, offset = [], 0
    for author, group in groupby(_assign_punctuation(line, spans), lambda span: authors.of(span.by)):
        stretch = list(group)
        text = line[offset : offset + sum(span.characters for span in stretch)]
        offset += len(text)
        times = [span.at for span in stretch if span.at]
        if text:
            passages.append(
                AuthoredPassage(text, author, _moment(min(times, default=0)), _moment(max(times, default=0)))
            )
    return tuple(passages) if line.strip() else ()


def _assign_punctuation(line: str, spans: AuthorSpans) -> Iterator[AuthorSpan]:
    """Spans without a letter or digit go to the author of the text before: a full stop is no passage of its own."""
    offset, previous = 0, None
    for span in spans:
        text = line[offset : offset + span.characters]
        offset += span.characters
        if previous is None or any(character.isalnum() for character in text):
            previous = span
        yield previous._replace(characters=span.characters)


def _moment(seconds: int) -> datetime | None:
    return datetime.fromtimestamp(seconds, ZoneInfo(localisation.timezone())) if seconds else None
