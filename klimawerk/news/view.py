"""View of news on the start page: what others did since the person last looked, by item, and pending decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from klimawerk.accounts.models import Person
from klimawerk.clock import now
from klimawerk.comments.models import Comment
from klimawerk.comments.participants import CommentAuthor, Participants
from klimawerk.database import yield_if_due
from klimawerk.extensions import db
from klimawerk.news.activity import CHANGED, MENTION, OUTCOME, Activity, memberships
from klimawerk.news.change_summary import ItemChanges, SummaryPart, item_changes
from klimawerk.news.excerpts import excerpt
from klimawerk.news.pending_decisions import pending_decisions
from klimawerk.news.pending_view import PendingDecisionView, pending_views
from klimawerk.news.seen_marks import seen_since, unseen_activities_for
from klimawerk.partnerships.access import Member
from klimawerk.sheets.fragments import page_of
from klimawerk.sheets.models import Item
from klimawerk.sheets.options import titles_of

MAX_ENTRIES = 30  # entries on the page
MAX_COMMENTS, MAX_AUTHORS = 2, 3  # of an entry
EXCERPT_LENGTH = 110  # characters of a comment


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
    """One item with news. `changes`: none if there are comments only; `authors`: the last one first.

    `words`: the comments that are shown, those with mentions first; `comments`: how many are new; `outcomes`: how many
    threads were resolved or reopened.
    """

    item: Item
    title: str
    language: str
    changes: Sequence[SummaryPart]
    words: Sequence[CommentExcerpt]
    comments: int
    outcomes: int
    authors: Sequence[CommentAuthor]
    at: datetime

    @property
    def address(self) -> str:
        return page_of(self.item)

    @property
    def is_mention(self) -> bool:
        return any(comment.is_mention for comment in self.words)


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
        news.duties += pending_views(member, decisions, titles, people, language)
    groups.sort(key=lambda group: group.order, reverse=True)
    for group in groups[:MAX_ENTRIES]:
        news.entries.append(_entry(group, news.until, language))
        yield_if_due()  # each entry takes several queries
    news.more = len(groups) - len(news.entries)
    news.measures = sum(1 for group in groups if group.changed and group.item.kind == "measure")
    news.since = min((activity.at for group in groups for activity in group.activities), default=None)
    news.duties.sort(key=lambda decision: decision.order)
    return news


def _entry(group: _ItemActivities, until: datetime, language: str) -> NewsEntry:
    member, item, activities = group.member, group.item, group.activities
    changes = ItemChanges()
    if group.changed:
        since = seen_since(member, item.id)
        changes = item_changes(item, since, until, but=member.person.id, language=language)
    in_threads = [activity for activity in activities if activity.comment_id and activity.kind != CHANGED]
    outcomes = len({activity.thread_id for activity in activities if activity.kind == OUTCOME})
    words = _excerpts(group.people, in_threads)
    return NewsEntry(
        item, *group.title, changes.parts, words[:MAX_COMMENTS], len(words), outcomes,
        _authors(group.people, changes, activities), group.at,
    )  # fmt: skip


def _authors(people: Participants, changes: ItemChanges, activities: list[Activity]) -> list[CommentAuthor]:
    """The last ones who did something, as far as they are known; members only, since others have no name."""
    for activity in activities:
        changes.note_author(activity.by, activity.at)
    latest = sorted(changes.authors, key=lambda person_id: changes.authors[person_id], reverse=True)
    members = [person_id for person_id in latest if person_id in people.members]
    return [people.author(id_, people.members[id_][1].side) for id_ in members[:MAX_AUTHORS]]


def _excerpts(people: Participants, in_threads: list[Activity]) -> list[CommentExcerpt]:
    """The comments, those with a mention first, then the newest."""
    mentions = {activity.comment_id for activity in in_threads if activity.kind == MENTION}
    ids = [activity.comment_id for activity in in_threads]
    comments = list(db.session.scalars(select(Comment).where(Comment.id.in_(ids))))
    comments.sort(key=lambda comment: (comment.id in mentions, comment.id), reverse=True)
    return [
        CommentExcerpt(
            people.author_of(comment),
            excerpt(comment.words, EXCERPT_LENGTH),
            comment.language,
            comment.at,
            f"/threads/{comment.thread_id}#comment-{comment.id}",
            comment.id in mentions,
        )
        for comment in comments
    ]


def _items(ids: list[int]) -> list[Item]:
    return list(db.session.scalars(select(Item).where(Item.id.in_(ids), Item.deleted_at.is_(None))))
