"""A changed value in the reader's words: both states marked in one, or beside each other."""

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
    """One changed value. `one`: both in one; `before` and `now` apart, marked or plain as the view wants.

    Of a long text only what the view shows is made.
    """

    label: str
    lang: str
    one: Markup
    before: Markup
    now: Markup
    followed: str = ""
    notes: tuple[str, ...] = ()
    part: str = ""


@dataclass(frozen=True)
class ComparisonCellBuilder:
    """Makes cells for one reader; `view` is one of `VIEWS`."""

    v: SheetView
    old: ItemState
    new: ItemState
    comparison: Comparison
    names: ReferenceNames
    view: str = REDLINE

    def head(self, change: ValueChange) -> ComparisonCell:
        """Something of the item itself, such as its code."""
        label = str(HEAD.get(change.key, change.key))
        return self._cell(label, "", self._head_words(change.key, change.old), self._head_words(change.key, change.new))

    def value(self, field: Field, change: ValueChange) -> ComparisonCell:
        """A field of the sheet, or a cell of a row."""
        lang = split_key(change.key)[1]
        words = [self.words(field, value) for value in (change.old, change.new)]
        return self._cell(
            self.label(field), lang, *words, part=VALUE + change.key, spoken=field.kind in ("line", "lines")
        )

    def text(self, field: Field, lang: str, change: TextChange) -> ComparisonCell:
        """A long text in one language."""
        fragment, label = f"{field.name}.{lang}", self.label(field)
        marker = DiffRenderer(self.v.reader)
        notes = []
        if change.coarse:
            notes.append(_("This text is too long to be compared word by word; whole paragraphs are shown."))
        if change.only_formatting:
            notes.append(_("Only the formatting changed."))
        one = before = now = Markup("")
        if self.view == REDLINE:
            one = marker.text(change, BOTH)
        elif self.view == FIELDS:
            before, now = self.plain(self.old.text(fragment)), self.plain(self.new.text(fragment))
        else:
            before, now = marker.text(change, OLD), marker.text(change, NEW)
        changed = {split_key(one)[1] for one in self.comparison.texts if split_key(one)[0] == field.name}
        followed = self._followed(lang, changed, TEXT + field.name)
        return ComparisonCell(label, lang, one, before, now, followed, tuple(notes), TEXT + fragment)

    def plain(self, text: Any) -> Markup:
        """A long text without any marks."""
        return Markup("").join(map(block_html, text_blocks(text or {})))

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

    def label(self, field: Field) -> str:
        return code_labels.fill_side_names(field.label, self.v.sides)

    def words(self, field: Field, value: Any) -> str:
        return self.names.shown(field, value, self.v.reader, self.v.sides)

    def _head_words(self, key: str, value: Any) -> str:
        if key == "goal":
            return self.names.goals.get(value, "")
        if key in ("languages", "lead_language"):
            codes = value if isinstance(value, list) else [value] if value else []
            return ", ".join(code_label("language", code, self.v.reader) for code in codes)
        if key == "rate_date":
            return date(value)
        return number(value) if key == "rate" else str(value or "")

    def _cell(
        self, label: str, lang: str, old: str, new: str, *, part: str = "", spoken: bool = False
    ) -> ComparisonCell:
        marker = DiffRenderer(self.v.reader)
        if spoken and old and new:
            runs = compare_words(old, new)
            one, before, now = marker.runs(runs), marker.runs(runs, OLD), marker.runs(runs, NEW)
        else:
            before = marker.gone(escape(old)) if old else Markup("")
            now = marker.come(escape(new)) if new else Markup("")
            one = Markup(" ").join(word for word in (before, now) if word)
        if self.view == FIELDS:
            before, now = escape(old), escape(new)
        return ComparisonCell(label, lang, one, before, now, part=part)
