"""When each person last had an item's sheet before them, so that "since my last visit" has a beginning.

A visit counts once the sheet has been in sight for five seconds, as presence knows it: no page sends anything for
this. Half an hour without a sign of it ends a visit. Kept is where it ended, and where the one before did.
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
from klimawerk.live.presence import Presence
from klimawerk.live.sockets import Live
from klimawerk.sheets.models import FieldChange, Item, Row
from klimawerk.versions.models import Version, Visit

MIN_VISIT_SECONDS = 5.0  # seconds in sight that are not a visit yet
RECORD_INTERVAL = 60.0  # seconds between two notes of a visit that goes on
VISIT_GAP = timedelta(minutes=30)  # without a sign: the next one begins another visit
CHANGE_TOLERANCE = timedelta(minutes=15)  # so much later a version may be taken and still hold just what was in sight
SightKey = tuple[int, str]  # person, name of the item


@dataclass(frozen=True)
class VisitEnd:
    """Where a visit ended."""

    at: datetime
    rev: int
    seq: int


class VisitTracker:
    """Who has which sheet in sight in this process, looked at once a second."""

    def __init__(self, live: Live, presence: Presence) -> None:
        self._live, self._presence = live, presence
        self._since: dict[SightKey, float] = {}
        self._noted: dict[SightKey, float] = {}

    def look(self) -> None:
        moment, here = time.monotonic(), self._in_sight()
        self._since = {seen: self._since.get(seen, moment) for seen in here}
        gone = self._noted.keys() - here
        due = {
            seen
            for seen, since in self._since.items()
            if moment - since >= MIN_VISIT_SECONDS and self._is_due(seen, moment)
        }
        # Before it is tried: a database that takes nothing is asked once a minute, not once a second.
        self._noted = {**{s: at for s, at in self._noted.items() if s in here}, **dict.fromkeys(due, moment)}
        if gone or due:
            record_visits(gone | due)

    def _is_due(self, seen: SightKey, moment: float) -> bool:
        return moment - self._noted.get(seen, -RECORD_INTERVAL) >= RECORD_INTERVAL

    def _in_sight(self) -> set[SightKey]:
        people = self._presence.people
        entries = [entry for group in people.groups() for entry in people.entries(group).items()]
        pages = [(self._live.pages.get(sid), entry["item"]) for sid, entry in entries if entry["item"]]
        return {(page.person_id, item) for page, item in pages if page and page.alive and not page.hidden}


def init_app(app: Flask) -> None:
    live: Live = app.extensions["live"]
    live.background.each_second(VisitTracker(live, app.extensions["presence"]).look)


def record_visits(sights: Iterable[SightKey]) -> None:
    """Note that these people have these sheets in sight now, in one transaction."""
    wanted = sorted(set(sights))
    names = {name for _, name in wanted}
    with writing():
        items = {item.name: item.id for item in _items(names)}
        seqs = dict(db.session.execute(select(Document.name, Document.seq).where(Document.name.in_(names))).all())
        revs = revisions(list(names))
        there = existing_accounts.lock_existing(person for person, _ in wanted)
        for person, name in wanted:
            if name in items and person in there:
                visit = add_missing(Visit, person_id=person, item_id=items[name], at=now())
                _go_on(visit, revs[name], seqs.get(name, 0))


def last_visit(person_id: int, item_id: int) -> VisitEnd | None:
    """Where the person's last visit ended; one that goes on is not the last one yet."""
    visit = db.session.get(Visit, (person_id, item_id))
    if visit is None:
        return None
    if now() - visit.at > VISIT_GAP:
        return VisitEnd(visit.at, visit.rev, visit.seq)
    return VisitEnd(visit.before_at, visit.before_rev, visit.before_seq) if visit.before_at else None


def version_at_visit(item_id: int, moment: VisitEnd) -> Version | None:
    """The version that comes closest to what stood there at that moment, and holds nothing that came after it."""
    same = (
        Version.seq <= moment.seq,
        Version.rev < _next_change(item_id, moment.rev),
        Version.at <= moment.at + CHANGE_TOLERANCE,
    )
    fits = or_(Version.at <= moment.at, and_(*same))
    query = select(Version).where(Version.item_id == item_id, fits).order_by(Version.number.desc()).limit(1)
    found: Version | None = db.session.scalar(query)
    return found


def _next_change(item_id: int, rev: int) -> int:
    """The revision at which a field was first set, or a line came or went, after `rev`."""
    fields = select(FieldChange.rev).where(FieldChange.item_id == item_id, FieldChange.rev > rev)
    rows = select(Row.rev).where(Row.item_id == item_id, Row.rev > rev)
    found = db.session.scalar(select(func.min(union_all(fields, rows).subquery().c.rev)))
    return 2**31 - 1 if found is None else int(found)


def _items(names: set[str]) -> list[Item]:
    numbers = [int(number) for _, _, number in (name.partition(":") for name in names) if number.isdigit()]
    found = db.session.scalars(select(Item).where(Item.id.in_(numbers)))
    return [item for item in found if item.name in names]


def _go_on(visit: Visit, rev: int, seq: int) -> None:
    moment = now()
    if moment - visit.at > VISIT_GAP:
        visit.before_at, visit.before_rev, visit.before_seq = visit.at, visit.rev, visit.seq
    visit.at, visit.rev, visit.seq = moment, rev, seq
