"""The live documents of one process: rooms, what carries their words to disk and to each other, and upkeep."""

from __future__ import annotations

import logging
import time
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

from flask import current_app
from sqlalchemy import select

from klimawerk import database, pycrdt_errors
from klimawerk.collab import access, document_hints, document_store, projection
from klimawerk.collab.chunked_updates import ChunkBuffers
from klimawerk.collab.committer import Committer
from klimawerk.collab.models import Document
from klimawerk.collab.projection_scheduler import ProjectionScheduler
from klimawerk.collab.relay import Relayer
from klimawerk.collab.retry_backoff import RetryBackoff
from klimawerk.collab.room import PendingUpdate, Room
from klimawerk.collab.room_members import NO_ACCESS, RoomMember
from klimawerk.collab.room_registry import RoomRegistry
from klimawerk.extensions import db
from klimawerk.live import events, opaque_ids
from klimawerk.live.hint_bus import Hint
from klimawerk.live.open_pages import OpenPage
from klimawerk.live.presence_registry import PresenceRegistry
from klimawerk.live.sockets import Live

log = logging.getLogger(__name__)
IDLE_SECONDS = 30.0  # seconds until an empty room is let go
LONG_LOG, QUIET_LOG = 400, timedelta(minutes=1)  # updates behind the state, and how long none came, until compaction
AWARENESS = "awareness"


class Hub:
    """Made once per app. Everything here runs in background threads or in a socket's handler."""

    def __init__(self, here: Live) -> None:
        spawn = here.server.start_background_task
        self.live = here
        self.rooms = RoomRegistry(self)
        self.parts = ChunkBuffers()
        self.committer = Committer(here.app, spawn, self._stored, lambda room: self.look_soon(room.name))
        self.courier = Relayer(spawn, here.send_to_each, self._wants_little)
        self.people = PresenceRegistry(here, "document-people", self._announce_people)
        self.projector = ProjectionScheduler(here.app, spawn)
        self._not_compacted = RetryBackoff()
        self._swept = 0.0
        here.on_gone.append(self.leave_all)
        here.on_recheck.append(self._recheck)
        here.on_hint(document_hints.DOCUMENT_HINT, self._hear)
        here.bus.on(AWARENESS, self._hear_caret)
        here.database_health.on_failure.append(self.committer.doubt)
        here.background.each_second(self.look)

    def close(self) -> None:
        self.committer.stop()
        self.courier.stop()

    # What rooms ask for

    def to_disk(self, entry: PendingUpdate) -> None:
        self.committer.put(entry)

    def to_members(self, room: Room) -> None:
        self.courier.hurry(room)

    def at_database(self) -> AbstractContextManager[object]:
        return self.live.app.app_context()

    def affords(self, person_id: int, steps: int) -> bool:
        return self.live.pages.may_burden(person_id, steps)

    # Coming and going

    def leave(self, page: OpenPage, doc: str) -> None:
        """The socket is no longer in the document's room."""
        page.docs.discard(doc)
        page.place_caret(doc, False)
        self.parts.forget(page.sid, doc)
        self.live.server.leave_room(page.sid, events.doc_room(doc))
        self.people.drop(doc, page.sid)
        room = self.rooms.get(doc)
        if room is not None:
            with room.lock:
                room.members.pop(page.sid, None)
                room.carets.pop(page.sid, None)
                room.audience.forget(page.sid)
                room.used_at = time.monotonic()

    def leave_all(self, page: OpenPage) -> None:
        self.parts.forget(page.sid)
        for doc in list(page.docs):
            self.leave(page, doc)

    def people_of(self, doc: str) -> list[dict[str, Any]]:
        """Everybody in the document, in all processes, as the others see them."""
        return [{"sid": sid, **entry} for sid, entry in self.people.entries(doc).items()]

    def introduce(self, member: RoomMember, doc: str) -> None:
        """Show the member to the others, by what the server knows of them."""
        who = member.access
        shown = {"name": who.name, "side": who.side, "place": who.place, "role": who.role}
        self.people.put(doc, member.sid, {"id": opaque_ids.opaque_id(member.person_id, doc), **shown})

    def _announce_people(self, doc: str) -> None:
        people = self.people_of(doc)
        self.live.tell(events.DOC_PEOPLE, {"doc": doc, "people": people}, to=events.doc_room(doc))

    # Carets

    def move_caret(self, room: Room, sid: str, caret: Any) -> None:
        """Relay where somebody is, thinned; nothing of it is kept on disk."""
        with room.lock:
            room.carets[sid] = caret
            room.audience.move(sid, caret)
        self.courier.hurry(room)
        self.live.bus.tell(AWARENESS, doc=room.name, sid=sid, a=caret)

    def _hear_caret(self, hint: Hint) -> None:
        """A caret in another process."""
        room = self.rooms.get(hint["doc"])
        if room is not None:
            with room.lock:
                room.audience.move(hint["sid"], hint["a"])
            self.courier.hurry(room)

    def _wants_little(self, sid: str) -> bool:
        page = self.live.pages.get(sid)
        return page is not None and page.quiet

    # Rights

    def decide(self, room: Room) -> None:
        """Decide anew what everybody in the room may do, and tell those for whom it changed."""
        with room.lock:
            room.undecided = False
            members = list(room.members.values())
        for member in members:
            self._decide(room, member)

    def _decide(self, room: Room, member: RoomMember) -> None:
        found = access.access_of(member.person_id, room.name)
        database.release_connection()
        if found is None:
            self._turn_out(room, member, events.REVOKED)
            return
        with room.lock:
            if room.members.get(member.sid) is not member:
                return
            renamed = (found.name, found.side, found.place, found.role) != (
                member.access.name,
                member.access.side,
                member.access.place,
                member.access.role,
            )
            member.access = found
            told, member.told = member.told, room.may(member)
        if renamed:
            self.introduce(member, room.name)
        if member.told != told:
            write, reason, by = member.told
            if not write:
                self.parts.forget(member.sid, room.name)
            payload = {"doc": room.name, "write": write, "reason": reason, "by": by}
            self.live.tell(events.DOC_ACCESS, payload, to=member.sid)

    def _turn_out(self, room: Room, member: RoomMember, reason: str) -> None:
        member.access = NO_ACCESS
        self.live.tell(events.DOC_CLOSED, {"doc": room.name, "reason": reason}, to=member.sid)
        page = self.live.pages.get(member.sid)
        if page is not None:
            self.leave(page, room.name)

    def _close(self, room: Room, reason: str) -> None:
        self.rooms.forget(room)
        room.invalidate()
        for member in list(room.members.values()):
            self._turn_out(room, member, reason)

    def _recheck(self, page: OpenPage) -> None:
        for doc in list(page.docs):
            room = self.rooms.get(doc)
            member = room.members.get(page.sid) if room else None
            if room is not None and member is not None:
                self._decide(room, member)

    # Upkeep

    def look_soon(self, *names: str) -> None:
        self.live.background.soon(lambda: self._look_at(list(names)))

    def look(self) -> None:
        """Once a second: what other processes wrote, what is to be projected, compacted, or let go."""
        self.committer.answer_waiting()
        self._look_at([room.name for room in self.rooms.all()])
        self.projector.look()
        self._let_go()
        self.parts.tidy()
        if time.monotonic() - self._swept > 10:
            alone = not current_app.extensions["klimawerk"].redis_url
            projection.project_abandoned(self.projector.setbacks, everything=not self._swept and alone)
            self._swept = time.monotonic()
            self._compact()

    def _hear(self, hint: Hint) -> None:
        names = [room.name for room in self.rooms.all()] if hint["everything"] else hint["names"]
        self._look_at([name for name in names if self.rooms.get(name)])

    def _look_at(self, names: list[str]) -> None:
        """Compare open rooms with the database, in one query."""
        db.session.rollback()
        rows = {row.name: row for row in db.session.scalars(_log_lines(names))} if names else {}
        database.release_connection()
        for name in names:
            room = self.rooms.get(name)
            if room is None:
                continue
            try:
                with pycrdt_errors.panics_as_exceptions():
                    self._compare(room, rows.get(name))
            except database.WRITE_FAILURES:
                raise  # it is no room's fault, and the next look makes it good
            except Exception:
                log.exception("%s could not be looked at", name)

    def _compare(self, room: Room, row: Document | None) -> None:
        if row is None or row.deleted:
            self._close(room, events.DELETED)
            return
        if room.gen and row.gen != room.gen:
            self._close(room, events.RESTORED)
            return
        with room.lock:
            room.apply_access(row)
            if row.seq > room.seq and not room.in_flight:
                room.follow(row=row)
            if row.projected_seq < row.seq:
                self.projector.note(room)
            undecided = room.undecided
        if undecided:
            self.decide(room)

    def _stored(self, rooms: list[Room]) -> None:
        for room in rooms:
            self.projector.note(room)
        self.live.bus.tell(document_hints.DOCUMENT_HINT, names=[room.name for room in rooms], everything=False)

    def _let_go(self) -> None:
        for room in self.rooms.all():
            if room.members or room in self.projector or time.monotonic() - room.used_at < IDLE_SECONDS:
                continue
            with room.lock:
                if not room.members and not room.in_flight:
                    self.rooms.forget(room)

    def _compact(self) -> None:
        for document_id in document_store.waiting_for_compaction(LONG_LOG, QUIET_LOG):
            name = str(document_id)
            if self._not_compacted.waits(name):
                continue
            try:
                document_store.compact(document_id)
                self._not_compacted.over(name)
            except Exception:
                pause = self._not_compacted.failed(name)
                log.exception("document %s could not be compacted; the next try is in %.0f s", name, pause)


def _log_lines(names: list[str]) -> Any:
    query = select(Document).where(Document.name.in_(names))
    return query.execution_options(populate_existing=True)


def hub() -> Hub:
    """The current app's."""
    found: Hub = current_app.extensions["collab"]
    return found
