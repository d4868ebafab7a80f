"""Who wrote a text, as its paragraphs with their passages: by municipality, or by person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import select

from klimawerk.accounts.person_names import names_of
from klimawerk.collab import document_store
from klimawerk.collab.attribution import AuthorSpan, AuthorSpans
from klimawerk.extensions import db
from klimawerk.partnerships.models import Membership
from klimawerk.sheets.code_labels import side_names
from klimawerk.sheets.models import Item
from klimawerk.web import localisation

PLACE, PERSON = "place", "person"


@dataclass(frozen=True)
class PassageAuthor:
    """Who, as it is shown: the side ("" for none), the municipality's name, the person's name or ""."""

    side: str
    place: str
    name: str = ""

    @property
    def words(self) -> str:
        return f"{self.place}: {self.name}" if self.name else self.place


@dataclass(frozen=True)
class AuthoredPassage:
    """Words of one hand. `since`, `until`: when they were written, in the reader's zone; None where it is not known."""

    words: str
    hand: PassageAuthor
    since: datetime | None
    until: datetime | None


Paragraph = tuple[AuthoredPassage, ...]


def authored_passages(item: Item, fragment: str, by: str = PLACE) -> list[Paragraph]:
    """The text as it is now, paragraph by paragraph; empty for one in which nothing is written."""
    written = document_store.attribution_of(item.name).get(fragment)
    if written is None:
        return []
    hands = _PassageAuthors(item, {span.by for span in written.spans if span.by}, by)
    return [
        found
        for line, spans in _spans_by_line(written.lines, written.spans)
        if (found := _paragraph(line, spans, hands))
    ]


class _PassageAuthors:
    """Names for the persons' numbers, as one query each for names and sides gives them."""

    def __init__(self, item: Item, people: set[int], by: str) -> None:
        member = select(Membership.person_id, Membership.side).where(
            Membership.partnership_id == item.frame.partnership_id, Membership.person_id.in_(people)
        )
        self._names = names_of(people) if by == PERSON else {}
        self._sides = dict(db.session.execute(member).all())
        self._places = side_names(item.frame.partnership)
        self._with_names = by == PERSON

    def of(self, person: int | None) -> PassageAuthor:
        if person is None:
            return PassageAuthor("", str(_("Not recorded")))
        side = self._sides.get(person, "")
        place = self._places.get(side, str(_("On neither side")))
        return PassageAuthor(side, place, self._names.get(person, str(_("Somebody"))) if self._with_names else "")


def _spans_by_line(lines: Iterable[str], spans: AuthorSpans) -> Iterator[tuple[str, AuthorSpans]]:
    """Each line with its spans; the letter that ends it is left out."""
    rest = list(reversed(spans))
    for line in lines:
        found, missing = [], len(line) + 1
        while missing and rest:
            span = rest.pop()
            if span.characters > missing:
                rest.append(span._replace(characters=span.characters - missing))
                span = span._replace(characters=missing)
            missing -= span.characters
            found.append(span)
        yield line, found


def _paragraph(line: str, spans: AuthorSpans, hands: _PassageAuthors) -> Paragraph:
    """Passages of one hand that follow each other are one; so is what is only a sign between two."""
    found, place = [], 0
    for hand, some in groupby(_assign_punctuation(line, spans), lambda span: hands.of(span.by)):
        stretch = list(some)
        words = line[place : place + sum(span.characters for span in stretch)]
        place += len(words)
        times = [span.at for span in stretch if span.at]
        if words:
            found.append(AuthoredPassage(words, hand, _moment(min(times, default=0)), _moment(max(times, default=0))))
    return tuple(found) if line.strip() else ()


def _assign_punctuation(line: str, spans: AuthorSpans) -> Iterator[AuthorSpan]:
    """Spaces and signs go to whoever wrote the words before them: a full stop is nobody's passage."""
    place, before = 0, None
    for span in spans:
        words = line[place : place + span.characters]
        place += span.characters
        if before is None or any(letter.isalnum() for letter in words):
            before = span
        yield before._replace(characters=span.characters)


def _moment(seconds: int) -> datetime | None:
    return datetime.fromtimestamp(seconds, ZoneInfo(localisation.timezone())) if seconds else None
