"""One-line summary of what others changed in an item: "2 texts, Priority: medium → high, Costs (2)"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import and_, or_, select

from klimawerk.collab.storage import document_store
from klimawerk.extensions import db
from klimawerk.sheets import code_labels, value_display
from klimawerk.sheets.item_kinds import sheet_of
from klimawerk.sheets.models import FieldChange, Item, Row
from klimawerk.sheets.sheet_schema import Field, split_key
from klimawerk.text import visually_equal
from klimawerk.versions.reference_names import ReferenceNames

MOST, LONGEST = 4, 40  # parts of a line; characters of a value that is shown
_NO_PERSON = ReferenceNames((), (), {})
_REFERENCE_KINDS = ("field", "measures")  # kinds whose values are ids


def change_summary(item: Item, since: datetime, until: datetime, *, but: int, language: str) -> str:
    """The summary in the current locale; never "".

    `language` is the reader's; changes of the person `but` are excluded.
    """
    parts = [*_texts(item, since, until, but), *_fields(item, since, until, but, language)]
    parts += _rows(item, since, until, but)
    remaining = len(parts) - MOST
    if remaining > 0:
        parts = [*parts[:MOST], str(_("and %(number)s more", number=remaining))]
    return ", ".join(parts) or str(_("Texts"))


def _texts(item: Item, since: datetime, until: datetime, but: int) -> Iterator[str]:
    """Number of texts in which others wrote. Deletions leave no attribution, so they do not count."""
    first, last = since.timestamp(), until.timestamp()
    count = sum(
        any(span.by not in (None, but) and first < span.at <= last for span in spans)
        for spans in document_store.stored_attribution(item.name).values()
    )
    if count:
        yield str(ngettext("%(num)s text", "%(num)s texts", count))


def _fields(item: Item, since: datetime, until: datetime, but: int, language: str) -> Iterator[str]:
    """Each changed field once, from its value before the first change to that after the last one."""
    query = select(FieldChange).where(
        FieldChange.item_id == item.id,
        FieldChange.row_id.is_(None),
        FieldChange.at > since,
        FieldChange.at <= until,
        FieldChange.by != but,
    )
    changes: dict[str, tuple[Any, Any]] = {}
    for change in db.session.scalars(query.order_by(FieldChange.id)):
        changes[change.field] = (changes.get(change.field, (change.old, None))[0], change.new)
    fields, sides = sheet_of(item.kind).fields, code_labels.side_names(item.frame.partnership)
    for key, (old, new) in changes.items():
        field = fields.get(split_key(key)[0])
        if field is not None and not visually_equal(old, new):
            yield _value_change(field, old, new, language, sides)


def _value_change(field: Field, old: Any, new: Any, language: str, sides: dict[str, str]) -> str:
    label = code_labels.fill_side_names(field.label, sides)
    if field.kind in _REFERENCE_KINDS:
        return label
    values = [value_display.display_value(field, value, language, sides, _NO_PERSON) or "–" for value in (old, new)]
    return label if any(len(value) > LONGEST for value in values) else f"{label}: {' → '.join(values)}"


def _rows(item: Item, since: datetime, until: datetime, but: int) -> Iterator[str]:
    """Number of rows of each kind that were changed, added or deleted."""
    changed_rows = select(FieldChange.row_id).where(
        FieldChange.item_id == item.id, FieldChange.at > since, FieldChange.at <= until, FieldChange.by != but
    )
    query = select(Row.kind).where(
        Row.item_id == item.id,
        or_(
            Row.id.in_(changed_rows),
            and_(Row.created_at > since, Row.created_at <= until, Row.created_by != but),
            and_(Row.deleted_at > since, Row.deleted_at <= until, Row.deleted_by != but),
        ),
    )
    kinds = list(db.session.scalars(query))
    for kind in sheet_of(item.kind).rows.values():
        if kind.name in kinds:
            yield f"{kind.label} ({kinds.count(kind.name)})"
