"""Blacking out a passage that must not be kept: in the item as it is, in its log, and in all its versions.

What is left says that something stood there. The chain of hashes holds: a part of a version keeps the hash it had,
with a record of when and why it says something else now, so that verifying tells it from damage.
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
from klimawerk.collab import document_store, projection
from klimawerk.collab.rich_text import Node
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.live.changes import note
from klimawerk.sheets.models import Conflict, FieldChange, Item, Row
from klimawerk.text import occurrences
from klimawerk.versions import part_store
from klimawerk.versions.hash_chain import canonical_json, sha256_hex
from klimawerk.versions.item_state import TEXT
from klimawerk.versions.models import Version, VersionPart
from klimawerk.versions.service import versions_topic

HideFunction = Callable[[Any], Any]
REDACTION_BAR = "█████"
MIN_PASSAGE_LENGTH = 4  # characters of a passage: less would hit words that nobody means


_other_redactions: list[Callable[[int, HideFunction], int]] = []


def register_redaction(others: Callable[[int, HideFunction], int]) -> None:
    """`others(item_id, hide)`, inside the transaction, hides what else is kept about the item, and says in how many
    places; `hide` gives a value with bars."""
    if others not in _other_redactions:
        _other_redactions.append(others)


@dataclass
class RedactionCount:
    """In how many places the passage stood: texts and values as they are now, records of changes, parts of versions."""

    texts: int = 0
    values: int = 0
    records: int = 0
    parts: int = 0

    @property
    def anything(self) -> bool:
        return bool(self.texts or self.values or self.records or self.parts)


def count_occurrences(item: Item, passage: str) -> RedactionCount:
    """Where it stands, without changing anything."""
    with writing() as session:
        found = _Redaction(item, passage, "").do()
        session.rollback()
    return found


def redact(item: Item, passage: str, reason: str) -> RedactionCount:
    """Put a bar in its place, everywhere in this item, for good."""
    with writing():
        note(item.name)
        note(versions_topic(item.id))
        document_store.lock_document_row(item.name)
        db.session.refresh(item)
        found = _Redaction(item, passage, reason).do()
        if found.anything:
            audit.record("black_out", by=None, item=item.name, reason=reason)
    document_store.compact(document_store.find_document(item.name).id)
    projection.project_now(item.name)
    return found


def redacted_value(value: Any, passage: str) -> Any:
    """The same value with bars in every text of it, however deep."""
    if isinstance(value, str):
        return _redacted_runs(value, passage)
    if isinstance(value, list):
        return [redacted_value(one, passage) for one in value]
    return {key: redacted_value(one, passage) for key, one in value.items()} if isinstance(value, dict) else value


def redacted_text(text: Node, passage: str) -> Node:
    """A rich text with bars, also where the passage runs through words of different formatting."""
    children: list[Node] = text.get("content", [])
    if not any(child["type"] == "text" for child in children):
        return {**text, "content": [redacted_text(child, passage) for child in children]} if children else text
    letters = "".join(child.get("text", "\n") for child in children)
    places = occurrences(letters, passage)
    return {**text, "content": list(_redacted_paragraph(children, places))} if places else text


def _redacted_runs(value: str, passage: str) -> str:
    for start, end in reversed(occurrences(value, passage)):
        value = value[:start] + REDACTION_BAR + value[end:]
    return value


def _redacted_paragraph(children: list[Node], places: list[tuple[int, int]]) -> Iterator[Node]:
    """The runs of a paragraph; the bar stands in the one in which the passage began."""
    start, starts = 0, {place for place, _end in places}
    for child in children:
        letters = child.get("text", "\n")
        kept = "".join(
            REDACTION_BAR if start + n in starts else "" if _inside(start + n, places) else letter
            for n, letter in enumerate(letters)
        )
        start += len(letters)
        if child["type"] != "text":
            yield from [child] if kept else []
        elif kept:
            yield {**child, "text": kept}


def _inside(at: int, places: list[tuple[int, int]]) -> bool:
    return any(start <= at < end for start, end in places)


@dataclass
class _Redaction:
    """Inside the transaction."""

    item: Item
    passage: str
    reason: str

    def do(self) -> RedactionCount:
        return RedactionCount(self._texts(), self._values(), self._records(), self._parts())

    def _texts(self) -> int:
        texts = document_store.contents(self.item.name)
        changed = {name: new for name, text in texts.items() if (new := redacted_text(text, self.passage)) != text}
        if changed:
            document_store.merge_contents(self.item.name, changed)
        return len(changed)

    def _values(self) -> int:
        rows = db.session.scalars(select(Row).where(Row.item_id == self.item.id))
        return self._hide(self.item, "values") + sum(self._hide(row, "cells") for row in rows)

    def _records(self) -> int:
        """What fields said before, values that wait for a choice, how versions are called, and what others keep."""
        count = 0
        for model, names in ((FieldChange, ("old", "new")), (Conflict, ("value",)), (Version, ("label", "note"))):
            for row in db.session.scalars(select(model).where(model.item_id == self.item.id)):
                count += sum(self._hide(row, name) for name in names)
        return count + sum(
            others(self.item.id, lambda value: redacted_value(value, self.passage)) for others in _other_redactions
        )

    def _parts(self) -> int:
        manifests = db.session.scalars(select(Version.manifest).where(Version.item_id == self.item.id))
        names = {key: name for data in manifests for name, key in safe_json.loads(data)["parts"].items()}
        return sum(self._part(key, names[key]) for key in sorted(names))

    def _part(self, key: str, name: str) -> int:
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

    def _hide(self, row: Any, name: str) -> int:
        old = getattr(row, name)
        new = redacted_value(old, self.passage)
        if new != old:
            setattr(row, name, new)
        return int(new != old)
