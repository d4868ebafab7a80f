"""Automatic versions: taken when editing has stopped, or when no user is on the page any more.

Each process remembers in memory which items changed. At its start it checks once which items have changes that no
version holds. Two processes that take the same version do no harm: the second one finds nothing changed.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime

from flask import Flask, current_app
from sqlalchemy import func, select

from klimawerk.clock import now
from klimawerk.collab.models import Document, Update
from klimawerk.collab.room.hub import hub
from klimawerk.extensions import db
from klimawerk.live import changes
from klimawerk.presence.programme_presence import Presence
from klimawerk.programmes.service import programme_of
from klimawerk.sheets.item_kinds import item_kinds
from klimawerk.sheets.models import FieldChange, Item, is_here
from klimawerk.versions import service
from klimawerk.versions.models import Version

log = logging.getLogger(__name__)
QUIET_SECONDS, LEAVE_SECONDS = 600.0, 20.0  # seconds without a change: with users present; with none present


class AutoVersions:
    """Items changed since their last version, with the time (monotonic seconds) of the last change."""

    def __init__(self) -> None:
        self._changed: dict[int, float] = {}
        self._has_checked_all = False

    def record_changes(self, topics: list[str]) -> None:
        """Record committed changes of these topics."""
        for name in topics:
            kind, _, number = name.partition(":")
            if kind in item_kinds:
                self._changed[int(number)] = time.monotonic()

    def look(self) -> None:
        """Called once a second: takes the version of one item at most, so that the background thread is not held up."""
        if not self._has_checked_all:
            self._has_checked_all = True
            self._changed = {**dict.fromkeys(_items_without_current_version(), time.monotonic()), **self._changed}
        moment = time.monotonic()
        for item_id, since in list(self._changed.items()):
            if moment - since >= QUIET_SECONDS or (moment - since >= LEAVE_SECONDS and not _is_user_present(item_id)):
                del self._changed[item_id]
                self._take(item_id)
                return

    def _take(self, item_id: int) -> None:
        last = _last_change(item_id)
        age = (now() - last).total_seconds() if last else QUIET_SECONDS
        if age < (QUIET_SECONDS if _is_user_present(item_id) else LEAVE_SECONDS):
            self._changed[item_id] = time.monotonic() - age  # another process has newer changes
            return
        try:
            service.take_version(item_id, service.QUIET)
        except service.VersionContention:
            log.warning("item %s: others took versions meanwhile", item_id)


def init_app(app: Flask) -> None:
    watch = app.extensions["versions"] = AutoVersions()
    app.extensions["live"].background.each_second(watch.look)
    changes.topics_changed.connect(app, watch.record_changes)


def _items_without_current_version() -> list[int]:
    """Items whose topic has a newer revision than their last version, or that have no version."""
    reached: dict[int, int] = dict(
        db.session.execute(select(Version.item_id, func.max(Version.rev)).group_by(Version.item_id)).all()
    )
    items = db.session.execute(select(Item.id, Item.kind).where(Item.deleted_at.is_(None), is_here())).all()
    names = {id_: f"{kind}:{id_}" for id_, kind in items}
    revs = changes.all_revisions()
    return [id_ for id_, name in names.items() if revs.get(name, 0) > reached.get(id_, -1)]


def _is_user_present(item_id: int) -> bool:
    """Whether a user has the item's page or one of its texts open, in any process."""
    item = db.session.get(Item, item_id)
    if item is None:
        return False
    presence: Presence = current_app.extensions["presence"]
    entries = presence.people.entries(programme_of(item).name).values()
    return any(entry.get("item") == item.name for entry in entries) or bool(hub().people_of(item.name))


def _last_change(item_id: int) -> datetime | None:
    """Time of the last change of a field or a text, made through any process. None if there was none."""
    field_changed = db.session.scalar(select(func.max(FieldChange.at)).where(FieldChange.item_id == item_id))
    item = db.session.get(Item, item_id)
    updates = select(func.max(Update.at)).join(Document, Document.id == Update.document_id)
    text_changed = db.session.scalar(updates.where(Document.name == item.name)) if item else None
    return max((moment for moment in (field_changed, text_changed) if moment), default=None)
