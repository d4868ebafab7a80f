"""What stands in an item, read on demand and once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import select

from klimawerk.accounts.models import Person
from klimawerk.accounts.person_names import display_name, names_of
from klimawerk.collab import document_store
from klimawerk.collab.models import LiveText
from klimawerk.extensions import db
from klimawerk.partnerships.models import Membership
from klimawerk.sheets import code_labels
from klimawerk.sheets.access import Opened
from klimawerk.sheets.models import Conflict, Frame, Item, Row
from klimawerk.sheets.plausibility import DateRange, PlausibilityHint, date_hints
from klimawerk.sheets.programme_topic import programme_head
from klimawerk.sheets.rows import rows_of
from klimawerk.sheets.service import conflicts_of
from klimawerk.sheets.sheet_schema import Field, Group, RowKind, Sheet, sheet_of

HintsByPlace = dict[tuple[str | None, str], str]
"""What is said about a field or cell: by the row's id (None for a field) and the key."""


def anchor_of(kind: str, item_id: int, part: str) -> str:
    """Where a field or kind of row stands on the page of that item."""
    sheet = sheet_of(kind)
    if part in sheet.rows:
        return f"rows-{item_id}-{part}"
    return f"part-{item_id}-{part}" if sheet.fields[part].kind == "live" else f"f-{item_id}-{part}"


@dataclass(frozen=True)
class ItemContents:
    """An item's texts, rows and conflicts, and which parts of its sheet are filled."""

    opened: Opened

    @property
    def item(self) -> Item:
        return self.opened.item

    @property
    def frame(self) -> Frame:
        return self.item.frame

    @property
    def editable(self) -> bool:
        return self.opened.editable

    @cached_property
    def sheet(self) -> Sheet:
        return sheet_of(self.item.kind)

    @cached_property
    def sides(self) -> dict[str, str]:
        return code_labels.side_names(self.frame.partnership)

    @cached_property
    def texts(self) -> dict[str, LiveText]:
        return document_store.texts([self.item.name]).get(self.item.name, {})

    @cached_property
    def rows(self) -> dict[str, list[Row]]:
        return rows_of(self.item)

    @cached_property
    def date_hints(self) -> list[PlausibilityHint]:
        """Dates that do not fit each other, its own period or the programme's."""
        head = self.item if self.item.kind == "programme" else programme_head(self.item)
        cells = {kind: [row.cells for row in rows] for kind, rows in self.rows.items()}
        return date_hints(self.sheet, self.item.values, cells, DateRange.of(head.values))

    @cached_property
    def hints_by_place(self) -> HintsByPlace:
        found: HintsByPlace = {}
        for hint in self.date_hints:
            place = (None if hint.row is None else self.rows[hint.part][hint.row].id, hint.key)
            found[place] = f"{found.get(place, '')} {hint.sentence}".strip()
        return found

    @cached_property
    def conflicts(self) -> dict[tuple[str | None, str], Conflict]:
        return conflicts_of(self.item)

    @cached_property
    def names(self) -> dict[int, str]:
        """Names of those who meet in a conflict; of who was erased, the side."""
        ids = {one for c in self.conflicts.values() for one in (c.by, c.holds_by) if one}
        members = select(Membership.person_id, Membership.side).join(Person, Person.id == Membership.person_id)
        erased = members.where(Membership.person_id.in_(ids), Person.erased_at.is_not(None))
        places = db.session.execute(erased.where(Membership.partnership_id == self.frame.partnership_id)).all()
        return names_of(ids) | {id_: f"{display_name('')}, {self.sides.get(side, side)}" for id_, side in places}

    def plain(self, name: str, lang: str) -> str:
        """The plain words of a live text in `lang`; "" for none."""
        found = self.texts.get(f"{name}.{lang}")
        return found.plain if found else ""

    def rows_in(self, kind: RowKind) -> list[Row]:
        return self.rows.get(kind.name, [])

    def filled(self, part: Field | RowKind) -> bool:
        """Whether anything stands there in any language."""
        if isinstance(part, RowKind):
            return bool(self.rows_in(part))
        if part.kind == "live":
            return any(self.plain(part.name, code) for code in self.frame.languages)
        return any(self.item.values.get(key) for key in part.keys(self.frame.languages))

    def drawn(self, group: Group) -> list[Field | RowKind]:
        """What stands in a group below the title: what is filled, and what is to be filled first; in a document all
        of it for editors."""
        return [part for part in group.parts if part.name != "title" and part.name not in self.waiting_parts]

    @cached_property
    def waiting_parts(self) -> list[str]:
        """Names of the fields and rows that wait until somebody wants them."""
        document, editable = self.sheet.document, self.editable
        unasked = [part for part in self.sheet.parts if not (editable if document else part.first)]
        return [part.name for part in unasked if not self.filled(part)]

    def anchor(self, part: str, row: int | None = None) -> str:
        """Where a field, a kind of row or one of its rows stands on the page."""
        if row is not None:
            return f"row-{self.rows[part][row].id}"
        return anchor_of(self.item.kind, self.item.id, part)
