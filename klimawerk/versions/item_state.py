"""Reads an item at one moment: its fields, its rows and its texts in all languages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import current_app
from pycrdt import XmlFragment

from klimawerk.collab import rich_text
from klimawerk.collab.document_log import DocumentLog
from klimawerk.collab.rich_text import Node
from klimawerk.collab.storage import document_store
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.live.changes import revision
from klimawerk.measures.models import Measure
from klimawerk.sheets.models import Frame, Item, Row
from klimawerk.sheets.rows import rows_of
from klimawerk.versions import item_keys
from klimawerk.versions.hash_chain import FORMAT, canonical_json, sha256_hex

VALUES, TEXT, ROWS = "values", "text:", "rows:"
VersionHead = dict[str, Any]


@dataclass(frozen=True)
class ItemReading:
    """Content of an item. `parts`: canonical JSON by name ("text:description.en"); `head`: everything else.

    `rev` and `seq`: revision of its topic and last update of its live document that were read.
    """

    head: VersionHead
    parts: dict[str, bytes]
    rev: int
    seq: int

    @property
    def hashes(self) -> dict[str, str]:
        return {name: sha256_hex(data) for name, data in self.parts.items()}

    def manifest(self) -> bytes:
        return canonical_json({**self.head, "parts": self.hashes})


@contextmanager
def read_snapshot() -> Iterator[None]:
    """A read-only transaction: all reads inside see one moment and block no writer. Not for use inside writing()."""
    db.session.rollback()
    db.session.expire_all()
    if not current_app.extensions["klimawerk"].is_sqlite:
        db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    try:
        yield
    finally:
        db.session.rollback()


def read_item(item_id: int) -> ItemReading:
    """The item as it is now, up to the last acknowledged update. The caller opens the transaction (read_snapshot)."""
    item = db.session.get_one(Item, item_id)
    rev = revision(item.name)
    log = document_store.read_log(document_store.find_document(item.name).id)
    return ItemReading(_head(item), _parts(item, log), rev, log.seq)


def _head(item: Item) -> VersionHead:
    frame = item.frame
    head: VersionHead = {"format": FORMAT, "kind": item.kind, "item": item.key, "code": item.code}
    head |= {"lead_language": frame.lead_language, "languages": list(frame.languages)}
    if item.kind == "programme":
        return head | {"frame": _frame(frame)}
    return head | {"goal": db.session.get_one(Goal, item.goal_id).key} if isinstance(item, Measure) else head


def _frame(frame: Frame) -> VersionHead:
    parts = {
        "currency_main": frame.currency_main,
        "currency_local": frame.currency_local,
        "rate": None if frame.rate is None else f"{frame.rate.normalize():f}",
        "rate_date": frame.rate_date and frame.rate_date.isoformat(),
        "rate_note": frame.rate_note,
    }
    return {name: value for name, value in parts.items() if value}


def _parts(item: Item, log: DocumentLog) -> dict[str, bytes]:
    parts: dict[str, Any] = {VALUES: item_keys.with_keys(item)}
    parts |= {ROWS + kind: [_row(row) for row in rows] for kind, rows in rows_of(item).items()}
    parts |= {TEXT + fragment: text for fragment, text in _texts(log).items()}
    return {name: canonical_json(value) for name, value in parts.items()}


def _row(row: Row) -> dict[str, Any]:
    return {"id": row.id, "cells": row.cells}


def _texts(log: DocumentLog) -> dict[str, Node]:
    """Every non-empty text, also in languages that the programme no longer uses."""
    document = log.document()
    texts = {}
    for fragment in document_store.fragment_names(log.id):
        text = rich_text.read_fragment(document.get(fragment, type=XmlFragment))
        if not rich_text.is_empty(text):
            texts[fragment] = rich_text.merge_equal_runs(text)
    return texts
