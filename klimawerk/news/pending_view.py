"""View of pending decisions on the start page: what each is about, and from whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from klimawerk.comments.models import Comment
from klimawerk.comments.participants import CommentAuthor, Participants
from klimawerk.extensions import db
from klimawerk.news.excerpts import excerpt
from klimawerk.news.pending_decisions import PendingDecision
from klimawerk.partnerships.access import Member
from klimawerk.sheets import code_labels
from klimawerk.sheets.item_kinds import sheet_of
from klimawerk.sheets.models import Item, Row
from klimawerk.sheets.options import options_for
from klimawerk.sheets.sheet_schema import Field, split_key
from klimawerk.sheets.value_display import display_value

Titles = Mapping[int, tuple[str, str]]
"""{item id: (title, its language)}"""


@dataclass(frozen=True)
class ConflictView:
    """The field with two values, and each value with its author's name; `language`: of values that are texts."""

    label: str
    holds: str
    holds_by: str
    other: str
    other_by: str
    language: str


@dataclass(frozen=True)
class PendingDecisionView:
    """A pending decision. `title`, `language`: of its item.

    `words`: the comment that opened the thread of a task or proposal ("" for none), in the language `words_language`,
    by `author`. `count`: number of fields with two values; `conflict`: the field, if it is one.
    """

    kind: str
    code: str
    address: str
    due: date | None
    title: str
    language: str
    words: str = ""
    words_language: str = ""
    author: CommentAuthor | None = None
    count: int = 0
    conflict: ConflictView | None = None

    @property
    def order(self) -> tuple[date, str]:
        return self.due or date.max, self.code


def pending_views(
    member: Member, decisions: list[PendingDecision], titles: Titles, people: Participants, language: str
) -> list[PendingDecisionView]:
    """The views, in the order of the decisions. `language`: the reader's."""
    openings = _opening_comments(decisions)
    return [
        PendingDecisionView(
            decision.kind,
            decision.item.code,
            decision.address,
            decision.due,
            *titles[decision.item.id],
            **_comment(openings.get(decision.thread.id) if decision.thread else None, people),
            count=len(decision.conflicts),
            conflict=_conflict(member, decision, people, language) if len(decision.conflicts) == 1 else None,
        )
        for decision in decisions
    ]


def _opening_comments(decisions: list[PendingDecision]) -> dict[int, Comment]:
    """{thread id: its first comment that was not deleted}"""
    threads = [decision.thread.id for decision in decisions if decision.thread]
    query = select(Comment).where(Comment.thread_id.in_(threads), Comment.deleted_at.is_(None))
    return {comment.thread_id: comment for comment in db.session.scalars(query.order_by(Comment.id.desc()))}


def _comment(comment: Comment | None, people: Participants) -> dict[str, Any]:
    if comment is None:
        return {}
    author = people.author_of(comment)
    return {"words": excerpt(comment.words, 80), "words_language": comment.language, "author": author}


def _conflict(member: Member, decision: PendingDecision, people: Participants, language: str) -> ConflictView | None:
    [conflict], item = decision.conflicts, decision.item
    row = db.session.get(Row, conflict.row_id) if conflict.row_id else None
    sheet, (name, text_language) = sheet_of(item.kind), split_key(conflict.field)
    field = sheet.rows[row.kind].by_name.get(name) if row and row.kind in sheet.rows else sheet.fields.get(name)
    if field is None:
        return None
    sides = code_labels.side_names(item.frame.partnership)
    label = code_labels.fill_side_names(field.label, sides)
    if row is not None:
        label = f"{code_labels.fill_side_names(sheet.rows[row.kind].one, sides)}, {label}"
    current = (row.cells if row is not None else item.values).get(conflict.field)
    return ConflictView(
        label,
        _value(field, current, item, language),
        _name(conflict.holds_by, member, people),
        _value(field, conflict.value, item, language),
        _name(conflict.by, member, people),
        text_language,
    )


def _value(field: Field, value: Any, item: Item, language: str) -> str:
    sides = code_labels.side_names(item.frame.partnership)
    return excerpt(display_value(field, value, language, sides, options_for(item.frame, language)), 60) or "–"


def _name(person_id: int | None, member: Member, people: Participants) -> str:
    return str(_("You")) if person_id == member.person.id else people.name(person_id)
