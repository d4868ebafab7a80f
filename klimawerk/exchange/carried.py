"""Parts of a file that have no room in the house yet: looked at, kept as they are, written out again.

Comments name a measure by its code in a file and by its id here, so that they follow when a code changes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _

from klimawerk.exchange import values
from klimawerk.exchange.draft import FrameDraft
from klimawerk.exchange.problems import Place, Refused, shown

MAX_SIZE = 2_000_000  # characters as JSON
MAX_THREADS, MAX_COMMENTS, MAX_ITEMS = 2_000, 1_000, 200
MAX_TEXT = 20_000
_META = ("purpose", "wording", "code_lists")


def carried_in(data: dict[str, Any], frame: FrameDraft, measures: set[str]) -> dict[str, Any]:
    """The parts to keep. Raises Refused."""
    meta = data["meta"]
    notes = {key: values.text(meta[key], Place(("meta", key)), MAX_TEXT) for key in _META if meta.get(key)}
    found: dict[str, Any] = {"meta": notes} if notes else {}
    if data.get("comments_sample") is not None:
        found["comments_sample"] = _comments(data["comments_sample"], Place(("comments_sample",)), measures)
    if data.get("workshop_sample") is not None:
        found["workshop_sample"] = _workshop(data["workshop_sample"], Place(("workshop_sample",)), frame)
    if len(json.dumps(found, ensure_ascii=False)) > MAX_SIZE:
        raise Refused(_("Comments and workshops are larger than %(size)s MB.", size=MAX_SIZE // 1_000_000))
    return found


def with_ids(carried: dict[str, Any], ids: Mapping[str, int]) -> dict[str, Any]:
    """As it is stored: comments under their measure's id."""
    return _renamed(carried, ids)


def with_codes(carried: dict[str, Any], codes: Mapping[int, str]) -> dict[str, Any]:
    """As a file has it; comments of a measure that is gone stay behind with it."""
    return _renamed(carried, codes)


def _renamed(carried: dict[str, Any], names: Mapping[Any, Any]) -> dict[str, Any]:
    if "comments_sample" not in carried:
        return dict(carried)
    threads = [
        {**one, "measure": names[one["measure"]]} for one in carried["comments_sample"] if one["measure"] in names
    ]
    return {**carried, "comments_sample": threads}


def _comments(raw: Any, place: Place, measures: set[str]) -> list[dict[str, Any]]:
    found = []
    for number, one in enumerate(values.entries(raw, place, MAX_THREADS)):
        here = place.entry(number)
        parts = values.mapping(one, here)
        code = values.text(parts.get("measure"), here.at("measure"), 1_000)
        if code not in measures:
            sentence = _("“%(code)s” is referred to, but is not in the file.", code=shown(code))
            raise Refused(sentence, here.at("measure"))
        thread = values.entries(parts.get("thread"), here.at("thread"), MAX_COMMENTS)
        comments = [_comment(c, here.at("thread").entry(n)) for n, c in enumerate(thread)]
        found.append({"measure": code, "thread": comments})
    return found


def _comment(raw: Any, place: Place) -> dict[str, Any]:
    comment = values.mapping(raw, place)
    for key, list_name in (("side", "team_side"), ("lang", "language")):
        if comment.get(key) is not None:
            values.code(comment[key], place.at(key), list_name)
    for key, value in comment.items():
        values.text(value, place.at(key), MAX_TEXT)
    return comment


def _workshop(raw: Any, place: Place, frame: FrameDraft) -> dict[str, Any]:
    workshop: dict[str, Any] = _plain(values.mapping(raw, place), place)
    if workshop.get("title") is not None:
        values.by_language(workshop["title"], place.at("title"), frame.languages)
    agenda = place.at("agenda")
    for number, one in enumerate(values.entries(workshop.get("agenda"), agenda, MAX_ITEMS)):
        item = values.mapping(one, agenda.entry(number))
        if item.get("method") is not None:
            values.code(item["method"], agenda.entry(number).at("method"), "workshop_method")
    return workshop


def _plain(raw: Any, place: Place) -> Any:
    """The same value, fit for a JSON column: fractions as numbers, texts not too long."""
    if isinstance(raw, dict):
        return {key: _plain(value, place.at(key)) for key, value in raw.items()}
    if isinstance(raw, list):
        return [_plain(value, place.entry(number)) for number, value in enumerate(raw)]
    if isinstance(raw, str):
        return values.text(raw, place, MAX_TEXT)
    if isinstance(raw, Decimal | int) and not isinstance(raw, bool):
        return values.number_out(values.decimal(raw, place))
    return raw
