"""People who are called by name in a comment: "@Akosua Mensah". Only who can see the thread can be called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from sqlalchemy import delete, select

from klimawerk.accounts import present
from klimawerk.comments.models import Comment, CommentMention, Thread
from klimawerk.comments.people import People
from klimawerk.extensions import db


def remember(thread: Thread, comment: Comment) -> None:
    """Note who is called in the comment's present words. Inside `writing()`."""
    db.session.execute(delete(CommentMention).where(CommentMention.comment_id == comment.id))
    names = People(thread.item.frame.partnership).names(thread.side)
    for person in sorted(_there(called(comment.words, names))):
        db.session.add(CommentMention(comment_id=comment.id, person_id=person))


def _there(people: set[int]) -> set[int]:
    return present.held(people) if people else people


def called(text: str, names: Mapping[int, str]) -> set[int]:
    """The numbers of those whose names stand behind an @; of two that begin alike the longer one."""
    pattern = pattern_of(names.values())
    found = {match[1] for match in pattern.finditer(text)} if pattern else set()
    return {person for person, name in names.items() if name in found}


def pattern_of(names: Iterable[str]) -> re.Pattern[str] | None:
    """What finds "@" with one of the names, which is its first group; None without names."""
    longest_first = sorted(set(names), key=lambda name: (-len(name), name))
    return re.compile(rf"(?<!\w)@({'|'.join(map(re.escape, longest_first))})(?!\w)") if longest_first else None


def mentioned(comments: Iterable[Comment]) -> dict[int, set[int]]:
    """Who is called in each of the comments, by number."""
    ids = [comment.id for comment in comments]
    found: dict[int, set[int]] = {}
    for one in db.session.scalars(select(CommentMention).where(CommentMention.comment_id.in_(ids))):
        found.setdefault(one.comment_id, set()).add(one.person_id)
    return found
