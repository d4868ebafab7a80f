"""Operations on threads: open, reply, edit, delete, resolve, reopen, assign. Callers check permissions (access.py)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import exists, select

from klimawerk.clock import now
from klimawerk.comments import mentions, translation
from klimawerk.comments.models import Comment, CommentEvent, Thread
from klimawerk.comments.topics import announce_counts, announce_threads
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.partnerships.access import Member
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.programmes.service import programme_of
from klimawerk.sheets.models import Item
from klimawerk.text import equal_once_cleaned

OPENED, REPLIED, EDITED, DELETED = "opened", "replied", "edited", "deleted"
RESOLVED, REOPENED, ASSIGNED = "resolved", "reopened", "assigned"
PROPOSED, ACCEPTED = "proposed", "accepted"


@dataclass(frozen=True)
class CommentInput:
    """A comment to be stored: plain text, its language, and the idempotency key from its form."""

    words: str
    language: str
    key: str


@dataclass(frozen=True)
class ThreadSubject:
    """Subject of a thread: a field, or a cell of the row `row_id`, with its value; "" is the whole item.

    `passage`: the part of a text, "" for all of it; `anchor`: its position (`anchors.py`).
    """

    field: str = ""
    row_id: str | None = None
    value: Any = None
    passage: str = ""
    anchor: dict[str, str] = dataclass_field(default_factory=dict)


@dataclass(frozen=True)
class TaskInput:
    """Who is to do a task (None for nobody yet), and until when."""

    assignee: int | None = None
    due: date | None = None


def open_thread(
    item: Item,
    written: CommentInput,
    *,
    kind: str,
    side: str,
    subject: ThreadSubject,
    by: Member,
    task: TaskInput | None = None,
) -> Comment:
    """Open a thread with its first comment. `side`: the only side that sees it, "" for all."""
    with writing():
        announce_counts(programme_of(item), side)
        revs = announce_threads(item, side)
        if existing := _already_sent(written.key, by):
            return existing
        thread = Thread(item_id=item.id, kind=kind, side=side, began=revs, revs=revs, **vars(subject))
        thread.opened_by = by.person.id
        db.session.add(thread)
        db.session.flush()
        comment = _add(thread, written, OPENED, by)
        if task and task != TaskInput():
            _assign(thread, task, by)
        return comment


def reply(thread: Thread, written: CommentInput, *, by: Member) -> Comment:
    """Add a comment to the thread, which may be resolved. Raises ActionRefused."""
    with change_thread(thread):
        return _already_sent(written.key, by) or _add(thread, written, REPLIED, by)


def edit(comment: Comment, words: str, *, by: Member) -> None:
    """Change the text; the earlier text stays in the thread's events. Raises ActionRefused."""
    with change_thread(comment.thread):
        db.session.refresh(comment)
        if comment.deleted_at is not None:
            raise ActionRefused(_("This comment was deleted meanwhile."))
        if not equal_once_cleaned(comment.words, words):
            record_event(comment.thread, EDITED, by, comment, words=comment.words)
            comment.words, comment.edited_at = words, now()
            translation.delete_translations(comment.id)
            mentions.store_mentions(comment.thread, comment)


def delete(comment: Comment, *, by: Member) -> None:
    """Delete the comment's text and history; a marker stays. With its last comment the thread is deleted too."""
    thread = comment.thread
    with change_thread(thread, counts=True):
        db.session.refresh(comment)
        if comment.deleted_at is not None:
            return
        comment.words, comment.foreign, comment.deleted_at = "", {}, now()
        translation.delete_translations(comment.id)
        mentions.store_mentions(thread, comment)
        for event in db.session.scalars(select(CommentEvent).where(CommentEvent.comment_id == comment.id)):
            event.detail = {}
        record_event(thread, DELETED, by, comment)
        db.session.flush()
        has_comments = select(exists().where(Comment.thread_id == thread.id, Comment.deleted_at.is_(None)))
        if not db.session.scalar(has_comments):
            thread.deleted_at = now()


def resolve(thread: Thread, outcome: str, *, by: Member) -> None:
    """Resolve the thread, with a line on the outcome. Raises ActionRefused if it was resolved otherwise meanwhile."""
    with change_thread(thread, counts=True):
        if thread.resolved_at is not None and thread.outcome != outcome:
            raise ActionRefused(_("Somebody else has resolved this meanwhile: %(outcome)s", outcome=thread.outcome))
        if thread.resolved_at is None:
            thread.resolved_at, thread.resolved_by, thread.outcome = now(), by.person.id, outcome
            record_event(thread, RESOLVED, by, outcome=outcome)


def reopen(thread: Thread, *, by: Member) -> None:
    """Reopen the thread; its outcome stays in the events."""
    with change_thread(thread, counts=True):
        if thread.resolved_at is not None:
            record_event(thread, REOPENED, by, outcome=thread.outcome)
            thread.resolved_at, thread.resolved_by, thread.outcome = None, None, ""


def assign(thread: Thread, assignee: int | None, due: date | None, *, by: Member) -> None:
    """Set assignee and due date of a task."""
    with change_thread(thread):
        if (thread.assignee, thread.due) != (assignee, due):
            _assign(thread, TaskInput(assignee, due), by)


@contextmanager
def change_thread(thread: Thread, *, counts: bool = False) -> Iterator[None]:
    """A transaction that locks the item's threads and announces the change. Raises ActionRefused if deleted."""
    with writing():
        item = thread.item
        if counts:
            announce_counts(programme_of(item), thread.side)
        revs = announce_threads(item, thread.side)
        db.session.refresh(thread)
        if thread.deleted_at is not None:
            raise ActionRefused(_("This was deleted meanwhile."))
        thread.revs = {**thread.revs, **revs}
        yield


def _already_sent(key: str, by: Member) -> Comment | None:
    """The comment with this key, if stored already. Raises ActionRefused if it is another author's."""
    comment = db.session.scalar(select(Comment).where(Comment.key == key))
    if comment is not None and comment.author != by.person.id:
        raise ActionRefused(_("This could not be sent. Load the page again and repeat the last step."))
    return comment


def _add(thread: Thread, written: CommentInput, kind: str, by: Member) -> Comment:
    comment = Comment(thread_id=thread.id, author=by.person.id, side=by.side, **vars(written))
    db.session.add(comment)
    db.session.flush()
    mentions.store_mentions(thread, comment)
    record_event(thread, kind, by, comment)
    return comment


def _assign(thread: Thread, task: TaskInput, by: Member) -> None:
    thread.assignee, thread.due = task.assignee, task.due
    due = task.due.isoformat() if task.due else None
    record_event(thread, ASSIGNED, by, assignee=task.assignee, due=due)


def record_event(thread: Thread, kind: str, by: Member, comment: Comment | None = None, **detail: Any) -> None:
    """Store an event of the thread. Inside `change_thread()`."""
    event = CommentEvent(item_id=thread.item_id, thread_id=thread.id, side=thread.side, kind=kind, detail=detail)
    event.by, event.comment_id = by.person.id, comment.id if comment else None
    db.session.add(event)
