"""Content of a digest, before rendering: programmes, their items, and changes and threads in them, oldest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from flask import current_app
from sqlalchemy import select

from klimawerk.comments.access import visible_to
from klimawerk.comments.models import Comment, Thread
from klimawerk.comments.participants import Participants
from klimawerk.comments.subjects import subject_phrase
from klimawerk.comments.thread_kinds import KINDS
from klimawerk.digests.missed_activity import MENTION_KINDS, DigestWindow, MissedActivity
from klimawerk.extensions import db
from klimawerk.news.activity import CHANGED, MENTION, OUTCOME, TASK, Activity
from klimawerk.news.change_summary import change_summary
from klimawerk.news.seen_marks import seen_since
from klimawerk.programmes.models import Programme
from klimawerk.sheets.code_labels import side_names
from klimawerk.sheets.fragments import page_of
from klimawerk.sheets.models import Item
from klimawerk.sheets.options import titles_of
from klimawerk.text import clean
from klimawerk.web.linkify import shorten_text

LONGEST, LONGEST_PASSAGE = 600, 120  # characters of a comment and of a passage; the rest is behind the link


@dataclass(frozen=True)
class DigestComment:
    """A comment. `lines`: its text; `calls`: whether it mentions the reader."""

    name: str
    place: str
    at: datetime
    lines: tuple[str, ...]
    shortened: bool
    language: str
    url: str
    calls: bool


@dataclass(frozen=True)
class DigestThread:
    """A thread with its news."""

    kind: str
    about: str  # its field, "" for the whole item
    passage: str  # the part of the text that it is about
    only: str  # the side that sees it, "" for all
    url: str
    task: bool  # assigned to the reader
    comments: tuple[DigestComment, ...]
    outcome: str

    @property
    def calls(self) -> bool:
        return self.task or any(comment.calls for comment in self.comments)


@dataclass(frozen=True)
class DigestItem:
    """An item with news; `changes` is one line, "" for none."""

    code: str
    title: str
    lang: str
    url: str
    changes: str
    talks: tuple[DigestThread, ...]

    @property
    def calls(self) -> bool:
        return any(thread.calls for thread in self.talks)


@dataclass
class DigestProgramme:
    """A programme with the items that have news."""

    title: str
    lang: str
    url: str
    sheets: list[DigestItem] = field(default_factory=list)


def digest_programmes(
    missed: MissedActivity, windows: Mapping[int, DigestWindow], language: str
) -> list[DigestProgramme]:
    """What was missed, by programme and item; items with a mention of or a task for the reader come first."""
    programmes = []
    for key, activities in missed.items():
        by_programme = groupby(
            sorted(activities, key=lambda activity: activity.programme_id), lambda activity: activity.programme_id
        )
        programmes += [_digest_programme(number, list(group), windows[key], language) for number, group in by_programme]
    return [programme for programme in programmes if programme.sheets]


def _digest_programme(number: int, activities: list[Activity], window: DigestWindow, language: str) -> DigestProgramme:
    programme = db.session.get_one(Programme, number)
    items = {activity.item_id: db.session.get_one(Item, activity.item_id) for activity in activities}
    titles = titles_of([programme, *items.values()], language)
    people = Participants(programme.frame.partnership)
    chapter = DigestProgramme(*titles[programme.id], _address(page_of(programme)))
    for item in items.values():
        of_item = [activity for activity in activities if activity.item_id == item.id]
        if sheet := _digest_item(item, of_item, titles[item.id], window, people, language):
            chapter.sheets.append(sheet)
    chapter.sheets.sort(key=lambda sheet: not sheet.calls)
    return chapter


def _digest_item(
    item: Item,
    activities: list[Activity],
    title: tuple[str, str],
    window: DigestWindow,
    people: Participants,
    language: str,
) -> DigestItem | None:
    if item.deleted_at is not None:
        return None
    changes = _changes(item, window, language) if any(activity.kind == CHANGED for activity in activities) else ""
    threads = _threads(activities, window, people)
    return DigestItem(item.code, *title, _address(page_of(item)), changes, threads) if changes or threads else None


def _changes(item: Item, window: DigestWindow, language: str) -> str:
    member = window.member
    since = max(window.informed_until, seen_since(member, item.id))
    return change_summary(item, since, window.until, but=member.person.id, language=language)


def _threads(activities: list[Activity], window: DigestWindow, people: Participants) -> tuple[DigestThread, ...]:
    """Threads by their oldest news, those with a mention of or a task for the reader first."""
    ids = list(dict.fromkeys(activity.thread_id for activity in activities if activity.thread_id))
    # The permission is checked again, since a mail cannot be taken back.
    query = select(Thread).where(Thread.id.in_(ids), visible_to(window.member.side))
    threads = {thread.id: thread for thread in db.session.scalars(query)}
    digest_threads = [
        _digest_thread(threads[number], [activity for activity in activities if activity.thread_id == number], people)
        for number in ids
        if number in threads
    ]
    with_news = [thread for thread in digest_threads if thread.comments or thread.outcome or thread.task]
    return tuple(sorted(with_news, key=lambda thread: not thread.calls))


def _digest_thread(thread: Thread, activities: list[Activity], people: Participants) -> DigestThread:
    mention_ids = {activity.comment_id for activity in activities if activity.kind == MENTION}
    query = select(Comment).where(
        Comment.id.in_({activity.comment_id for activity in activities if activity.comment_id})
    )
    comments = db.session.scalars(query.where(Comment.deleted_at.is_(None)).order_by(Comment.at, Comment.id))
    resolved = any(activity.kind == OUTCOME for activity in activities)
    return DigestThread(
        str(KINDS[thread.kind]),
        subject_phrase(thread, side_names(people.partnership)),
        _passage(thread),
        people.place(thread.side) if thread.side else "",
        _address(f"/threads/{thread.id}"),
        any(activity.kind == TASK for activity in activities),
        tuple(
            _digest_comment(comment, people, comment.id in mention_ids)
            for comment in comments
            if comment.thread_id == thread.id
        ),
        thread.outcome if resolved and thread.resolved_at else "",
    )


def _passage(thread: Thread) -> str:
    shortened = shorten_text(thread.passage, LONGEST_PASSAGE)
    return shortened if shortened == thread.passage else f"{shortened} …"


def _digest_comment(comment: Comment, people: Participants, is_mention: bool) -> DigestComment:
    author = people.author_of(comment)
    text = clean(comment.words)
    shortened = shorten_text(text, LONGEST)
    is_cut = shortened != text
    url = _address(f"/threads/{comment.thread_id}#comment-{comment.id}")
    return DigestComment(
        author.name, author.place, comment.at, tuple(shortened.splitlines()), is_cut, comment.language, url, is_mention
    )


def _address(path: str) -> str:
    return f"{current_app.extensions['klimawerk'].public_url}{path}"


def count_mentions(activity_lists: Iterable[list[Activity]]) -> int:
    """Number of activities that are mentions or tasks."""
    return sum(activity.kind in MENTION_KINDS for activities in activity_lists for activity in activities)
