"""View of the start page: pending decisions, and what others did since the person last looked, by item."""

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

MAX_ENTRIES = 30  # entries on the page
EXCERPT_LENGTH = 160  # characters of a comment


@dataclass(frozen=True)
class CommentExcerpt:
    """A shortened comment, with its author and a link."""

    author: CommentAuthor
    words: str
    language: str
    at: datetime
    address: str
    is_mention: bool


@dataclass(frozen=True)
class NewsEntry:
    """One item with news. `line`: summary of its changes, "" if there are comments only."""

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
        return any(comment.is_mention for comment in self.words)


@dataclass(frozen=True)
class PendingDecisionView:
    """A pending decision, with the title of its item and the language of that title."""

    waiting: PendingDecision
    title: str
    language: str


@dataclass
class News:
    """`until`: the moment of the news; marking them as seen does not cover later activity.

    `more`: number of items beyond those in `entries`; `measures`: number of changed measures in all; `since`: time of
    the oldest activity.
    """

    until: datetime
    entries: list[NewsEntry] = field(default_factory=list)
    duties: list[PendingDecisionView] = field(default_factory=list)
    more: int = 0
    measures: int = 0
    since: datetime | None = None


@dataclass(frozen=True)
class _ItemActivities:
    """The activities at one item."""

    member: Member
    people: Participants
    item: Item
    title: tuple[str, str]
    activities: list[Activity]

    @property
    def at(self) -> datetime:
        return max(activity.at for activity in self.activities)

    @property
    def order(self) -> tuple[bool, datetime]:
        return any(activity.kind == MENTION for activity in self.activities), self.at

    @property
    def changed(self) -> bool:
        return any(activity.kind == CHANGED for activity in self.activities)


def news_for(person: Person, language: str) -> News:
    """News for the person: items with mentions first, then the newest."""
    news, groups = News(now()), list[_ItemActivities]()
    for member in memberships(person):
        by_item: dict[int, list[Activity]] = {}
        for activity in unseen_activities_for(member, news.until):
            by_item.setdefault(activity.item_id, []).append(activity)
        decisions = pending_decisions(member)
        items = {item.id: item for item in [*_items(list(by_item)), *(decision.item for decision in decisions)]}
        titles, people = titles_of(items.values(), language), Participants(member.partnership)
        groups += [
            _ItemActivities(member, people, items[id_], titles[id_], activities) for id_, activities in by_item.items()
        ]
        news.duties += [PendingDecisionView(decision, *titles[decision.item.id]) for decision in decisions]
    groups.sort(key=lambda group: group.order, reverse=True)
    for group in groups[:MAX_ENTRIES]:
        news.entries.append(_entry(group, news.until, language))
        yield_if_due()  # each entry takes several queries
    news.more = len(groups) - len(news.entries)
    news.measures = sum(1 for group in groups if group.changed and group.item.kind == "measure")
    news.since = min((activity.at for group in groups for activity in group.activities), default=None)
    news.duties.sort(key=lambda decision: decision.waiting.order)
    return news


def _entry(group: _ItemActivities, until: datetime, language: str) -> NewsEntry:
    member, item, activities = group.member, group.item, group.activities
    since = seen_since(member, item.id)
    line = change_summary(item, since, until, but=member.person.id, language=language) if group.changed else ""
    in_threads = [activity for activity in activities if activity.comment_id and activity.kind != CHANGED]
    outcomes = len({activity.thread_id for activity in activities if activity.kind == OUTCOME})
    return NewsEntry(item, *group.title, line, _excerpts(group.people, in_threads), outcomes, group.at)


def _excerpts(people: Participants, in_threads: list[Activity]) -> list[CommentExcerpt]:
    mentions = {activity.comment_id for activity in in_threads if activity.kind == MENTION}
    query = select(Comment).where(Comment.id.in_([activity.comment_id for activity in in_threads])).order_by(Comment.id)
    return [
        CommentExcerpt(
            people.author_of(comment),
            excerpt(comment.words),
            comment.language,
            comment.at,
            f"/threads/{comment.thread_id}#comment-{comment.id}",
            comment.id in mentions,
        )
        for comment in db.session.scalars(query)
    ]


def excerpt(words: str, most: int = EXCERPT_LENGTH) -> str:
    """The text on one line, shortened, without its quotations."""
    words = clean(words)
    without_quotes = " ".join(line for line in words.splitlines() if not is_quotation(line)).strip()
    plain = " ".join((without_quotes or words).split())
    return truncate_with_ellipsis(plain, most)


def _items(ids: list[int]) -> list[Item]:
    return list(db.session.scalars(select(Item).where(Item.id.in_(ids), Item.deleted_at.is_(None))))
