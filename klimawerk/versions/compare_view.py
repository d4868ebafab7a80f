"""What the page of a comparison shows, in the reader's words: only what changed, in the order of the sheet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from markupsafe import Markup, escape

from klimawerk.codes import label as code_label
from klimawerk.sheets import labels
from klimawerk.sheets.catalogue import Field, RowKind, split_key
from klimawerk.sheets.view import View
from klimawerk.versions import comparing
from klimawerk.versions.blocks import blocks_of
from klimawerk.versions.comparing import Comparison, RowChange, State, ValueChange
from klimawerk.versions.marking import BOTH, NEW, OLD, Marker, block_html
from klimawerk.versions.naming import Names
from klimawerk.versions.reading import TEXT
from klimawerk.versions.redline import TextChange, compare_words
from klimawerk.versions.restoring import VALUE
from klimawerk.web.formats import date, number

REDLINE, FIELDS, SIDES = "redline", "fields", "sides"
VIEWS = {
    REDLINE: lazy_gettext("Marked in the text"),
    FIELDS: lazy_gettext("By field"),
    SIDES: lazy_gettext("Side by side"),
}
HEAD = {
    "code": lazy_gettext("Code"),
    "goal": lazy_gettext("Goal"),
    "lead_language": lazy_gettext("Language of the original"),
    "languages": lazy_gettext("Working languages"),
    "currency_main": lazy_gettext("Currency"),
    "currency_local": lazy_gettext("Other currency"),
    "rate": lazy_gettext("Planning rate"),
    "rate_date": lazy_gettext("Date of the planning rate"),
    "rate_note": lazy_gettext("Remark on the planning rate"),
}


@dataclass(frozen=True)
class Cell:
    """One changed value. `one`: both in one; `before` and `now` apart, marked or plain as the view wants."""

    label: str
    lang: str
    one: Markup
    before: Markup
    now: Markup
    followed: str = ""
    notes: tuple[str, ...] = ()
    part: str = ""


@dataclass(frozen=True)
class Line:
    """One row in which something changed. `what`: what became of it, in words."""

    title: str
    lang: str
    kind: str
    what: str
    cells: tuple[Cell, ...]
    id: str = ""


@dataclass(frozen=True)
class Change:
    """One thing to step to: a field in one language, or the rows of one kind."""

    anchor: str
    label: str
    cell: Cell | None = None
    lines: tuple[Line, ...] = ()
    unchanged: int = 0
    lang: str = ""


@dataclass(frozen=True)
class Compared:
    """A comparison for one reader: `language` limits texts to one of the working languages, "" for all."""

    v: View
    old: State
    new: State
    comparison: Comparison
    names: Names
    view: str = REDLINE
    language: str = ""

    @cached_property
    def changes(self) -> list[Change]:
        return [*self._head(), *(change for part in self.v.sheet.parts for change in self._part(part))]

    def summary(self) -> list[str]:
        """How much changed, in phrases: "3 fields changed", "1 line moved"."""
        rows = [row for rows in self.comparison.rows.values() for row in rows]
        fields = sum(1 for change in self.changes if change.cell)
        counted = {kind: sum(1 for row in rows if row.kind == kind) for kind in (comparing.ADDED, comparing.REMOVED)}
        moved = sum(1 for row in rows if row.moved)
        changed = sum(1 for row in rows if row.kind == comparing.CHANGED)
        phrases = [
            (fields, ngettext("%(num)s field changed", "%(num)s fields changed", fields)),
            (counted["added"], ngettext("%(num)s line added", "%(num)s lines added", counted["added"])),
            (counted["removed"], ngettext("%(num)s line removed", "%(num)s lines removed", counted["removed"])),
            (moved, ngettext("%(num)s line moved", "%(num)s lines moved", moved)),
            (changed, ngettext("%(num)s line changed", "%(num)s lines changed", changed)),
        ]
        return [str(said) for count, said in phrases if count]

    def unchanged(self) -> list[tuple[str, str, Markup]]:
        """Label, language and content of everything that is filled and stayed as it was."""
        return [found for part in self.v.sheet.parts for found in self._unchanged(part)]

    # The parts of a sheet

    def _part(self, part: Field | RowKind) -> Iterator[Change]:
        if isinstance(part, RowKind):
            if part.name in self.comparison.rows:
                change = self._rows(part, self.comparison.rows[part.name])
                yield from [change] if change.lines else []
        elif part.kind == "live":
            yield from self._texts(part)
        else:
            for found in self.comparison.values:
                if split_key(found.key)[0] == part.name:
                    cell = self._value(part, found)
                    yield Change(f"change-{found.key.replace('.', '-')}", cell.label, cell, lang=cell.lang)

    def _head(self) -> Iterator[Change]:
        for change in self.comparison.head:
            label = str(HEAD.get(change.key, change.key))
            words = [self._head_words(change.key, value) for value in (change.old, change.new)]
            yield Change(f"change-head-{change.key}", label, self._cell(label, "", *words, part=""))

    def _head_words(self, key: str, value: Any) -> str:
        if key == "goal":
            return self.names.goals.get(value, "")
        if key in ("languages", "lead_language"):
            codes = value if isinstance(value, list) else [value] if value else []
            return ", ".join(code_label("language", code, self.v.reader) for code in codes)
        if key == "rate_date":
            return date(value)
        return number(value) if key == "rate" else str(value or "")

    def _texts(self, field: Field) -> Iterator[Change]:
        for fragment, change in self.comparison.texts.items():
            name, lang = split_key(fragment)
            if name != field.name or (self.language and lang != self.language):
                continue
            label = self._label(field)
            cell = self._text(field, fragment, lang, change, label)
            yield Change(f"change-{name}-{lang}", label, cell, lang=lang)

    def _text(self, field: Field, fragment: str, lang: str, change: TextChange, label: str) -> Cell:
        marker = Marker(self.v.reader)
        notes = []
        if change.coarse:
            notes.append(_("This text is too long to be compared word by word; whole paragraphs are shown."))
        if change.only_formatting:
            notes.append(_("Only the formatting changed."))
        if self.view == FIELDS:
            before, now = self._plain(self.old.text(fragment)), self._plain(self.new.text(fragment))
        else:
            before, now = marker.text(change, OLD), marker.text(change, NEW)
        changed = {split_key(one)[1] for one in self.comparison.texts if split_key(one)[0] == field.name}
        followed = self._followed(lang, changed, TEXT + field.name)
        return Cell(label, lang, marker.text(change, BOTH), before, now, followed, tuple(notes), TEXT + fragment)

    def _plain(self, text: Any) -> Markup:
        return Markup("").join(map(block_html, blocks_of(text or {})))

    def _followed(self, lang: str, changed: set[str], name: str) -> str:
        """Whether the other languages changed with this one, for those in which there is a text."""
        said = []
        for other in self.v.frame.languages:
            if other == lang or f"{name}.{other}" not in self.new.parts:
                continue
            language = code_label("language", other, self.v.reader)
            if other in changed:
                said.append(_("%(language)s has changed as well.", language=language))
            else:
                said.append(_("%(language)s has not changed.", language=language))
        return " ".join(map(str, said))

    def _value(self, field: Field, change: ValueChange) -> Cell:
        lang = split_key(change.key)[1]
        words = [self._words(field, value) for value in (change.old, change.new)]
        return self._cell(
            self._label(field), lang, *words, part=VALUE + change.key, spoken=field.kind in ("line", "lines")
        )

    def _cell(self, label: str, lang: str, old: str, new: str, *, part: str, spoken: bool = False) -> Cell:
        marker = Marker(self.v.reader)
        if spoken and old and new:
            runs = compare_words(old, new)
            one, before, now = marker.runs(runs), marker.runs(runs, OLD), marker.runs(runs, NEW)
        else:
            before = marker.gone(escape(old)) if old else Markup("")
            now = marker.come(escape(new)) if new else Markup("")
            one = Markup(" ").join(word for word in (before, now) if word)
        if self.view == FIELDS:
            before, now = escape(old), escape(new)
        return Cell(label, lang, one, before, now, part=part)

    def _rows(self, kind: RowKind, rows: tuple[RowChange, ...]) -> Change:
        lines = [self._line(kind, row) for row in rows if row.kind != comparing.SAME]
        shown = tuple(line for line in lines if line.cells or line.kind != comparing.CHANGED)
        label = labels.words(kind.label, self.v.sides)
        same = sum(1 for row in rows if row.kind == comparing.SAME)
        return Change(f"change-rows-{kind.name}", label, lines=shown, unchanged=same)

    def _line(self, kind: RowKind, row: RowChange) -> Line:
        place = row.new_place or row.old_place
        title, lang = self._row_title(kind, row.new or row.old)
        whole = row.cells if row.cells or row.kind != comparing.MOVED else ()
        cells = [self._value(kind.by_name[name], c) for c in whole if (name := split_key(c.key)[0]) in kind.by_name]
        cells = [cell for cell in cells if not (self.language and cell.lang and cell.lang != self.language)]
        what = [self._what(row)] if row.kind in (comparing.ADDED, comparing.REMOVED) else []
        what += [_("moved from place %(old)s to %(new)s", old=row.old_place, new=row.new_place)] if row.moved else []
        what += [_("changed")] if row.kind == comparing.CHANGED else []
        name = f"{labels.words(kind.one, self.v.sides)} {place}"
        return Line(
            f"{name}: {title}" if title else name, lang, row.kind, ", ".join(map(str, what)), tuple(cells), row.id
        )

    def _what(self, row: RowChange) -> str:
        return str(_("added") if row.kind == comparing.ADDED else _("removed"))

    def _row_title(self, kind: RowKind, cells: dict[str, Any]) -> tuple[str, str]:
        """Its first words, and the language they are in."""
        order = (self.v.reader, self.v.frame.lead_language, *self.v.frame.languages)
        for cell in kind.cells:
            if cell.kind == "lines":
                lang = next((code for code in order if cells.get(f"{cell.name}.{code}")), None)
                if lang:
                    return str(cells[f"{cell.name}.{lang}"])[:120], lang
        first = next((cell for cell in kind.cells if cells.get(cell.name)), None)
        return (self._words(first, cells[first.name]), "") if first else ("", "")

    def _unchanged(self, part: Field | RowKind) -> Iterator[tuple[str, str, Markup]]:
        label = labels.words(part.label, self.v.sides)
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
                    yield label, lang, self._plain(text)
            elif key not in changed and self.new.values.get(key) not in comparing.NOTHING:
                yield label, lang, escape(self._words(part, self.new.values[key]))

    def _label(self, field: Field) -> str:
        return labels.words(field.label, self.v.sides)

    def _words(self, field: Field, value: Any) -> str:
        return self.names.shown(field, value, self.v.reader, self.v.sides)
