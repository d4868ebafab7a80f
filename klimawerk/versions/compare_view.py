"""View of a comparison for templates: only what changed, in the order of the sheet and the reader's language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup, escape

from klimawerk.sheets import code_labels
from klimawerk.sheets.sheet_schema import Field, RowKind, split_key
from klimawerk.sheets.view import SheetView
from klimawerk.text import truncate
from klimawerk.versions import comparison
from klimawerk.versions.change_authors import UNRECORDED, ChangeAuthors, ChangeRecord
from klimawerk.versions.change_counts import change_phrases
from klimawerk.versions.comparison import Comparison, ItemState, RowChange
from klimawerk.versions.comparison_cells import REDLINE, ComparisonCell, ComparisonCellBuilder
from klimawerk.versions.reference_names import ReferenceNames
from klimawerk.versions.version_restore import ROW


@dataclass(frozen=True)
class ChangedRow:
    """A changed row. `what`: its changes as a phrase."""

    title: str
    lang: str
    kind: str
    what: str
    cells: tuple[ComparisonCell, ...]
    id: str
    moved: bool
    made: ChangeRecord
    about: str = ""


@dataclass(frozen=True)
class ChangedPart:
    """One step of the page: a field in one language, or the rows of one kind.

    `made`: by whom and when; `about`: the subject of a comment on it (comments/subjects.py).
    """

    anchor: str
    label: str
    cell: ComparisonCell | None = None
    lines: tuple[ChangedRow, ...] = ()
    kind: str = ""
    unchanged: int = 0
    lang: str = ""
    made: ChangeRecord = UNRECORDED
    about: str = ""


@dataclass(frozen=True)
class VersionComparison:
    """A comparison for one reader. `language` limits texts to one of the working languages; "" for all."""

    v: SheetView
    old: ItemState
    new: ItemState
    comparison: Comparison
    names: ReferenceNames
    view: str = REDLINE
    language: str = ""
    authors: ChangeAuthors = field(default_factory=ChangeAuthors)

    @cached_property
    def changes(self) -> list[ChangedPart]:
        return [*self._head(), *(change for part in self.v.sheet.parts for change in self._part(part))]

    def summary(self) -> list[str]:
        """How much changed, in at most three phrases: "3 fields changed", "1 step moved"."""
        fields = sum(1 for change in self.changes if change.cell)
        rows = {change.kind: [line.kind for line in change.lines] for change in self.changes if change.lines}
        return change_phrases(fields, rows)

    def unchanged(self) -> list[tuple[str, str, Markup]]:
        """Label, language and content of everything that is filled in and did not change."""
        return [entry for part in self.v.sheet.parts for entry in self._unchanged(part)]

    @cached_property
    def _cells(self) -> ComparisonCellBuilder:
        return ComparisonCellBuilder(self.v, self.old, self.new, self.comparison, self.names, self.view)

    def _part(self, part: Field | RowKind) -> Iterator[ChangedPart]:
        if isinstance(part, RowKind):
            if part.name in self.comparison.rows:
                change = self._rows(part, self.comparison.rows[part.name])
                yield from [change] if change.lines else []
        elif part.kind == "live":
            yield from self._texts(part)
        else:
            for value_change in self.comparison.values:
                if split_key(value_change.key)[0] == part.name:
                    cell = self._cells.value(part, value_change)
                    yield ChangedPart(
                        f"change-{value_change.key.replace('.', '-')}",
                        cell.label,
                        cell,
                        lang=cell.lang,
                        made=self.authors.of_value(value_change.key),
                        about=value_change.key,
                    )

    def _head(self) -> Iterator[ChangedPart]:
        for change in self.comparison.head:
            cell = self._cells.head(change)
            yield ChangedPart(f"change-head-{change.key}", cell.label, cell, made=self.authors.of_value(change.key))

    def _texts(self, field: Field) -> Iterator[ChangedPart]:
        for fragment, change in self.comparison.texts.items():
            name, lang = split_key(fragment)
            if name != field.name or (self.language and lang != self.language):
                continue
            cell = self._cells.text(field, lang, change)
            made = self.authors.of_text(fragment)
            yield ChangedPart(f"change-{name}-{lang}", cell.label, cell, lang=lang, made=made, about=fragment)

    def _rows(self, kind: RowKind, rows: tuple[RowChange, ...]) -> ChangedPart:
        lines = [self._line(kind, row) for row in rows if row.kind != comparison.SAME]
        shown = tuple(line for line in lines if line.cells or line.kind != comparison.CHANGED)
        label = code_labels.fill_side_names(kind.label, self.v.sides)
        unchanged = sum(1 for row in rows if row.kind == comparison.SAME)
        return ChangedPart(f"change-rows-{kind.name}", label, lines=shown, unchanged=unchanged, kind=kind.name)

    def _line(self, kind: RowKind, row: RowChange) -> ChangedRow:
        place = row.new_place or row.old_place
        title, lang = self._row_title(kind, row.new or row.old)
        changed_cells = row.cells if row.cells or row.kind != comparison.MOVED else ()
        cells = [
            self._cells.value(kind.by_name[name], cell_change)
            for cell_change in changed_cells
            if (name := split_key(cell_change.key)[0]) in kind.by_name
        ]
        cells = [cell for cell in cells if not (self.language and cell.lang and cell.lang != self.language)]
        what = [self._what(row)] if row.kind in (comparison.ADDED, comparison.REMOVED) else []
        what += [_("moved from place %(old)s to %(new)s", old=row.old_place, new=row.new_place)] if row.moved else []
        what += [_("changed")] if row.kind == comparison.CHANGED else []
        name = f"{code_labels.fill_side_names(kind.one, self.v.sides)} {place}"
        return ChangedRow(
            f"{name}: {title}" if title else name,
            lang,
            row.kind,
            ", ".join(map(str, what)),
            tuple(cells),
            row.id,
            row.moved,
            self.authors.of_row(row),
            self._subject_in(kind, row),
        )

    def _subject_in(self, kind: RowKind, row: RowChange) -> str:
        """The subject of a comment on a row: its first changed cell that a comment can be about, else any; "" for
        none."""
        present = next((one for one in self.v.rows.get(kind.name, []) if one.id == row.id), None)
        if present is None:
            return ""
        possible = [
            cell.name
            for cell in kind.cells
            if not cell.translated and present.cells.get(cell.name) not in comparison.NO_STATE
        ]
        changed = [cell.key for cell in row.cells if cell.key in possible]
        return f"row:{row.id}:{(changed or possible)[0]}" if possible else ""

    def _what(self, row: RowChange) -> str:
        return str(_("added") if row.kind == comparison.ADDED else _("removed"))

    def _row_title(self, kind: RowKind, cells: dict[str, Any]) -> tuple[str, str]:
        """Text of the row's first filled cell, and its language."""
        order = (self.v.reader, self.v.frame.lead_language, *self.v.frame.languages)
        for cell in kind.cells:
            if cell.kind == "lines":
                lang = next((code for code in order if cells.get(f"{cell.name}.{code}")), None)
                if lang:
                    return truncate(str(cells[f"{cell.name}.{lang}"]), 120), lang
        first = next((cell for cell in kind.cells if cells.get(cell.name)), None)
        return (self._cells.words(first, cells[first.name]), "") if first else ("", "")

    def _unchanged(self, part: Field | RowKind) -> Iterator[tuple[str, str, Markup]]:
        label = code_labels.fill_side_names(part.label, self.v.sides)
        if isinstance(part, RowKind):
            if part.name not in self.comparison.rows:
                for row in self.new.rows(part.name):
                    title, lang = self._row_title(part, row["cells"])
                    yield label, lang, escape(title or "–")
            return
        changed = {change.key for change in self.comparison.values}
        for key in part.keys(self.v.frame.languages):
            lang = split_key(key)[1]
            if self.language and lang and lang != self.language:
                continue
            if part.kind == "live":
                text = None if key in self.comparison.texts else self.new.text(key)
                if text:
                    yield label, lang, self._cells.plain(text)
            elif key not in changed and self.new.values.get(key) not in comparison.NO_STATE:
                yield label, lang, escape(self._cells.words(part, self.new.values[key]))


def part_label(v: SheetView, part: str) -> str:
    """What a part to restore (version_restore.py) is called: "Description EN", "Step", or "" for everything."""
    name, lang = split_key(part.partition(":")[2])
    if part.startswith(ROW):
        row = next((row for rows in v.rows.values() for row in rows if row.id == name), None)
        return code_labels.fill_side_names(v.sheet.rows[row.kind].one, v.sides) if row else str(_("Line"))
    if name not in v.sheet.fields:
        return ""
    return f"{code_labels.fill_side_names(v.sheet.fields[name].label, v.sides)} {lang.upper()}".strip()
