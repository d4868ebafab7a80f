"""Participants of threads: members by name, all others by their side only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from flask_babel import gettext as _
from sqlalchemy import select

from klimawerk.accounts.models import Person
from klimawerk.comments.models import Comment
from klimawerk.extensions import db
from klimawerk.partnerships.access import is_current
from klimawerk.partnerships.models import SIDES, Membership, Partnership
from klimawerk.partnerships.partnership_labels import role_name, short_name
from klimawerk.partnerships.rights import Right, allows
from klimawerk.sheets.code_labels import side_names


@dataclass(frozen=True)
class CommentAuthor:
    """Display name of an author, their side, and the short name of that side, or a role on neither side."""

    name: str
    side: str
    place: str


@dataclass(frozen=True)
class Participants:
    """The people of a partnership who are members of it today."""

    partnership: Partnership

    @cached_property
    def members(self) -> dict[int, tuple[str, Membership]]:
        """Name and membership by the person's id, in alphabetical order."""
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
        """Display name of the side: its municipalities."""
        return self._places.get(side) or str(_("on neither side"))

    def author(self, person_id: int | None, side: str) -> CommentAuthor:
        """The author of something written while on `side`; with a name only while the person is a member."""
        return CommentAuthor(self.name(person_id), side, self._place_of(person_id, side))

    def author_of(self, comment: Comment) -> CommentAuthor:
        """The author of the comment; of an imported one, the name in the file."""
        imported_name = str(comment.foreign.get("author", "")) if comment.author is None else ""
        name = imported_name or self.name(comment.author)
        return CommentAuthor(name, comment.side, self._place_of(comment.author, comment.side))

    def _place_of(self, person_id: int | None, side: str) -> str:
        """The short name of the person's side; of a member on neither side, the role."""
        member = self.members.get(person_id or 0)
        if side in SIDES or member is None:
            return ", ".join(short_name(town) for town in self.place(side).split(", "))
        return role_name(member[1].role)

    def name(self, person_id: int | None) -> str:
        member = self.members.get(person_id or 0)
        return member[0] if member else str(_("Former member"))

    def names(self, seen_by: str) -> dict[int, str]:
        """Names, by id, of the people who can see a thread for `seen_by` ("" for all sides)."""
        return {id_: name for id_, (name, membership) in self.members.items() if seen_by in ("", membership.side)}

    def who_can_be_called(self, seen_by: str) -> list[CommentAuthor]:
        """The people who can be mentioned in such a thread, as entries of a list."""
        return [self.author(id_, self.members[id_][1].side) for id_ in self.names(seen_by)]

    def who_can_answer(self, seen_by: str) -> dict[int, str]:
        """People who may comment in a thread for `seen_by` ("" for all): id, and name with side."""
        return {
            id_: f"{name}, {self.place(membership.side)}"
            for id_, (name, membership) in self.members.items()
            if seen_by in ("", membership.side) and allows(membership.role, Right.COMMENT)
        }
