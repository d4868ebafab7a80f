"""Summary of what others changed in an item: "Description (EN), Priority: medium → high, Costs (2)", and who did it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import and_, or_, select

from klimawerk.collab.storage import document_store
from klimawerk.extensions import db
from klimawerk.sheets import code_labels, value_display
from klimawerk.sheets.item_kinds import sheet_of
from klimawerk.sheets.models import FieldChange, Item, Row
from klimawerk.sheets.sheet_schema import Field, RowKind, split_key
from klimawerk.text import visually_equal
from klimawerk.versions.reference_names import ReferenceNames

MOST, LONGEST = 4, 40  # parts of a line; characters of a value that is shown
NAMED_TEXTS = 2  # more are counted
_NO_PERSON = ReferenceNames((), (), {})
_REFERENCE_KINDS = ("field", "measures")  # kinds whose values are ids


@dataclass(frozen=True)
class SummaryPart:
    """One part of a summary. `old`, `new`: the value before and after, "–" for none; both "" if they are not shown."""

    label: str
    old: str = ""
    new: str = ""

    def __str__(self) -> str:
        return f"{self.label}: {self.old} → {self.new}" if self.old else self.label


@dataclass
class ItemChanges:
    """`parts`: at most `MOST` and the number of the others, never none. `authors`: {person id: time of their last
    change}."""

    parts: list[SummaryPart] = field(default_factory=list)
    authors: dict[int, datetime] = field(default_factory=dict)

    def note_author(self, person_id: int | None, at: datetime | None) -> None:
        if person_id is not None and at is not None:
            self.authors[person_id] = max(at, self.authors.get(person_id, at))


@dataclass(frozen=True)
class _ChangeWindow:
    """Changes of an item in (since, until] by others than the person `but`."""

    item: Item
    since: datetime
    until: datetime
    but: int

    def includes(self, by: int | None, at: datetime | None) -> bool:
        return at is not None and self.since < at <= self.until and by not in (None, self.but)


def change_summary(item: Item, since: datetime, until: datetime, *, but: int, language: str) -> str:
    """The summary as one line in the current locale; never "". See `item_changes`."""
    return ", ".join(map(str, item_changes(item, since, until, but=but, language=language).parts))


def item_changes(item: Item, since: datetime, until: datetime, *, but: int, language: str) -> ItemChanges:
    """What others than the person `but` changed, in the current locale. `language` is the reader's."""
    window, changes = _ChangeWindow(item, since, until, but), ItemChanges()
    parts = [*_texts(window, changes), *_fields_and_rows(window, changes, language)]
    remaining = len(parts) - MOST
    if remaining > 0:
        parts = [*parts[:MOST], SummaryPart(str(_("and %(number)s more", number=remaining)))]
    changes.parts = parts or [SummaryPart(str(_("Texts")))]
    return changes


def _texts(window: _ChangeWindow, changes: ItemChanges) -> Iterator[SummaryPart]:
    """The texts in which others wrote, or their number. Deletions leave no attribution, so they do not count."""
    first, last = window.since.timestamp(), window.until.timestamp()
    fragments = []
    for fragment, spans in document_store.stored_attribution(window.item.name).items():
        written = [span for span in spans if span.by not in (None, window.but) and first < span.at <= last]
        fragments += [fragment] * bool(written)
        for span in written:
            changes.note_author(span.by, datetime.fromtimestamp(span.at, UTC))
    labels = [_text_label(window.item, fragment) for fragment in fragments]
    if len(labels) <= NAMED_TEXTS and all(labels):
        yield from map(SummaryPart, labels)
    else:
        yield SummaryPart(str(ngettext("%(num)s text", "%(num)s texts", len(labels))))


def _text_label(item: Item, fragment: str) -> str:
    """What a text is called: "Description (EN)" for "description.en"; "" for one that the sheet no longer has."""
    name, lang = split_key(fragment)
    known = sheet_of(item.kind).fields.get(name)
    if known is None:
        return ""
    label = code_labels.fill_side_names(known.label, code_labels.side_names(item.frame.partnership))
    return f"{label} ({lang.upper()})" if lang else label


def _fields_and_rows(window: _ChangeWindow, changes: ItemChanges, language: str) -> Iterator[SummaryPart]:
    query = select(FieldChange).where(
        FieldChange.item_id == window.item.id,
        FieldChange.at > window.since,
        FieldChange.at <= window.until,
        FieldChange.by != window.but,
    )
    in_fields: dict[str, tuple[Any, Any]] = {}
    in_rows: dict[str, dict[str, tuple[Any, Any]]] = {}
    for change in db.session.scalars(query.order_by(FieldChange.id)):
        changes.note_author(change.by, change.at)
        values = in_rows.setdefault(change.row_id, {}) if change.row_id else in_fields
        values[change.field] = (values.get(change.field, (change.old, None))[0], change.new)
    sheet, sides = sheet_of(window.item.kind), code_labels.side_names(window.item.frame.partnership)
    for key, (old, new) in in_fields.items():
        field_of_key = sheet.fields.get(split_key(key)[0])
        if field_of_key is not None and not visually_equal(old, new):
            yield _value_change("", field_of_key, old, new, language, sides)
    rows = _changed_rows(window, changes, list(in_rows))
    for kind in sheet.rows.values():
        of_kind = [row for row in rows if row.kind == kind.name]
        if of_kind:
            yield _row_change(window, kind, of_kind, in_rows, language, sides)


def _changed_rows(window: _ChangeWindow, changes: ItemChanges, changed: list[str]) -> list[Row]:
    """The rows that were changed (their ids), added or deleted."""
    query = select(Row).where(
        Row.item_id == window.item.id,
        or_(
            Row.id.in_(changed),
            and_(Row.created_at > window.since, Row.created_at <= window.until, Row.created_by != window.but),
            and_(Row.deleted_at > window.since, Row.deleted_at <= window.until, Row.deleted_by != window.but),
        ),
    )
    rows = list(db.session.scalars(query))
    for row in rows:
        for by, at in ((row.created_by, row.created_at), (row.deleted_by, row.deleted_at)):
            if window.includes(by, at):
                changes.note_author(by, at)
    return rows


def _row_change(
    window: _ChangeWindow,
    kind: RowKind,
    rows: list[Row],
    in_rows: dict[str, dict[str, tuple[Any, Any]]],
    language: str,
    sides: dict[str, str],
) -> SummaryPart:
    """The change of one cell of one row with its values, else the number of changed rows."""
    row = rows[0]
    is_new = any(
        window.includes(by, at) for by, at in ((row.created_by, row.created_at), (row.deleted_by, row.deleted_at))
    )
    cells = in_rows.get(row.id, {})
    if len(rows) == 1 and len(cells) == 1 and not is_new:
        key, (old, new) = next(iter(cells.items()))
        cell = kind.by_name.get(split_key(key)[0])
        if cell is not None and not visually_equal(old, new):
            prefix = f"{code_labels.fill_side_names(kind.one, sides)}, "
            return _value_change(prefix, cell, old, new, language, sides)
    return SummaryPart(f"{code_labels.fill_side_names(kind.label, sides)} ({len(rows)})")


def _value_change(prefix: str, field_: Field, old: Any, new: Any, language: str, sides: dict[str, str]) -> SummaryPart:
    label = prefix + code_labels.fill_side_names(field_.label, sides)
    if field_.kind in _REFERENCE_KINDS:
        return SummaryPart(label)
    values = [value_display.display_value(field_, value, language, sides, _NO_PERSON) or "–" for value in (old, new)]
    return SummaryPart(label) if any(len(value) > LONGEST for value in values) else SummaryPart(label, *values)
