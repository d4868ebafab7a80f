"""The hub of live documents in one process: rooms, committer, relayer, presence, projection, and their upkeep."""

from __future__ import annotations

import logging
import time
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

from flask import current_app
from sqlalchemy import select

from klimawerk import database, pycrdt_errors
from klimawerk.collab import access
from klimawerk.collab.models import Document
from klimawerk.collab.room.chunked_updates import ChunkBuffers
from klimawerk.collab.room.committer import Committer
from klimawerk.collab.room.projection_scheduler import ProjectionScheduler
from klimawerk.collab.room.relay import Relayer
from klimawerk.collab.room.room import PendingUpdate, Room
from klimawerk.collab.room.room_members import NO_ACCESS, RoomMember
from klimawerk.collab.room.room_registry import RoomRegistry
from klimawerk.collab.storage import document_hints, document_store, projection
from klimawerk.collab.storage.retry_backoff import RetryBackoff
from klimawerk.extensions import db
from klimawerk.live import events, opaque_ids
from klimawerk.live.hint_bus import Hint
from klimawerk.live.open_pages import OpenPage
from klimawerk.live.presence_registry import PresenceRegistry
from klimawerk.live.sockets import Live

log = logging.getLogger(__name__)
IDLE_SECONDS = 30.0  # seconds until an empty room is forgotten
LONG_LOG, QUIET_LOG = 400, timedelta(minutes=1)  # compaction: updates behind the state, or time since the last one
AWARENESS = "awareness"


class Hub:
    """Created once per app. Everything here runs in background threads or in a socket's handler."""

    def __init__(self, live: Live) -> None:
        spawn = live.server.start_background_task
        self.live = live
        self.rooms = RoomRegistry(self)
        self.parts = ChunkBuffers()
        self.committer = Committer(live.app, spawn, self._on_stored, lambda room: self.poll_soon(room.name))
        self.relayer = Relayer(spawn, live.send_to_each, self._is_quiet)
        self.presence = PresenceRegistry(live, "document-people", self._send_people)
        self.projection_scheduler = ProjectionScheduler(live.app, spawn)
        self._compaction_backoff = RetryBackoff()
        self._slow_upkeep_at = 0.0
        live.on_disconnect.append(self.leave_all)
        live.on_recheck.append(self._recheck_page)
        live.on_hint(document_hints.DOCUMENT_HINT, self._on_document_hint)
        live.bus.on(AWARENESS, self._on_caret_hint)
        live.database_health.on_failure.append(self.committer.doubt_connection)
        live.background.each_second(self.poll)

    def close(self) -> None:
        self.committer.stop()
        self.relayer.stop()

    # RoomOutput

    def store(self, entry: PendingUpdate) -> None:
        self.committer.put(entry)

    def relay_to_members(self, room: Room) -> None:
        self.relayer.schedule(room)

    def database_context(self) -> AbstractContextManager[object]:
        return self.live.app.app_context()

    def grants_merge_cost(self, person_id: int, steps: int) -> bool:
        return self.live.pages.may_spend_merge_cost(person_id, steps)

    # Members

    def leave(self, page: OpenPage, doc: str) -> None:
        """Remove the socket from the document's room."""
        page.docs.discard(doc)
        page.place_caret(doc, False)
        self.parts.drop(page.sid, doc)
        self.live.server.leave_room(page.sid, events.doc_room(doc))
        self.presence.drop(doc, page.sid)
        room = self.rooms.get(doc)
        if room is not None:
            with room.lock:
                room.members.pop(page.sid, None)
                room.carets.pop(page.sid, None)
                room.delivery.forget(page.sid)
                room.used_at = time.monotonic()

    def leave_all(self, page: OpenPage) -> None:
        self.parts.drop(page.sid)
        for doc in list(page.docs):
            self.leave(page, doc)

    def people_of(self, doc: str) -> list[dict[str, Any]]:
        """Presence of everyone in the document, in all processes, as other members see it."""
        return [{"sid": sid, **entry} for sid, entry in self.presence.entries(doc).items()]

    def announce_member(self, member: RoomMember, doc: str) -> None:
        """Announce the member's presence to the others, as the server knows the person."""
        granted = member.access
        shown = {"name": granted.name, "side": granted.side, "place": granted.place, "role": granted.role}
        self.presence.put(doc, member.sid, {"id": opaque_ids.opaque_id(member.person_id, doc), **shown})

    def _send_people(self, doc: str) -> None:
        people = self.people_of(doc)
        self.live.emit(events.DOC_PEOPLE, {"doc": doc, "people": people}, to=events.doc_room(doc))

    # Carets

    def move_caret(self, room: Room, sid: str, caret: Any) -> None:
        """Relay a caret, at a limited rate; it is not stored."""
        with room.lock:
            room.carets[sid] = caret
            room.delivery.set_caret(sid, caret)
        self.relayer.schedule(room)
        self.live.bus.send(AWARENESS, doc=room.name, sid=sid, a=caret)

    def _on_caret_hint(self, hint: Hint) -> None:
        """A caret in another process."""
        room = self.rooms.get(hint["doc"])
        if room is not None:
            with room.lock:
                room.delivery.set_caret(hint["sid"], hint["a"])
            self.relayer.schedule(room)

    def _is_quiet(self, sid: str) -> bool:
        page = self.live.pages.get(sid)
        return page is not None and page.quiet

    # Access rights

    def recheck_members(self, room: Room) -> None:
        """Check the access rights of all members again, and notify those for whom they changed."""
        with room.lock:
            room.access_stale = False
            members = list(room.members.values())
        for member in members:
            self._recheck_member(room, member)

    def _recheck_member(self, room: Room, member: RoomMember) -> None:
        granted = access.access_of(member.person_id, room.name)
        database.release_connection()
        if granted is None:
            self._remove_member(room, member, events.REVOKED)
            return
        with room.lock:
            if room.members.get(member.sid) is not member:
                return
            renamed = (granted.name, granted.side, granted.place, granted.role) != (
                member.access.name,
                member.access.side,
                member.access.place,
                member.access.role,
            )
            member.access = granted
            previous, member.sent_access = member.sent_access, room.write_access(member)
        if renamed:
            self.announce_member(member, room.name)
        if member.sent_access != previous:
            write, reason, by = member.sent_access
            if not write:
                self.parts.drop(member.sid, room.name)
            payload = {"doc": room.name, "write": write, "reason": reason, "by": by}
            self.live.emit(events.DOC_ACCESS, payload, to=member.sid)

    def _remove_member(self, room: Room, member: RoomMember, reason: str) -> None:
        member.access = NO_ACCESS
        self.live.emit(events.DOC_CLOSED, {"doc": room.name, "reason": reason}, to=member.sid)
        page = self.live.pages.get(member.sid)
        if page is not None:
            self.leave(page, room.name)

    def _close_room(self, room: Room, reason: str) -> None:
        self.rooms.forget(room)
        room.invalidate()
        for member in list(room.members.values()):
            self._remove_member(room, member, reason)

    def _recheck_page(self, page: OpenPage) -> None:
        for doc in list(page.docs):
            room = self.rooms.get(doc)
            member = room.members.get(page.sid) if room else None
            if room is not None and member is not None:
                self._recheck_member(room, member)

    # Upkeep

    def poll_soon(self, *names: str) -> None:
        """Poll these rooms in the background thread."""
        self.live.background.soon(lambda: self._poll_rooms(list(names)))

    def poll(self) -> None:
        """Once a second: updates of other processes, overdue commits, projection, compaction, idle rooms."""
        self.committer.refuse_overdue()
        self._poll_rooms([room.name for room in self.rooms.all()])
        self.projection_scheduler.poll()
        self._forget_idle_rooms()
        self.parts.drop_expired()
        if time.monotonic() - self._slow_upkeep_at > 10:
            alone = not current_app.extensions["klimawerk"].redis_url
            projection.project_abandoned(
                self.projection_scheduler.backoff, everything=not self._slow_upkeep_at and alone
            )
            self._slow_upkeep_at = time.monotonic()
            self._compact()

    def _on_document_hint(self, hint: Hint) -> None:
        names = [room.name for room in self.rooms.all()] if hint["everything"] else hint["names"]
        self._poll_rooms([name for name in names if self.rooms.get(name)])

    def _poll_rooms(self, names: list[str]) -> None:
        """Compare open rooms with the database, in one query."""
        db.session.rollback()
        rows = {row.name: row for row in db.session.scalars(_documents_query(names))} if names else {}
        database.release_connection()
        for name in names:
            room = self.rooms.get(name)
            if room is None:
                continue
            try:
                with pycrdt_errors.panics_as_exceptions():
                    self._poll_room(room, rows.get(name))
            except database.WRITE_FAILURES:
                raise  # not a fault of the room, and the next poll makes up for it
            except Exception:
                log.exception("%s could not be looked at", name)

    def _poll_room(self, room: Room, row: Document | None) -> None:
        if row is None or row.deleted:
            self._close_room(room, events.DELETED)
            return
        if room.gen and row.gen != room.gen:
            self._close_room(room, events.RESTORED)
            return
        with room.lock:
            room.apply_access(row)
            if row.seq > room.seq and not room.in_flight:
                room.catch_up(row=row)
            if row.projected_seq < row.seq:
                self.projection_scheduler.note(room)
            access_stale = room.access_stale
        if access_stale:
            self.recheck_members(room)

    def _on_stored(self, rooms: list[Room]) -> None:
        for room in rooms:
            self.projection_scheduler.note(room)
        self.live.bus.send(document_hints.DOCUMENT_HINT, names=[room.name for room in rooms], everything=False)

    def _forget_idle_rooms(self) -> None:
        for room in self.rooms.all():
            if room.members or room in self.projection_scheduler or time.monotonic() - room.used_at < IDLE_SECONDS:
                continue
            with room.lock:
                if not room.members and not room.in_flight:
                    self.rooms.forget(room)

    def _compact(self) -> None:
        for document_id in document_store.waiting_for_compaction(LONG_LOG, QUIET_LOG):
            name = str(document_id)
            if self._compaction_backoff.is_waiting(name):
                continue
            try:
                document_store.compact(document_id)
                self._compaction_backoff.succeeded(name)
            except Exception:
                pause = self._compaction_backoff.failed(name)
                log.exception("document %s could not be compacted; the next try is in %.0f s", name, pause)


def _documents_query(names: list[str]) -> Any:
    query = select(Document).where(Document.name.in_(names))
    return query.execution_options(populate_existing=True)


def hub() -> Hub:
    """The hub of the current app."""
    current: Hub = current_app.extensions["collab"]
    return current
