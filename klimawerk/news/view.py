"""What the first page tells: what waits for me, and what others did since I last looked, item by item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from klimawerk.accounts.models import Person
from klimawerk.clock import now
from klimawerk.comments.models import Comment
from klimawerk.comments.participants import CommentAuthor, Participants
from klimawerk.comments.quotations import is_quotation
from klimawerk.database import yield_if_due
from klimawerk.extensions import db
from klimawerk.news.activity import CHANGED, MENTION, OUTCOME, Activity, memberships
from klimawerk.news.change_summary import change_summary
from klimawerk.news.pending_decisions import PendingDecision, pending_decisions
from klimawerk.news.seen_marks import seen_since, unseen_activities_for
from klimawerk.partnerships.access import Member
from klimawerk.sheets.fragments import page_of
from klimawerk.sheets.models import Item
from klimawerk.sheets.options import titles_of
from klimawerk.text import clean, truncate_with_ellipsis

MAX_ENTRIES = 30  # entries of a page
EXCERPT_LENGTH = 160  # letters of a comment


@dataclass(frozen=True)
class CommentExcerpt:
    """A comment, shortened, with its author and the way to it."""

    author: CommentAuthor
    words: str
    language: str
    at: datetime
    address: str
    is_mention: bool


@dataclass(frozen=True)
class NewsEntry:
    """One item in which others did something. `line`: what changed in it, "" for nothing but words."""

    item: Item
    title: str
    language: str
    line: str
    words: Sequence[CommentExcerpt]
    outcomes: int
    at: datetime

    @property
    def address(self) -> str:
        return page_of(self.item)

    @property
    def is_mention(self) -> bool:
        return any(one.is_mention for one in self.words)


@dataclass(frozen=True)
class PendingDecisionView:
    """What waits for the person; `title` of its item, in the language that it is in."""

    waiting: PendingDecision
    title: str
    language: str


@dataclass
class News:
    """`until`: the moment it tells of; what comes later is not seen by marking this as seen. `more`: items beyond those
    in `entries`; `measures`: how many changed, all in all, since `since`."""

    until: datetime
    entries: list[NewsEntry] = field(default_factory=list)
    duties: list[PendingDecisionView] = field(default_factory=list)
    more: int = 0
    measures: int = 0
    since: datetime | None = None


@dataclass(frozen=True)
class _ItemActivities:
    """What was done at one item."""

    member: Member
    people: Participants
    item: Item
    title: tuple[str, str]
    happened: list[Activity]

    @property
    def at(self) -> datetime:
        return max(one.at for one in self.happened)

    @property
    def order(self) -> tuple[bool, datetime]:
        return any(one.kind == MENTION for one in self.happened), self.at

    @property
    def changed(self) -> bool:
        return any(one.kind == CHANGED for one in self.happened)


def news_for(person: Person, language: str) -> News:
    """What is new to the person, the newest item first, those first in which they are called by name."""
    news, groups = News(now()), list[_ItemActivities]()
    for member in memberships(person):
        found: dict[int, list[Activity]] = {}
        for one in unseen_activities_for(member, news.until):
            found.setdefault(one.item_id, []).append(one)
        duties = pending_decisions(member)
        items = {item.id: item for item in [*_items(list(found)), *(duty.item for duty in duties)]}
        titles, people = titles_of(items.values(), language), Participants(member.partnership)
        groups += [
            _ItemActivities(member, people, items[id_], titles[id_], happened) for id_, happened in found.items()
        ]
        news.duties += [PendingDecisionView(duty, *titles[duty.item.id]) for duty in duties]
    groups.sort(key=lambda group: group.order, reverse=True)
    for group in groups[:MAX_ENTRIES]:
        news.entries.append(_entry(group, news.until, language))
        yield_if_due()  # others are served meanwhile: each entry takes some questions
    news.more = len(groups) - len(news.entries)
    news.measures = sum(1 for group in groups if group.changed and group.item.kind == "measure")
    news.since = min((one.at for group in groups for one in group.happened), default=None)
    news.duties.sort(key=lambda duty: duty.waiting.order)
    return news


def _entry(group: _ItemActivities, until: datetime, language: str) -> NewsEntry:
    member, item, happened = group.member, group.item, group.happened
    since = seen_since(member, item.id)
    line = change_summary(item, since, until, but=member.person.id, language=language) if group.changed else ""
    said = [one for one in happened if one.comment_id and one.kind != CHANGED]
    outcomes = len({one.thread_id for one in happened if one.kind == OUTCOME})
    return NewsEntry(item, *group.title, line, _words(group.people, said), outcomes, group.at)


def _words(people: Participants, said: list[Activity]) -> list[CommentExcerpt]:
    called = {one.comment_id for one in said if one.kind == MENTION}
    query = select(Comment).where(Comment.id.in_([one.comment_id for one in said])).order_by(Comment.id)
    return [
        CommentExcerpt(
            people.author_of(comment),
            excerpt(comment.words),
            comment.language,
            comment.at,
            f"/threads/{comment.thread_id}#comment-{comment.id}",
            comment.id in called,
        )
        for comment in db.session.scalars(query)
    ]


def excerpt(words: str, most: int = EXCERPT_LENGTH) -> str:
    """One line of it, without what it quotes."""
    words = clean(words)
    own = " ".join(line for line in words.splitlines() if not is_quotation(line)).strip()
    plain = " ".join((own or words).split())
    return truncate_with_ellipsis(plain, most)


def _items(ids: list[int]) -> list[Item]:
    return list(db.session.scalars(select(Item).where(Item.id.in_(ids), Item.deleted_at.is_(None))))
