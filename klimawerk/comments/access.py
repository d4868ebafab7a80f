"""Permissions for comments: who may see, write, edit, delete and settle.

Commenting needs the right to comment only: users without the right to edit comment as well, and an edit lock does not
affect comments. A thread of one side does not exist for the other sides.
"""

from __future__ import annotations

from datetime import timedelta

from flask import abort
from flask_babel import lazy_gettext
from sqlalchemy import ColumnElement, and_

from klimawerk.clock import now
from klimawerk.comments.models import Comment, Thread
from klimawerk.extensions import db
from klimawerk.partnerships.access import Member
from klimawerk.partnerships.models import SIDES
from klimawerk.partnerships.rights import Right
from klimawerk.sheets.access import Opened, allowed_item, readable_item

EDIT_SECONDS = timedelta(minutes=15)
EDIT_TIME_OVER = lazy_gettext("A comment can be changed for a quarter of an hour. Write another one instead.")


def visible_to(side: str) -> ColumnElement[bool]:
    """Condition on threads that members of `side` may see. Queries on behalf of a reader use it.

    The exception is `thread_list.newer_threads`, which needs deleted threads too.
    """
    return and_(Thread.side.in_(("", side)), Thread.deleted_at.is_(None))


def may_see(member: Member, thread: Thread) -> bool:
    return member.may(Right.READ) and thread.side in ("", member.side) and thread.deleted_at is None


def may_restrict_to_side(member: Member) -> bool:
    """Whether the member belongs to a side that can have threads of its own."""
    return member.side in SIDES


def may_comment(member: Member) -> bool:
    return member.may(Right.COMMENT)


def may_settle(member: Member, thread: Thread) -> bool:
    """Whether the member may resolve, reopen and assign: editors, the thread's author and its assignee."""
    concerned = member.person.id in (thread.opened_by, thread.assignee)
    return member.may(Right.EDIT) or (concerned and may_comment(member))


def may_edit(member: Member, comment: Comment) -> bool:
    """Whether the member may edit the comment: its author, for a quarter of an hour."""
    return _is_own(member, comment) and now() - comment.at < EDIT_SECONDS


def may_delete(member: Member, comment: Comment) -> bool:
    """Whether the member may delete the comment: its author at any time, and moderators."""
    if comment.deleted_at is not None:
        return False
    return _is_own(member, comment) or member.may(Right.MODERATE)


def _is_own(member: Member, comment: Comment) -> bool:
    return comment.author == member.person.id and comment.deleted_at is None and may_comment(member)


def commented_item(item_id: int) -> Opened:
    """The item, if the signed-in user may comment on it. Aborts with 404 or 403. Edit locks do not matter."""
    return allowed_item(item_id, Right.COMMENT)


def readable_thread(thread_id: int) -> tuple[Opened, Thread]:
    """The thread with its item, if the user may see it. Aborts with 404 otherwise."""
    thread = db.session.get(Thread, thread_id) or abort(404)
    opened = readable_item(thread.item_id)
    if not may_see(opened.member, thread):
        abort(404)
    return opened, thread


def answerable_thread(thread_id: int) -> tuple[Opened, Thread]:
    """The thread with its item, if the user may comment in it. Aborts with 404 or 403."""
    opened, thread = readable_thread(thread_id)
    if not may_comment(opened.member):
        abort(403)
    return opened, thread


def settleable_thread(thread_id: int) -> tuple[Opened, Thread]:
    opened, thread = readable_thread(thread_id)
    if not may_settle(opened.member, thread):
        abort(403)
    return opened, thread


def readable_comment(comment_id: int) -> tuple[Opened, Comment]:
    """The comment with its item, if the user may see its thread. Aborts with 404 otherwise."""
    comment = db.session.get(Comment, comment_id) or abort(404)
    return readable_thread(comment.thread_id)[0], comment
