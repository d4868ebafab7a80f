"""Subjects of threads: the field or cell, its value when the thread was opened, and its present value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup, escape

from klimawerk.comments.anchors import count_occurrences
from klimawerk.comments.models import Thread
from klimawerk.comments.service import ThreadSubject
from klimawerk.extensions import db
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.sheets import code_labels
from klimawerk.sheets.fragments import page_of
from klimawerk.sheets.item_kinds import sheet_of
from klimawerk.sheets.models import Row
from klimawerk.sheets.sheet_schema import Field, split_key
from klimawerk.sheets.view import SheetView
from klimawerk.text import truncate, visually_equal
from klimawerk.versions.diff_html import DiffRenderer
from klimawerk.versions.text_diff import compare_words

NO_SUBJECT: tuple[Any, ...] = (None, "", [])
_ROW = "row:"
_COMPARED = 60_000  # characters of both texts together up to which they are compared


@dataclass(frozen=True)
class SubjectView:
    """`was` and `now` as text for the reader, "" for no value; `difference` marks the changes between them.

    `names_row`: whether it is the cell by which its row is named, and so the row itself.
    """

    label: str
    address: str
    lang: str
    reader: str
    was: str
    now: str
    is_text: bool
    gone: bool
    passage: str = ""
    names_row: bool = False

    @property
    def changed(self) -> bool:
        """Whether the value has changed; with a passage, whether it occurs less often."""
        if self.passage:
            return count_occurrences(self.now, self.passage) < max(1, count_occurrences(self.was, self.passage))
        return not visually_equal(self.was, self.now)

    @property
    def difference(self) -> Markup:
        if len(self.was) + len(self.now) > _COMPARED:
            return escape(self.was)
        return DiffRenderer(self.reader).runs(compare_words(self.was, self.now))


def subject_choices(v: SheetView) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Possible subjects of a thread, by groups of the sheet: (code, label)."""
    for group in v.sheet.groups:
        choices = [choice for part in group.parts if isinstance(part, Field) for choice in _fields(v, part)]
        choices += [choice for part in group.parts if not isinstance(part, Field) for choice in _cells(v, part.name)]
        if choices:
            yield str(group.label), choices


def subject_of(v: SheetView, code: str, passage: str = "", anchor: dict[str, str] | None = None) -> ThreadSubject:
    """The subject with that code and its present value; `passage` is a part of it. Raises ActionRefused."""
    if passage and count_occurrences(value := _text(v, code), passage):
        return ThreadSubject(code, None, value, passage, anchor or {})
    if passage:
        raise ActionRefused(_("These words do not stand in that text."), "passage")
    if not code:
        return ThreadSubject()
    if code.startswith(_ROW):
        row_id, _sep, key = code.removeprefix(_ROW).partition(":")
        row = find_row(v, row_id)
        if row is None or not _is_key(v, field_at(v, key, row), key):
            raise ActionRefused(_("Please choose one of the list."), "about")
        return ThreadSubject(key, row_id, _value(v, key, row))
    if not any(code == known_code for _group, choices in subject_choices(v) for known_code, _label in choices):
        raise ActionRefused(_("Please choose one of the list."), "about")
    return ThreadSubject(code, None, _value(v, code, None))


def code_of(thread: Thread) -> str:
    """The code of a thread's subject, as in `subject_choices`."""
    return f"{_ROW}{thread.row_id}:{thread.field}" if thread.row_id else thread.field


def subject_view(v: SheetView, thread: Thread) -> SubjectView | None:
    """The thread's subject for its reader; None for the whole item."""
    if not thread.field:
        return None
    row = find_row(v, thread.row_id) if thread.row_id else None
    field = field_at(v, thread.field, row)
    if field is None or (thread.row_id and row is None):
        old_text = _plain(thread.value)
        return SubjectView(_("a line that was deleted"), page_of(v.item), "", v.reader, old_text, "", False, True)
    now = _value(v, thread.field, row)
    lang = split_key(thread.field)[1]
    was_words, now_words = _display_value(v, field, thread.value), _display_value(v, field, now)
    query = f"?thread={thread.id}" if thread.passage else ""
    address = f"{page_of(v.item)}{query}#{_anchor(v, field, thread.field, row)}"
    label, texts = _label(v, field, lang, row), (was_words, now_words)
    names_row = row is not None and label == _row_name(v, row)
    return SubjectView(label, address, lang, v.reader, *texts, bool(lang), False, thread.passage, names_row)


def subject_phrase(thread: Thread, sides: dict[str, str]) -> str:
    """The thread's subject as a phrase for a mail: the field, of a row its kind too; "" for the whole item.

    `sides`: names of the sides.
    """
    if not thread.field:
        return ""
    sheet, (name, lang) = sheet_of(thread.item.kind), split_key(thread.field)
    row = db.session.get(Row, thread.row_id) if thread.row_id else None
    if thread.row_id and (row is None or row.kind not in sheet.rows):
        return str(_("deleted line"))
    field = sheet.rows[row.kind].by_name.get(name) if row else sheet.fields.get(name)
    if field is None:
        return ""
    line = f"{code_labels.fill_side_names(sheet.rows[row.kind].one, sides)}: " if row else ""
    return f"{line}{code_labels.fill_side_names(field.label, sides)}" + (f" ({lang.upper()})" if lang else "")


def _fields(v: SheetView, field: Field) -> Iterator[tuple[str, str]]:
    for key in field.keys(v.frame.languages):
        yield key, _label(v, field, split_key(key)[1], None)


def _cells(v: SheetView, kind: str) -> Iterator[tuple[str, str]]:
    """Each row, by the cell that names it, and its other cells with a value: amounts, numbers, months and choices."""
    for row in v.rows.get(kind, []):
        heading = _heading_of(v, row)
        if heading:
            yield f"{_ROW}{row.id}:{heading[0]}", _row_name(v, row)
        for cell in v.sheet.rows[kind].cells:
            is_heading = heading is not None and cell.name == heading[0]
            if not (cell.translated or is_heading) and row.cells.get(cell.name) not in NO_SUBJECT:
                yield f"{_ROW}{row.id}:{cell.name}", _label(v, cell, "", row)


def _label(v: SheetView, field: Field, lang: str, row: Row | None) -> str:
    label = code_labels.fill_side_names(field.label, v.sides)
    if row is not None:
        heading = _heading_of(v, row)
        if heading and split_key(heading[0])[0] == field.name:
            return _row_name(v, row)
        return f"{_row_name(v, row)}: {label}" + (f" ({lang.upper()})" if lang else "")
    return f"{label} ({lang.upper()})" if lang else label


def _row_name(v: SheetView, row: Row) -> str:
    """A row by its kind and its first filled cell."""
    heading = _heading_of(v, row)
    kind_name = code_labels.fill_side_names(v.sheet.rows[row.kind].one, v.sides)
    return str(_("%(row)s “%(words)s”", row=kind_name, words=truncate(heading[1], 60))) if heading else kind_name


def _heading_of(v: SheetView, row: Row) -> tuple[str, str] | None:
    """(key, text) of the row's first filled cell, which names the row; None for an empty row."""
    for cell in v.sheet.rows[row.kind].cells:
        text, lang = v.cell_text(cell, row)
        if text:
            return (f"{cell.name}.{lang}" if lang else cell.name), text
    return None


def _anchor(v: SheetView, field: Field, key: str, row: Row | None) -> str:
    if row is not None:
        return f"row-{row.id}"
    return v.anchor(field.name) if field.kind == "live" else f"f-{v.item.id}-{key.replace('.', '-')}"


def field_at(v: SheetView, key: str, row: Row | None) -> Field | None:
    name = split_key(key)[0]
    return v.sheet.rows[row.kind].by_name.get(name) if row else v.sheet.fields.get(name)


def _is_key(v: SheetView, field: Field | None, key: str) -> bool:
    return field is not None and key in field.keys(v.frame.languages)


def find_row(v: SheetView, row_id: str | None) -> Row | None:
    return next((row for rows in v.rows.values() for row in rows if row.id == row_id), None)


def _value(v: SheetView, key: str, row: Row | None) -> Any:
    if row is not None:
        return row.cells.get(key)
    name, lang = split_key(key)
    live = name in v.sheet.fields and v.sheet.fields[name].kind == "live"
    return v.plain(name, lang) if live else v.item.values.get(key)


def _text(v: SheetView, code: str) -> str:
    """Content of the live text with that key; "" for anything else."""
    name, lang = split_key(code)
    live = [field.name for field in v.sheet.live]
    return v.plain(name, lang) if name in live and lang in v.frame.languages else ""


def _display_value(v: SheetView, field: Field, value: Any) -> str:
    return str(value or "") if field.kind == "live" else v.in_words(field, value)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(str(part) for part in value.values())
    return "" if value in NO_SUBJECT else str(value)
