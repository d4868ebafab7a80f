"""What a digest says, before it is words: programmes, their items, and in them changes and threads, oldest first."""

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

LONGEST, LONGEST_PASSAGE = 600, 120
"""So many characters of a comment and of a passage stand in the mail; the rest behind its link."""


@dataclass(frozen=True)
class DigestComment:
    """A comment. `words` are its paragraphs' lines; `calls`: it names the reader."""

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
    """A thread with what is new in it. `about`: which field, "" for the whole, and `passage` the words in it that are
    meant. `only`: the side that sees it, "" for all; `task`: it is the reader's now."""

    kind: str
    about: str
    passage: str
    only: str
    url: str
    task: bool
    comments: tuple[DigestComment, ...]
    outcome: str

    @property
    def calls(self) -> bool:
        return self.task or any(one.calls for one in self.comments)


@dataclass(frozen=True)
class DigestItem:
    """An item with what is new about it; `changes` is one line, "" for none."""

    code: str
    title: str
    lang: str
    url: str
    changes: str
    talks: tuple[DigestThread, ...]

    @property
    def calls(self) -> bool:
        return any(talk.calls for talk in self.talks)


@dataclass
class DigestProgramme:
    """A programme."""

    title: str
    lang: str
    url: str
    sheets: list[DigestItem] = field(default_factory=list)


def digest_programmes(
    found: MissedActivity, windows: Mapping[int, DigestWindow], language: str
) -> list[DigestProgramme]:
    """What was missed, by programme and item; items in which the reader is called stand first."""
    made = []
    for key, some in found.items():
        by_programme = groupby(sorted(some, key=lambda one: one.programme_id), lambda one: one.programme_id)
        made += [_chapter(number, list(those), windows[key], language) for number, those in by_programme]
    return [one for one in made if one.sheets]


def _chapter(number: int, some: list[Activity], window: DigestWindow, language: str) -> DigestProgramme:
    programme = db.session.get_one(Programme, number)
    items = {one.item_id: db.session.get_one(Item, one.item_id) for one in some}
    titles = titles_of([programme, *items.values()], language)
    people = Participants(programme.frame.partnership)
    chapter = DigestProgramme(*titles[programme.id], _address(page_of(programme)))
    for item in items.values():
        its = [one for one in some if one.item_id == item.id]
        if sheet := _sheet(item, its, titles[item.id], window, people, language):
            chapter.sheets.append(sheet)
    chapter.sheets.sort(key=lambda sheet: not sheet.calls)
    return chapter


def _sheet(
    item: Item, some: list[Activity], title: tuple[str, str], window: DigestWindow, people: Participants, language: str
) -> DigestItem | None:
    if item.deleted_at is not None:
        return None
    changes = _changes(item, window, language) if any(one.kind == CHANGED for one in some) else ""
    talks = _talks(some, window, people)
    return DigestItem(item.code, *title, _address(page_of(item)), changes, talks) if changes or talks else None


def _changes(item: Item, window: DigestWindow, language: str) -> str:
    member = window.member
    since = max(window.told, seen_since(member, item.id))
    return change_summary(item, since, window.until, but=member.person.id, language=language)


def _talks(some: list[Activity], window: DigestWindow, people: Participants) -> tuple[DigestThread, ...]:
    """Threads by their oldest news, those that call the reader first."""
    ids = list(dict.fromkeys(one.thread_id for one in some if one.thread_id))
    # Asked once more, though nobody may have told of others: what is mailed cannot be taken back.
    query = select(Thread).where(Thread.id.in_(ids), visible_to(window.member.side))
    threads = {thread.id: thread for thread in db.session.scalars(query)}
    made = [
        _talk(threads[number], [one for one in some if one.thread_id == number], people)
        for number in ids
        if number in threads
    ]
    told = [talk for talk in made if talk.comments or talk.outcome or talk.task]
    return tuple(sorted(told, key=lambda talk: not talk.calls))


def _talk(thread: Thread, some: list[Activity], people: Participants) -> DigestThread:
    calls = {one.comment_id for one in some if one.kind == MENTION}
    query = select(Comment).where(Comment.id.in_({one.comment_id for one in some if one.comment_id}))
    comments = db.session.scalars(query.where(Comment.deleted_at.is_(None)).order_by(Comment.at, Comment.id))
    resolved = any(one.kind == OUTCOME for one in some)
    return DigestThread(
        str(KINDS[thread.kind]),
        subject_phrase(thread, side_names(people.partnership)),
        _passage(thread),
        people.place(thread.side) if thread.side else "",
        _address(f"/threads/{thread.id}"),
        any(one.kind == TASK for one in some),
        tuple(_said(comment, people, comment.id in calls) for comment in comments if comment.thread_id == thread.id),
        thread.outcome if resolved and thread.resolved_at else "",
    )


def _passage(thread: Thread) -> str:
    words = shorten_text(thread.passage, LONGEST_PASSAGE)
    return words if words == thread.passage else f"{words} …"


def _said(comment: Comment, people: Participants, calls: bool) -> DigestComment:
    author = people.author_of(comment)
    said = clean(comment.words)
    words = shorten_text(said, LONGEST)
    cut = words != said
    url = _address(f"/threads/{comment.thread_id}#comment-{comment.id}")
    return DigestComment(
        author.name, author.place, comment.at, tuple(words.splitlines()), cut, comment.language, url, calls
    )


def _address(path: str) -> str:
    return f"{current_app.extensions['klimawerk'].public_url}{path}"


def count_mentions(found: Iterable[list[Activity]]) -> int:
    """How many doings mean the reader."""
    return sum(one.kind in MENTION_KINDS for some in found for one in some)
