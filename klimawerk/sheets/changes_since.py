"""What others have changed in an item since somebody was last there, as names of fields: for those who come back."""

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
    """The moment that many seconds after 1970 (UTC); the beginning of time for anything else."""
    try:
        return scalars.seconds(seconds)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def changes_by_others(v: SheetView, since: datetime, rev: int) -> list[str]:
    """Each field and list once: fields set by others after `since`, with their names; texts and lists that are newer
    than the topic's revision `rev` (0: unknown, and then they are left out)."""
    found = [_("%(field)s (%(name)s)", field=what, name=name) for what, name in _fields(v, since)]
    if rev:
        found += [what for what in _texts(v, rev) + _lists(v, rev) if what not in found]
    return list(dict.fromkeys(found))


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
