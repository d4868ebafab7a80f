"""Visits: when each person last had an item's page in view, the starting point of "since my last visit".

A visit is presence for five seconds or more, taken from the presence registry; pages send nothing for it. It ends after
half an hour without presence. Stored per person and item: the ends of the latest visit and of the one before. Different
from a seen mark (news/seen_marks.py): that one says up to when the person knows the news of an item.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import and_, func, or_, select, union_all

from klimawerk.accounts import existing_accounts
from klimawerk.clock import now
from klimawerk.collab.models import Document
from klimawerk.database import add_missing, writing
from klimawerk.extensions import db
from klimawerk.live.changes import revisions
from klimawerk.live.sockets import Live
from klimawerk.presence.programme_presence import Presence
from klimawerk.sheets.models import FieldChange, Item, Row
from klimawerk.versions.models import Version, Visit

MIN_VISIT_SECONDS = 5.0  # seconds in view before a visit counts
RECORD_INTERVAL = 60.0  # seconds between two records of a visit that continues
VISIT_GAP = timedelta(minutes=30)  # without presence: what follows is another visit
CHANGE_TOLERANCE = timedelta(minutes=15)  # a version this much later may still equal what was in view
ViewKey = tuple[int, str]  # (person id, name of the item)


@dataclass(frozen=True)
class VisitEnd:
    """End of a visit: time, revision of the item's topic, last update of its live document."""

    at: datetime
    rev: int
    seq: int


class VisitTracker:
    """Tracks in this process who has which item in view; checked once a second."""

    def __init__(self, live: Live, presence: Presence) -> None:
        self._live, self._presence = live, presence
        self._since: dict[ViewKey, float] = {}
        self._recorded: dict[ViewKey, float] = {}

    def look(self) -> None:
        moment, in_view = time.monotonic(), self._in_view()
        self._since = {key: self._since.get(key, moment) for key in in_view}
        ended = self._recorded.keys() - in_view
        due = {
            key
            for key, since in self._since.items()
            if moment - since >= MIN_VISIT_SECONDS and self._is_due(key, moment)
        }
        # Set before writing: a database that accepts nothing is tried once a minute, not once a second.
        self._recorded = {
            **{key: at for key, at in self._recorded.items() if key in in_view},
            **dict.fromkeys(due, moment),
        }
        if ended or due:
            record_visits(ended | due)

    def _is_due(self, key: ViewKey, moment: float) -> bool:
        return moment - self._recorded.get(key, -RECORD_INTERVAL) >= RECORD_INTERVAL

    def _in_view(self) -> set[ViewKey]:
        people = self._presence.people
        entries = [entry for group in people.groups() for entry in people.entries(group).items()]
        pages = [(self._live.pages.get(sid), entry["item"]) for sid, entry in entries if entry["item"]]
        return {(page.person_id, item) for page, item in pages if page and page.alive and not page.hidden}


def init_app(app: Flask) -> None:
    live: Live = app.extensions["live"]
    live.background.each_second(VisitTracker(live, app.extensions["presence"]).look)


def record_visits(in_view: Iterable[ViewKey]) -> None:
    """Record in one transaction that these persons have these items in view now."""
    wanted = sorted(set(in_view))
    names = {name for _, name in wanted}
    with writing():
        items = {item.name: item.id for item in _items(names)}
        seqs = dict(db.session.execute(select(Document.name, Document.seq).where(Document.name.in_(names))).all())
        revs = revisions(list(names))
        existing = existing_accounts.lock_existing(person for person, _ in wanted)
        for person, name in wanted:
            if name in items and person in existing:
                visit = add_missing(Visit, person_id=person, item_id=items[name], at=now())
                _update_visit(visit, revs[name], seqs.get(name, 0))


def last_visit(person_id: int, item_id: int) -> VisitEnd | None:
    """End of the person's last visit. A visit that continues is not the last one yet."""
    visit = db.session.get(Visit, (person_id, item_id))
    if visit is None:
        return None
    if now() - visit.at > VISIT_GAP:
        return VisitEnd(visit.at, visit.rev, visit.seq)
    return VisitEnd(visit.before_at, visit.before_rev, visit.before_seq) if visit.before_at else None


def version_at_visit(item_id: int, moment: VisitEnd) -> Version | None:
    """The version closest to the item's state at that moment that holds nothing newer."""
    unchanged = (
        Version.seq <= moment.seq,
        Version.rev < _next_change(item_id, moment.rev),
        Version.at <= moment.at + CHANGE_TOLERANCE,
    )
    matching = or_(Version.at <= moment.at, and_(*unchanged))
    query = select(Version).where(Version.item_id == item_id, matching).order_by(Version.number.desc()).limit(1)
    version: Version | None = db.session.scalar(query)
    return version


def _next_change(item_id: int, rev: int) -> int:
    """The first revision after `rev` at which a field or a row changed."""
    fields = select(FieldChange.rev).where(FieldChange.item_id == item_id, FieldChange.rev > rev)
    rows = select(Row.rev).where(Row.item_id == item_id, Row.rev > rev)
    next_rev = db.session.scalar(select(func.min(union_all(fields, rows).subquery().c.rev)))
    return 2**31 - 1 if next_rev is None else int(next_rev)


def _items(names: set[str]) -> list[Item]:
    ids = [int(number) for _, _, number in (name.partition(":") for name in names) if number.isdigit()]
    items = db.session.scalars(select(Item).where(Item.id.in_(ids)))
    return [item for item in items if item.name in names]


def _update_visit(visit: Visit, rev: int, seq: int) -> None:
    moment = now()
    if moment - visit.at > VISIT_GAP:
        visit.before_at, visit.before_rev, visit.before_seq = visit.at, visit.rev, visit.seq
    visit.at, visit.rev, visit.seq = moment, rev, seq
