"""Reads and verifies the versions and editions of a file: every hash is recomputed; a mismatch refuses the file."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import rfc8785
from flask_babel import lazy_gettext as _

from klimawerk import safe_json, scalars
from klimawerk.codes import find
from klimawerk.editions import hash_chain as editions
from klimawerk.editions.service import LONGEST_NAME, PURPOSES
from klimawerk.exchange import value_json
from klimawerk.exchange.history_draft import FORMAT, EditionDraft, HistoryDraft, ItemHistory, VersionDraft
from klimawerk.exchange.history_validator import check_version_part, is_key
from klimawerk.exchange.import_problems import FilePosition, ImportRefused
from klimawerk.sheets.item_kinds import kinds_in_files, sheet_of
from klimawerk.versions import hash_chain, service

Json = dict[str, Any]
MAX_ITEMS, MAX_VERSIONS, MAX_EDITIONS, MAX_PEOPLE = 2_000, 20_000, 1_000, 500
REASONS = (service.KEPT, service.QUIET, service.IMPORT, service.RESTORE, service.EDITION)
SIDES = ("", "de", "partner", "neutral")
_HISTORY = FilePosition(("history",))


def read_history(raw: Any, known: set[tuple[str, str]]) -> HistoryDraft | None:
    """Read the part "history" of a file; `known`: kind and code of every item in the file. Raises ImportRefused."""
    if raw is None:
        return None
    data = value_json.mapping(raw, _HISTORY)
    if data.get("format") != FORMAT:
        raise ImportRefused(_("These versions were written by a newer Klimawerk."), _HISTORY.at("format"))
    redactions = _redactions(data.get("blacked"), _HISTORY.at("blacked"))
    parts = _parts(data.get("parts"), redactions, _HISTORY.at("parts"))
    reader = _HistoryReader(parts, known)
    items = [
        reader.item(entry, _HISTORY.at("items").entry(number, entry))
        for number, entry in enumerate(value_json.entries(data.get("items"), _HISTORY.at("items"), MAX_ITEMS))
    ]
    programme = [entry.key for entry in items if entry.kind == "programme"]
    if [data.get("programme")] != programme:
        raise _hash_mismatch(_HISTORY.at("programme"))
    value_json.require_unique([entry.key for entry in items], _HISTORY.at("items"))
    value_json.require_unique([(entry.kind, entry.code) for entry in items], _HISTORY.at("items"))
    value_json.require_unique(
        [id_ for entry in items for ids in entry.rows.values() for id_ in ids], _HISTORY.at("items")
    )
    if any(entry.deleted and entry.kind == "measure" for entry in items) and not any(
        entry.kind == "goal" for entry in items
    ):
        raise _hash_mismatch(_HISTORY.at("items"))
    return HistoryDraft(programme[0], items, parts, _editions(data, programme[0], items), redactions)


class _HistoryReader:
    """Reads items with their versions; knows the parts, and the items of the file."""

    def __init__(self, parts: dict[str, bytes], known: set[tuple[str, str]]) -> None:
        self.parts, self.known = parts, known
        self.checked: set[tuple[str, str, str]] = set()

    def item(self, raw: Any, place: FilePosition) -> ItemHistory:
        """One item with all of its versions."""
        data = value_json.mapping(raw, place)
        kind, code, key = data.get("kind"), data.get("code"), data.get("key")
        deleted = data.get("deleted") is True
        if kind not in kinds_in_files() or not isinstance(code, str) or not is_key(key) or not isinstance(key, str):
            raise _hash_mismatch(place)
        if not deleted and (kind, code) not in self.known:
            raise ImportRefused(_("“%(code)s” is referred to, but is not in the file.", code=code[:60]), place)
        rows = _rows(data.get("rows"), str(kind), place.at("rows"))
        item = ItemHistory(str(kind), code, key, deleted, rows, [])
        listed = value_json.entries(data.get("versions"), place.at("versions"), MAX_VERSIONS)
        for number, entry in enumerate(listed):
            previous = item.versions[-1] if item.versions else None
            item.versions.append(self._version(entry, item, previous, place.at("versions").entry(number)))
        if deleted and not item.versions:
            raise _hash_mismatch(place)
        return item

    def _version(self, raw: Any, item: ItemHistory, previous: VersionDraft | None, place: FilePosition) -> VersionDraft:
        data = value_json.mapping(raw, place)
        head = value_json.mapping(data.get("manifest"), place.at("manifest"))
        self._check_head(head, item, place.at("manifest"))
        manifest = _canonical(head, place.at("manifest"))
        version = VersionDraft(
            number=previous.number + 1 if previous else 1,
            at=_moment(data.get("at"), place.at("at")),
            reason=_one_of(data.get("reason"), REASONS, place.at("reason")),
            label=value_json.text(data.get("label", ""), place.at("label"), 120),
            note=value_json.text(data.get("note", ""), place.at("note"), service.MAX_NOTE_LENGTH),
            side=_one_of(data.get("side", ""), SIDES, place.at("side")),
            contributors=_people(data.get("contributors"), place.at("contributors")),
            head=head,
            manifest=manifest,
            content=hash_chain.sha256_hex(manifest),
            previous=previous.hash if previous else "",
            hash=str(data.get("hash")),
        )
        link = hash_chain.version_hash(
            content=version.content,
            previous=version.previous,
            number=version.number,
            at=version.at,
            reason=version.reason,
        )
        if (version.number, version.hash) != (data.get("number"), link):
            raise _hash_mismatch(place)
        return version

    def _check_head(self, head: Json, item: ItemHistory, place: FilePosition) -> None:
        if head.get("format") not in (1, hash_chain.FORMAT) or head.get("kind") != item.kind:
            raise _hash_mismatch(place)
        if head["format"] == hash_chain.FORMAT and head.get("item") != item.key:
            raise _hash_mismatch(place.at("item"))
        if not isinstance(head.get("code"), str) or len(head["code"]) > 20:
            raise _hash_mismatch(place.at("code"))
        _check_languages(head, place)
        if item.kind == "programme":
            _check_frame(value_json.mapping(head.get("frame"), place.at("frame")), place.at("frame"))
        if item.kind == "measure" and not (is_key(head.get("goal")) or isinstance(head.get("goal"), int)):
            raise _hash_mismatch(place.at("goal"))
        for name, key in value_json.mapping(head.get("parts"), place.at("parts")).items():
            self._check_part(item.kind, name, key, place.at("parts").at(name))

    def _check_part(self, kind: str, name: str, key: Any, place: FilePosition) -> None:
        """Check each part once for each place where it occurs, however many versions contain it."""
        if not isinstance(key, str) or key not in self.parts:
            raise ImportRefused(_("A part of this version is missing."), place)
        if (kind, name, key) not in self.checked:
            check_version_part(sheet_of(kind), name, safe_json.loads(self.parts[key]), place)
            self.checked.add((kind, name, key))


def _redactions(raw: Any, place: FilePosition) -> dict[str, dict[str, str]]:
    """Notes on the redacted parts: hash of what remains, time and reason."""
    redactions = value_json.mapping(raw or {}, place)
    for key, redaction in redactions.items():
        fits = isinstance(redaction, dict) and redaction.keys() == {"digest", "at", "reason"}
        if not fits or not all(isinstance(text, str) and len(text) <= 500 for text in redaction.values()):
            raise _hash_mismatch(place.at(key))
    return redactions


def _parts(raw: Any, redactions: dict[str, dict[str, str]], place: FilePosition) -> dict[str, bytes]:
    parts = {}
    for key, part in value_json.mapping(raw, place).items():
        parts[key] = _canonical(part, place.at(key))
        if hash_chain.sha256_hex(parts[key]) != (redactions[key]["digest"] if key in redactions else key):
            raise _hash_mismatch(place.at(key))
    return parts


def _canonical(raw: Any, place: FilePosition) -> bytes:
    try:
        return hash_chain.canonical_json(raw)
    except (rfc8785.CanonicalizationError, ValueError, TypeError) as error:
        raise _hash_mismatch(place) from error


def _editions(data: Json, programme: str, items: list[ItemHistory]) -> list[EditionDraft]:
    place = _HISTORY.at("editions")
    known = {(item.key, version.number): version.hash for item in items for version in item.versions}
    drafts: list[EditionDraft] = []
    for number, entry in enumerate(value_json.entries(data.get("editions"), place, MAX_EDITIONS)):
        drafts.append(_edition(entry, programme, known, drafts[-1] if drafts else None, place.entry(number)))
    return drafts


def _edition(
    raw: Any, programme: str, known: dict[tuple[str, int], str], previous: EditionDraft | None, place: FilePosition
) -> EditionDraft:
    data = value_json.mapping(raw, place)
    manifest = value_json.mapping(data.get("manifest"), place.at("manifest"))
    listed = [
        value_json.mapping(entry, place) for entry in value_json.entries(manifest.get("versions"), place, MAX_ITEMS)
    ]
    versions = [(entry.get("item"), entry.get("number"), entry.get("hash")) for entry in listed]
    if any(known.get((str(item), _whole(number))) != hash_ for item, number, hash_ in versions):
        raise ImportRefused(_("A version of this fixed copy is missing."), place)
    edition = EditionDraft(
        number=previous.number + 1 if previous else 1,
        name=value_json.text(data.get("name"), place.at("name"), LONGEST_NAME),
        purpose=_one_of(manifest.get("purpose"), tuple(PURPOSES), place.at("purpose")),
        note=value_json.text(data.get("note", ""), place.at("note"), service.MAX_NOTE_LENGTH),
        at=_moment(data.get("at"), place.at("at")),
        side=_one_of(data.get("side", ""), SIDES, place.at("side")),
        manifest=_canonical(manifest, place.at("manifest")),
        content=hash_chain.sha256_hex(_canonical(manifest, place.at("manifest"))),
        previous=previous.hash if previous else "",
        hash=str(data.get("hash")),
        versions=[(str(item), _whole(number)) for item, number, _hash in versions],
    )
    link = editions.edition_hash(
        content=edition.content, previous=edition.previous, number=edition.number, at=edition.at
    )
    if (manifest.get("format"), manifest.get("programme")) != (editions.FORMAT, programme) or edition.hash != link:
        raise _hash_mismatch(place)
    return edition


def _whole(raw: Any) -> int:
    """The number, or 0 if it is none: no version has the number 0."""
    return raw if type(raw) is int else 0


def _rows(raw: Any, kind: str, place: FilePosition) -> dict[str, list[str]]:
    rows = {}
    for name, ids in value_json.mapping(raw or {}, place).items():
        listed = value_json.entries(ids, place.at(name), 500)
        if name not in sheet_of(kind).rows or not all(is_key(id_) for id_ in listed):
            raise _hash_mismatch(place.at(name))
        rows[name] = listed
    return rows


def _people(raw: Any, place: FilePosition) -> list[dict[str, str]]:
    contributors = []
    for number, entry in enumerate(value_json.entries(raw, place, MAX_PEOPLE)):
        entry_place = place.entry(number)
        parts = value_json.mapping(entry, entry_place)
        name = value_json.text(parts.get("id"), entry_place.at("id"), 20)
        contributors.append({"id": name, "side": _one_of(parts.get("side"), SIDES, entry_place.at("side"))})
    return contributors


def _check_languages(head: Json, place: FilePosition) -> None:
    languages = value_json.entries(head.get("languages"), place.at("languages"), 20)
    for code in (*languages, head.get("lead_language")):
        value_json.code(code, place.at("languages"), "language")
    if not languages:
        raise _hash_mismatch(place.at("languages"))


def _check_frame(frame: Json, place: FilePosition) -> None:
    try:
        fits = all(isinstance(value, str) and len(value) <= 300 for value in frame.values())
        currencies = {frame.get("currency_main", "EUR"), frame.get("currency_local", "EUR")}
        fits = fits and all(find("currency", currency) for currency in currencies)
        if "rate" in frame:
            fits = fits and 0 < Decimal(frame["rate"]) < scalars.MOST_RATE
        if "rate_date" in frame:
            scalars.day(frame["rate_date"])
    except (ArithmeticError, ValueError) as error:
        raise _hash_mismatch(place) from error
    if not fits:
        raise _hash_mismatch(place)


def _moment(raw: Any, place: FilePosition) -> datetime:
    try:
        moment = datetime.fromisoformat(value_json.text(raw, place, 40))
    except ValueError as error:
        raise _hash_mismatch(place) from error
    if moment.tzinfo is None or not value_json.FIRST_YEAR <= moment.year <= value_json.LAST_YEAR:
        raise _hash_mismatch(place)
    return moment


def _one_of(raw: Any, known: tuple[str, ...], place: FilePosition) -> str:
    if not isinstance(raw, str) or raw not in known:
        raise _hash_mismatch(place)
    return raw


def _hash_mismatch(place: FilePosition) -> ImportRefused:
    return ImportRefused(_("The check sums say that this was changed after it was written."), place)
