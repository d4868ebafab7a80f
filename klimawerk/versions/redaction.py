"""Redaction: removes a passage that must not be stored from an item, its log, its records and all its versions.

A bar shows that something was there. The hash chain stays valid: a redacted part of a version keeps its original hash,
together with a record of when and why its content changed, so that verification tells it from damage.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from klimawerk import safe_json
from klimawerk.accounts import audit
from klimawerk.clock import now
from klimawerk.collab.rich_text import Node
from klimawerk.collab.storage import document_store, projection
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.live.changes import note
from klimawerk.registry import Event, Hooks
from klimawerk.sheets.models import Conflict, FieldChange, Item, Row
from klimawerk.text import occurrences
from klimawerk.versions import part_store
from klimawerk.versions.hash_chain import canonical_json, sha256_hex
from klimawerk.versions.item_state import TEXT
from klimawerk.versions.models import Version, VersionPart
from klimawerk.versions.service import versions_topic

HideFunction = Callable[[Any], Any]
REDACTION_BAR = "█████"
MIN_PASSAGE_LENGTH = 4  # characters of a passage: a shorter one would match unrelated text

redaction_begins: Event[[Item]] = Event()
"""Sent inside the transaction, before the topics of the item and of its versions are noted: who notes topics that come
before these in every other transaction notes them here, since transactions could deadlock otherwise."""

other_redactions: Hooks[Callable[[int, HideFunction], int]] = Hooks()
"""`redact_others(item_id, hide)` is called inside the transaction: it redacts further data about the item, and returns
in how many places. `hide` returns a value with bars."""


@dataclass
class RedactionCount:
    """Number of places with the passage: present texts and values, records of changes, parts of versions."""

    texts: int = 0
    values: int = 0
    records: int = 0
    parts: int = 0

    @property
    def anything(self) -> bool:
        return bool(self.texts or self.values or self.records or self.parts)


def count_occurrences(item: Item, passage: str) -> RedactionCount:
    """Count the places with the passage, without changing anything."""
    with writing() as session:
        count = _Redaction(item, passage, "").run()
        session.rollback()
    return count


def redact(item: Item, passage: str, reason: str) -> RedactionCount:
    """Replace the passage with a bar, everywhere in this item, permanently."""
    with writing():
        redaction_begins.send(item)
        note(item.name)
        note(versions_topic(item.id))
        document_store.lock_document_row(item.name)
        db.session.refresh(item)
        count = _Redaction(item, passage, reason).run()
        if count.anything:
            audit.record("black_out", by=None, item=item.name, reason=reason)
    document_store.compact(document_store.find_document(item.name).id)
    projection.project_now(item.name)
    return count


def redacted_value(value: Any, passage: str) -> Any:
    """The value with bars in all strings in it, at any depth."""
    if isinstance(value, str):
        return _redacted_string(value, passage)
    if isinstance(value, list):
        return [redacted_value(element, passage) for element in value]
    return (
        {key: redacted_value(element, passage) for key, element in value.items()} if isinstance(value, dict) else value
    )


def redacted_text(text: Node, passage: str) -> Node:
    """The rich text with bars, also where the passage crosses runs of different formatting."""
    children: list[Node] = text.get("content", [])
    if not any(child["type"] == "text" for child in children):
        return {**text, "content": [redacted_text(child, passage) for child in children]} if children else text
    characters = "".join(child.get("text", "\n") for child in children)
    spans = occurrences(characters, passage)
    return {**text, "content": list(_redacted_paragraph(children, spans))} if spans else text


def _redacted_string(value: str, passage: str) -> str:
    for start, end in reversed(occurrences(value, passage)):
        value = value[:start] + REDACTION_BAR + value[end:]
    return value


def _redacted_paragraph(children: list[Node], spans: list[tuple[int, int]]) -> Iterator[Node]:
    """The runs of a paragraph; the bar is in the run in which the passage begins."""
    offset, span_starts = 0, {span_start for span_start, _end in spans}
    for child in children:
        characters = child.get("text", "\n")
        remaining = "".join(
            REDACTION_BAR if offset + index in span_starts else "" if _inside(offset + index, spans) else character
            for index, character in enumerate(characters)
        )
        offset += len(characters)
        if child["type"] != "text":
            yield from [child] if remaining else []
        elif remaining:
            yield {**child, "text": remaining}


def _inside(offset: int, spans: list[tuple[int, int]]) -> bool:
    return any(start <= offset < end for start, end in spans)


@dataclass
class _Redaction:
    """A redaction inside its transaction."""

    item: Item
    passage: str
    reason: str

    def run(self) -> RedactionCount:
        return RedactionCount(self._redact_texts(), self._redact_values(), self._redact_records(), self._redact_parts())

    def _redact_texts(self) -> int:
        texts = document_store.contents(self.item.name)
        changed = {name: new for name, text in texts.items() if (new := redacted_text(text, self.passage)) != text}
        if changed:
            document_store.merge_contents(self.item.name, changed)
        return len(changed)

    def _redact_values(self) -> int:
        rows = db.session.scalars(select(Row).where(Row.item_id == self.item.id))
        return self._redact_column(self.item, "values") + sum(self._redact_column(row, "cells") for row in rows)

    def _redact_records(self) -> int:
        """Records of field changes, open conflicts, labels and notes of versions, and what other packages store."""
        count = 0
        for model, names in ((FieldChange, ("old", "new")), (Conflict, ("value",)), (Version, ("label", "note"))):
            for row in db.session.scalars(select(model).where(model.item_id == self.item.id)):
                count += sum(self._redact_column(row, name) for name in names)
        return count + sum(
            redact_others(self.item.id, lambda value: redacted_value(value, self.passage))
            for redact_others in other_redactions
        )

    def _redact_parts(self) -> int:
        manifests = db.session.scalars(select(Version.manifest).where(Version.item_id == self.item.id))
        names = {key: name for manifest in manifests for name, key in safe_json.loads(manifest)["parts"].items()}
        return sum(self._redact_part(key, names[key]) for key in sorted(names))

    def _redact_part(self, key: str, name: str) -> int:
        part = db.session.get(VersionPart, key)
        if part is None:
            return 0
        old = safe_json.loads(part_store.unpack_part(key, part.data, part.blacked))
        new = redacted_text(old, self.passage) if name.startswith(TEXT) else redacted_value(old, self.passage)
        if new == old:
            return 0
        data = canonical_json(new)
        part.data, part.size = zlib.compress(data, part_store.LEVEL), len(data)
        part.blacked = {"digest": sha256_hex(data), "at": now().isoformat(timespec="seconds"), "reason": self.reason}
        return 1

    def _redact_column(self, row: Any, name: str) -> int:
        old = getattr(row, name)
        new = redacted_value(old, self.passage)
        if new != old:
            setattr(row, name, new)
        return int(new != old)
