"""Labels of the fields, texts and lists of an item that other users changed since a moment, for a returning reader."""

from __future__ import annotations

from datetime import UTC, datetime

from flask_babel import gettext as _
from sqlalchemy import select

from klimawerk import scalars
from klimawerk.accounts.models import Person
from klimawerk.accounts.person_names import display_name
from klimawerk.extensions import db
from klimawerk.sheets import code_labels
from klimawerk.sheets.models import FieldChange, Row
from klimawerk.sheets.sheet_schema import CODE, split_key
from klimawerk.sheets.view import SheetView


def since_moment(seconds: str) -> datetime:
    """The moment for a Unix timestamp in seconds (UTC). The epoch for anything that is no number of seconds."""
    try:
        return scalars.seconds(seconds)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def changes_by_others(v: SheetView, since: datetime, rev: int) -> list[str]:
    """Labels of what changed, without duplicates: fields set by other users after `since`, with the users' names;
    live texts and lists with a revision above `rev` (0: unknown, so they are left out)."""
    labels = [_("%(field)s (%(name)s)", field=label, name=name) for label, name in _fields(v, since)]
    if rev:
        labels += [label for label in _texts(v, rev) + _lists(v, rev) if label not in labels]
    return list(dict.fromkeys(labels))


def _fields(v: SheetView, since: datetime) -> list[tuple[str, str]]:
    query = (
        select(FieldChange.field, Row.kind, Person.name)
        .join(Person, Person.id == FieldChange.by)
        .outerjoin(Row, Row.id == FieldChange.row_id)
        .where(FieldChange.item_id == v.item.id, FieldChange.at > since, Person.id != v.opened.member.person.id)
        .order_by(FieldChange.id)
    )
    return [(_label(v, key, kind), display_name(name)) for key, kind, name in db.session.execute(query).all()]


def _label(v: SheetView, key: str, kind: str | None) -> str:
    if kind:
        return code_labels.fill_side_names(v.sheet.rows[kind].label, v.sides)
    name, language = split_key(key)
    field = v.sheet.fields.get(name, CODE)
    return f"{code_labels.fill_side_names(field.label, v.sides)} {language.upper()}".strip()


def _texts(v: SheetView, rev: int) -> list[str]:
    return [_label(v, fragment, None) for fragment, text in sorted(v.texts.items()) if text.rev > rev]


def _lists(v: SheetView, rev: int) -> list[str]:
    query = select(Row.kind).where(Row.item_id == v.item.id, Row.rev > rev).distinct()
    return sorted(_label(v, "", kind) for kind in db.session.scalars(query))
