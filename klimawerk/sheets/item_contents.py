"""Contents of one item: texts, rows, conflicts and hints, each loaded on first access and cached."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import select

from klimawerk.accounts.models import Person
from klimawerk.accounts.person_names import display_name, names_of
from klimawerk.collab.models import LiveText
from klimawerk.collab.storage import document_store
from klimawerk.extensions import db
from klimawerk.partnerships.models import Membership
from klimawerk.sheets import code_labels
from klimawerk.sheets.access import Opened
from klimawerk.sheets.item_kinds import sheet_of
from klimawerk.sheets.models import Conflict, Frame, Item, Row
from klimawerk.sheets.plausibility import DateRange, PlausibilityHint, date_hints
from klimawerk.sheets.programme_topic import programme_head
from klimawerk.sheets.rows import rows_of
from klimawerk.sheets.service import conflicts_of
from klimawerk.sheets.sheet_schema import Field, Group, RowKind, Sheet

HintsByPlace = dict[tuple[str | None, str], str]
"""{(row id or None, key): the plausibility hints about that field or cell}"""


def anchor_of(kind: str, item_id: int, part: str) -> str:
    """The HTML id of a field or kind of row on the item's page."""
    sheet = sheet_of(kind)
    if part in sheet.rows:
        return f"rows-{item_id}-{part}"
    return f"part-{item_id}-{part}" if sheet.fields[part].kind == "live" else f"f-{item_id}-{part}"


@dataclass(frozen=True)
class ItemContents:
    """Texts, rows and conflicts of an item, and which parts of its sheet are filled."""

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
        """Hints about dates that contradict each other, the item's period or the programme's period."""
        head = self.item if self.item.kind == "programme" else programme_head(self.item)
        cells = {kind: [row.cells for row in rows] for kind, rows in self.rows.items()}
        return date_hints(self.sheet, self.item.values, cells, DateRange.of(head.values))

    @cached_property
    def hints_by_place(self) -> HintsByPlace:
        hints: HintsByPlace = {}
        for hint in self.date_hints:
            location = (None if hint.row is None else self.rows[hint.part][hint.row].id, hint.key)
            hints[location] = f"{hints.get(location, '')} {hint.sentence}".strip()
        return hints

    @cached_property
    def conflicts(self) -> dict[tuple[str | None, str], Conflict]:
        return conflicts_of(self.item)

    @cached_property
    def names(self) -> dict[int, str]:
        """{id: name} of the authors of conflicting values; erased users are shown with their side."""
        ids = {id_ for c in self.conflicts.values() for id_ in (c.by, c.holds_by) if id_}
        members = select(Membership.person_id, Membership.side).join(Person, Person.id == Membership.person_id)
        erased = members.where(Membership.person_id.in_(ids), Person.erased_at.is_not(None))
        sides = db.session.execute(erased.where(Membership.partnership_id == self.frame.partnership_id)).all()
        return names_of(ids) | {id_: f"{display_name('')}, {self.sides.get(side, side)}" for id_, side in sides}

    def plain(self, name: str, lang: str) -> str:
        """The plain text of a live text in `lang`; "" for none."""
        text = self.texts.get(f"{name}.{lang}")
        return text.plain if text else ""

    def rows_in(self, kind: RowKind) -> list[Row]:
        return self.rows.get(kind.name, [])

    def filled(self, part: Field | RowKind) -> bool:
        """Whether the field has a value in any language, or the kind of row has rows."""
        if isinstance(part, RowKind):
            return bool(self.rows_in(part))
        if part.kind == "live":
            return any(self.plain(part.name, code) for code in self.frame.languages)
        return any(self.item.values.get(key) for key in part.keys(self.frame.languages))

    def drawn(self, group: Group) -> list[Field | RowKind]:
        """The parts of a group that are shown, without the title: all but the hidden ones."""
        return [part for part in group.parts if part.name != "title" and part.name not in self.hidden_parts]

    @cached_property
    def hidden_parts(self) -> list[str]:
        """Names of the empty fields and kinds of rows that are hidden until a user asks for them: all but those to be
        filled first (`first`); in a document all for readers, none for editors."""
        document, editable = self.sheet.document, self.editable
        optional = [part for part in self.sheet.parts if not (editable if document else part.first)]
        return [part.name for part in optional if not self.filled(part)]

    def anchor(self, part: str, row: int | None = None) -> str:
        """The HTML id of a field, a kind of row, or one of its rows (`row`: its index)."""
        if row is not None:
            return f"row-{self.rows[part][row].id}"
        return anchor_of(self.item.kind, self.item.id, part)
