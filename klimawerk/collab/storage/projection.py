"""Projection: writes the texts of documents into columns (`LiveText`) for lists, search and first paint."""

from __future__ import annotations

import logging
from datetime import timedelta

from pycrdt import XmlFragment
from sqlalchemy import case, literal, select, update

from klimawerk import pycrdt_errors
from klimawerk.clock import now
from klimawerk.collab import rich_text
from klimawerk.collab.models import Document, LiveText
from klimawerk.collab.signals import texts_changed
from klimawerk.collab.storage import document_store
from klimawerk.collab.storage.retry_backoff import RetryBackoff
from klimawerk.database import writing, yield_if_due
from klimawerk.extensions import db
from klimawerk.live import changes

log = logging.getLogger(__name__)
ABANDONED_AFTER = timedelta(seconds=15)
ProjectedTexts = dict[str, tuple[str, str]]  # fragment: (plain, html)


class _NewerProjection(Exception):
    """Another process has projected a newer state meanwhile."""


def project_now(name: str) -> None:
    """Bring the columns of a document up to its last acknowledged update. Raises NoDocument."""
    document = document_store.find_document(name)
    if document.projected_seq < document.seq:
        _project(document.id, name)


def project_abandoned(backoff: RetryBackoff, everything: bool = False) -> None:
    """Project documents of a process that ended too early; `everything`: also those changed just now."""
    query = select(Document.id, Document.name).where(Document.dirty_since.is_not(None))
    if not everything:
        query = query.where(Document.dirty_since < now() - ABANDONED_AFTER)
    abandoned = [row for row in db.session.execute(query).all() if not backoff.is_waiting(row.name)]
    for document_id, name in abandoned[:200]:
        try:
            with pycrdt_errors.panics_as_exceptions():
                _project(document_id, name)
            backoff.succeeded(name)
        except Exception:
            log.exception("%s could not be projected; the next try is in %.0f s", name, backoff.failed(name))
        db.session.rollback()
        yield_if_due()


def _project(document_id: int, name: str) -> None:
    """The work is done outside of the transaction, which only compares and stores."""
    stored = document_store.read_log(document_id)
    document = stored.document()
    fragments = document_store.fragment_names(document_id)
    texts = {fragment: _columns(document.get(fragment, type=XmlFragment)) for fragment in fragments}
    try:
        with writing():
            rev = _note_topic(name, _changed_fragments(document_id, texts))
            _claim_seq(document_id, stored.seq)
            if rev:
                _store(document_id, texts, rev)
    except _NewerProjection:
        log.debug("%s was projected by somebody else", name)


def _columns(fragment: XmlFragment) -> tuple[str, str]:
    text = rich_text.read_fragment(fragment)
    return rich_text.to_plain_text(text), rich_text.to_html(text)


def _claim_seq(document_id: int, seq: int) -> None:
    older = (Document.id == document_id, Document.projected_seq < seq)
    dirty = case((Document.seq == seq, None), else_=literal(now(), Document.dirty_since.type))
    claimed = db.session.execute(update(Document).where(*older).values(projected_seq=seq, dirty_since=dirty))
    if not claimed.rowcount:  # type: ignore[attr-defined]
        raise _NewerProjection


def _changed_fragments(document_id: int, texts: ProjectedTexts) -> list[str]:
    present = {row.fragment: (row.plain, row.html) for row in _rows(document_id)}
    return [fragment for fragment, text in present.items() if texts.get(fragment, text) != text]


def _note_topic(name: str, fragments: list[str]) -> int:
    if not fragments:
        return 0
    texts_changed.send(name, fragments)
    return changes.note(name)


def _store(document_id: int, texts: ProjectedTexts, rev: int) -> None:
    for row in _rows(document_id):
        plain, html = texts.get(row.fragment, (row.plain, row.html))
        if (row.plain, row.html) != (plain, html):
            row.plain, row.html, row.rev = plain, html, rev
    db.session.flush()


def _rows(document_id: int) -> list[LiveText]:
    query = select(LiveText).where(LiveText.document_id == document_id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))
