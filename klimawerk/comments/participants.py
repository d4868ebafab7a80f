"""Who speaks: members by their names, everybody else by their side alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from flask_babel import gettext as _
from sqlalchemy import select

from klimawerk.accounts.models import Person
from klimawerk.comments.models import Comment
from klimawerk.extensions import db
from klimawerk.partnerships.access import is_current
from klimawerk.partnerships.models import Membership, Partnership
from klimawerk.partnerships.rights import Right, allows
from klimawerk.sheets.code_labels import side_names


@dataclass(frozen=True)
class CommentAuthor:
    """How somebody is called, and the name of their side."""

    name: str
    side: str
    place: str


@dataclass(frozen=True)
class Participants:
    """The people of a partnership, as far as they belong to it today."""

    partnership: Partnership

    @cached_property
    def members(self) -> dict[int, tuple[str, Membership]]:
        """Name and membership by the person's number, in alphabetical order."""
        query = (
            select(Person.name, Membership)
            .join(Person, Person.id == Membership.person_id)
            .where(Membership.partnership_id == self.partnership.id, Person.ended_at.is_(None))
            .order_by(Person.name, Membership.id)
        )
        rows = db.session.execute(query).all()
        return {membership.person_id: (name, membership) for name, membership in rows if is_current(membership)}

    @cached_property
    def _places(self) -> dict[str, str]:
        return side_names(self.partnership)

    def place(self, side: str) -> str:
        """The side by its municipalities."""
        return self._places.get(side) or str(_("on neither side"))

    def author(self, person_id: int | None, side: str) -> CommentAuthor:
        """Who wrote something while on `side`; a name only while the person is a member."""
        return CommentAuthor(self.name(person_id), side, self.place(side))

    def author_of(self, comment: Comment) -> CommentAuthor:
        """Who wrote the comment; of one that came with a file, whoever that names."""
        named = str(comment.foreign.get("author", "")) if comment.author is None else ""
        return CommentAuthor(named or self.name(comment.author), comment.side, self.place(comment.side))

    def name(self, person_id: int | None) -> str:
        member = self.members.get(person_id or 0)
        return member[0] if member else str(_("Former member"))

    def names(self, seen_by: str) -> dict[int, str]:
        """The names of those who can see a thread that `seen_by` ("" for all) sees, by number."""
        return {id_: name for id_, (name, membership) in self.members.items() if seen_by in ("", membership.side)}

    def who_can_be_called(self, seen_by: str) -> list[CommentAuthor]:
        """The same people, as they stand in a list to choose from."""
        return [self.author(id_, self.members[id_][1].side) for id_ in self.names(seen_by)]

    def who_can_answer(self, seen_by: str) -> dict[int, str]:
        """Those who may comment in a thread that `seen_by` ("" for all) sees: number and name with side."""
        return {
            id_: f"{name}, {self.place(membership.side)}"
            for id_, (name, membership) in self.members.items()
            if seen_by in ("", membership.side) and allows(membership.role, Right.COMMENT)
        }
