"""Parts of a file that Klimawerk has no model for yet: checked, stored unchanged, written out again."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _

from klimawerk.exchange import value_json
from klimawerk.exchange.draft import FrameDraft
from klimawerk.exchange.import_problems import FilePosition, ImportRefused

MAX_PASSTHROUGH_BYTES = 2_000_000  # characters of JSON, all parts together
MAX_PASSTHROUGH_ITEMS = 200
MAX_PASSTHROUGH_TEXT = 20_000
_META = ("purpose", "wording", "code_lists")


def passthrough_in(data: dict[str, Any], frame: FrameDraft) -> dict[str, Any]:
    """The parts to store. Raises ImportRefused."""
    meta = data["meta"]
    notes = {
        key: value_json.text(meta[key], FilePosition(("meta", key)), MAX_PASSTHROUGH_TEXT)
        for key in _META
        if meta.get(key)
    }
    parts: dict[str, Any] = {"meta": notes} if notes else {}
    if data.get("workshop_sample") is not None:
        parts["workshop_sample"] = _workshop(data["workshop_sample"], FilePosition(("workshop_sample",)), frame)
    if len(json.dumps(parts, ensure_ascii=False)) > MAX_PASSTHROUGH_BYTES:
        raise ImportRefused(
            _("Notes and workshops are larger than %(size)s MB.", size=MAX_PASSTHROUGH_BYTES // 1_000_000)
        )
    return parts


def _workshop(raw: Any, place: FilePosition, frame: FrameDraft) -> dict[str, Any]:
    workshop: dict[str, Any] = _plain(value_json.mapping(raw, place), place)
    if workshop.get("title") is not None:
        value_json.by_language(workshop["title"], place.at("title"), frame.languages)
    agenda = place.at("agenda")
    for number, entry in enumerate(value_json.entries(workshop.get("agenda"), agenda, MAX_PASSTHROUGH_ITEMS)):
        item = value_json.mapping(entry, agenda.entry(number))
        if item.get("method") is not None:
            value_json.code(item["method"], agenda.entry(number).at("method"), "workshop_method")
    return workshop


def _plain(raw: Any, place: FilePosition) -> Any:
    """The same value, fit for a JSON column: fractions as numbers, texts of limited length."""
    if isinstance(raw, dict):
        return {key: _plain(value, place.at(key)) for key, value in raw.items()}
    if isinstance(raw, list):
        return [_plain(value, place.entry(number)) for number, value in enumerate(raw)]
    if isinstance(raw, str):
        return value_json.text(raw, place, MAX_PASSTHROUGH_TEXT)
    if isinstance(raw, Decimal | int) and not isinstance(raw, bool):
        return value_json.number_out(value_json.decimal(raw, place))
    return raw
