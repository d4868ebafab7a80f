"""Checklist of a measure: what is missing before both sides can agree to it. It informs and never blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import get_locale
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from klimawerk.codes import label
from klimawerk.measures.content import SHEET
from klimawerk.sheets.sheet_schema import LocalisedText
from klimawerk.text import is_blank

Rows = Mapping[str, Sequence[Mapping[str, Any]]]

_TEXTS = ("title", "initial_situation", "description")
_VALUES = ("field", "climate_effect", "place", "lead_side", "period_start", "horizon", "priority")


@dataclass(frozen=True)
class MissingPart:
    """One entry of the checklist. `part`: the field or kind of row. `language`: the one in which a text is missing, ""
    for all. `side`: the side whose row is missing, "" for no particular one."""

    part: str
    sentence: LazyString
    language: str = ""
    side: str = ""


def missing_parts(
    values: Mapping[str, Any], rows: Rows, texts: Mapping[str, str], languages: list[str], sides: Mapping[str, str]
) -> list[MissingPart]:
    """The checklist in the order of the sheet. `rows`: cells by kind; `texts`: plain text by fragment ("title.en");
    `sides`: the name shown for each side ({"de": "Wiesenbrück", "partner": "Abenkrom"}).
    """
    missing = [
        *_texts(texts, languages),
        *_values(values),
        *_sides(rows, sides),
        *_indicator(rows),
        *_money(values, rows),
    ]
    order = [part.name for group in SHEET.groups for part in group.parts]
    return sorted(missing, key=lambda entry: order.index(entry.part))


def _texts(texts: Mapping[str, str], languages: list[str]) -> Iterator[MissingPart]:
    for name in _TEXTS:
        missing = [language for language in languages if is_blank(texts.get(f"{name}.{language}", ""))]
        if len(missing) == len(languages):
            yield MissingPart(name, _("%(what)s is missing.", what=_label(name)))
        else:
            for language in missing:
                sentence = _("%(what)s is missing in %(language)s.", what=_label(name), language=_language(language))
                yield MissingPart(name, sentence, language=language)


def _values(values: Mapping[str, Any]) -> Iterator[MissingPart]:
    for name in _VALUES:
        if values.get(name) in (None, "", "open"):
            yield MissingPart(name, _("%(what)s is missing.", what=_label(name)))
    if not values.get("period_end") and values.get("horizon") != "permanent":
        yield MissingPart("period_end", _("%(what)s is missing.", what=_label("period_end")))


def _sides(rows: Rows, sides: Mapping[str, str]) -> Iterator[MissingPart]:
    for kind in ("responsible", "commitments"):
        present = {row.get("side") for row in rows.get(kind, [])}
        for side, name in sides.items():
            if side not in present:
                sentence = _("%(what)s: nothing from %(side)s yet.", what=_label(kind), side=name)
                yield MissingPart(kind, sentence, side=side)


def _indicator(rows: Rows) -> Iterator[MissingPart]:
    if not any(row.get("target") not in (None, "") for row in rows.get("indicators", [])):
        yield MissingPart("indicators", _("An indicator with a target is missing."))


def _money(values: Mapping[str, Any], rows: Rows) -> Iterator[MissingPart]:
    if values.get("no_cost"):
        return
    if not any(row.get("amount") for row in rows.get("costs", [])):
        yield MissingPart("costs", _("A cost line with an amount is missing, or the mark “no cost”."))
    if not any(row.get("source") for row in rows.get("funding", [])):
        yield MissingPart("funding", _("A funding line is missing; “funding open” is enough."))


def _label(name: str) -> LocalisedText:
    return SHEET.fields[name].label if name in SHEET.fields else SHEET.rows[name].label


def _language(code: str) -> LazyString:
    """The language's name, in the reader's language."""
    return LazyString(lambda: label("language", code, str(get_locale() or "en")[:2]))
