"""Renders one changed value for the reader: both states marked in one text, or side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from markupsafe import Markup, escape

from klimawerk.codes import label as code_label
from klimawerk.sheets import code_labels
from klimawerk.sheets.sheet_schema import Field, split_key
from klimawerk.sheets.view import SheetView
from klimawerk.versions.comparison import Comparison, ItemState, ValueChange
from klimawerk.versions.diff_html import BOTH, NEW, OLD, DiffRenderer, block_html
from klimawerk.versions.item_state import TEXT
from klimawerk.versions.reference_names import ReferenceNames
from klimawerk.versions.text_blocks import text_blocks
from klimawerk.versions.text_diff import TextChange, compare_words
from klimawerk.versions.version_restore import VALUE
from klimawerk.web.formats import date, number

REDLINE, FIELDS, SIDES = "redline", "fields", "sides"
COMPARISON_VIEWS = {
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
class ComparisonCell:
    """One rendered change. `one`: both states in one text; `before` and `now`: each state, marked or plain as the view
    needs.

    Of a long text only what the view shows is rendered. `followed`: whether the other languages changed too; `part`:
    what to restore (version_restore.py); `is_text`: whether it is written words, not a choice, number or month.
    """

    label: str
    lang: str
    one: Markup
    before: Markup
    now: Markup
    followed: str = ""
    notes: tuple[str, ...] = ()
    part: str = ""
    is_text: bool = False


@dataclass(frozen=True)
class ComparisonCellBuilder:
    """Builds cells for one reader; `view` is one of `COMPARISON_VIEWS`."""

    v: SheetView
    old: ItemState
    new: ItemState
    comparison: Comparison
    names: ReferenceNames
    view: str = REDLINE

    def head(self, change: ValueChange) -> ComparisonCell:
        """A property of the item itself, such as its code."""
        label = str(HEAD.get(change.key, change.key))
        return self._cell(label, "", self._head_text(change.key, change.old), self._head_text(change.key, change.new))

    def value(self, field: Field, change: ValueChange) -> ComparisonCell:
        """A field of the sheet, or a cell of a row."""
        lang = split_key(change.key)[1]
        values = [self.words(field, value) for value in (change.old, change.new)]
        return self._cell(
            self.label(field), lang, *values, part=VALUE + change.key, is_text=field.kind in ("line", "lines")
        )

    def text(self, field: Field, lang: str, change: TextChange) -> ComparisonCell:
        """A long text in one language."""
        fragment, label = f"{field.name}.{lang}", self.label(field)
        renderer = DiffRenderer(self.v.reader)
        notes = []
        if change.coarse:
            notes.append(_("This text is too long to be compared word by word; whole paragraphs are shown."))
        if change.only_formatting:
            notes.append(_("Only the formatting changed."))
        merged = before = after = Markup("")
        if self.view == REDLINE:
            merged = renderer.text(change, BOTH)
        elif self.view == FIELDS:
            before, after = self.plain(self.old.text(fragment)), self.plain(self.new.text(fragment))
        else:
            before, after = renderer.text(change, OLD), renderer.text(change, NEW)
        changed = {split_key(key)[1] for key in self.comparison.texts if split_key(key)[0] == field.name}
        followed = self._other_languages(lang, changed, TEXT + field.name)
        return ComparisonCell(label, lang, merged, before, after, followed, tuple(notes), TEXT + fragment, is_text=True)

    def plain(self, text: Any) -> Markup:
        """A long text without change marks."""
        return Markup("").join(map(block_html, text_blocks(text or {})))

    def _other_languages(self, lang: str, changed: set[str], name: str) -> str:
        """Whether the other languages of a text changed as well; only those with a text."""
        sentences = []
        for other in self.v.frame.languages:
            if other == lang or f"{name}.{other}" not in self.new.parts:
                continue
            language = code_label("language", other, self.v.reader)
            if other in changed:
                sentences.append(_("%(language)s has changed as well.", language=language))
            else:
                sentences.append(_("%(language)s has not changed.", language=language))
        return " ".join(map(str, sentences))

    def label(self, field: Field) -> str:
        return code_labels.fill_side_names(field.label, self.v.sides)

    def words(self, field: Field, value: Any) -> str:
        return self.names.display(field, value, self.v.reader, self.v.sides)

    def _head_text(self, key: str, value: Any) -> str:
        if key == "goal":
            return self.names.goals.get(value, "")
        if key in ("languages", "lead_language"):
            codes = value if isinstance(value, list) else [value] if value else []
            return ", ".join(code_label("language", code, self.v.reader) for code in codes)
        if key == "rate_date":
            return date(value)
        return number(value) if key == "rate" else str(value or "")

    def _cell(
        self, label: str, lang: str, old: str, new: str, *, part: str = "", is_text: bool = False
    ) -> ComparisonCell:
        renderer = DiffRenderer(self.v.reader)
        if is_text and old and new:
            runs = compare_words(old, new)
            merged, before, after = renderer.runs(runs), renderer.runs(runs, OLD), renderer.runs(runs, NEW)
        else:
            before = renderer.removed(escape(old)) if old else Markup("")
            after = renderer.added(escape(new)) if new else Markup("")
            merged = Markup(" ").join(html for html in (before, after) if html)
        if self.view == FIELDS:
            before, after = escape(old), escape(new)
        return ComparisonCell(label, lang, merged, before, after, part=part, is_text=is_text)
