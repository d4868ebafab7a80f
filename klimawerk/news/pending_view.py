"""View of pending decisions on the start page: what each is about, and from whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
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
from klimawerk.sheets.options import ItemOptions, options_for
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
    openings, conflicts = _opening_comments(decisions), _Conflicts(member, decisions, people, language)
    return [
        PendingDecisionView(
            decision.kind,
            decision.item.code,
            decision.address,
            decision.due,
            *titles[decision.item.id],
            **_comment(openings.get(decision.thread.id) if decision.thread else None, people),
            count=len(decision.conflicts),
            conflict=conflicts.view(decision),
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


@dataclass(frozen=True)
class _Conflicts:
    """The fields with two values of these decisions, which are of one partnership; what they need is read once."""

    member: Member
    decisions: list[PendingDecision]
    people: Participants
    language: str
    _options: dict[int, ItemOptions] = field(default_factory=dict)

    def view(self, decision: PendingDecision) -> ConflictView | None:
        """The field of a decision about one; None for several, or a field that no sheet has any more."""
        if len(decision.conflicts) != 1:
            return None
        [conflict], item = decision.conflicts, decision.item
        row = self._rows.get(conflict.row_id or "")
        sheet, (name, text_language) = sheet_of(item.kind), split_key(conflict.field)
        shown = sheet.rows[row.kind].by_name.get(name) if row and row.kind in sheet.rows else sheet.fields.get(name)
        if shown is None:
            return None
        label = code_labels.fill_side_names(shown.label, self._sides)
        if row is not None:
            label = f"{code_labels.fill_side_names(sheet.rows[row.kind].one, self._sides)}, {label}"
        current = (row.cells if row is not None else item.values).get(conflict.field)
        return ConflictView(
            label,
            self._value(shown, current, item),
            self._name(conflict.holds_by),
            self._value(shown, conflict.value, item),
            self._name(conflict.by),
            text_language,
        )

    @cached_property
    def _rows(self) -> dict[str, Row]:
        single = [decision.conflicts[0].row_id for decision in self.decisions if len(decision.conflicts) == 1]
        ids = [row_id for row_id in single if row_id]
        return {row.id: row for row in db.session.scalars(select(Row).where(Row.id.in_(ids)))} if ids else {}

    @cached_property
    def _sides(self) -> dict[str, str]:
        return code_labels.side_names(self.member.partnership)

    def _value(self, shown: Field, value: Any, item: Item) -> str:
        options = self._options.setdefault(item.frame_id, options_for(item.frame, self.language))
        return excerpt(display_value(shown, value, self.language, self._sides, options), 60) or "–"

    def _name(self, person_id: int | None) -> str:
        return str(_("You")) if person_id == self.member.person.id else self.people.name(person_id)
