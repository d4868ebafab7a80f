"""The doors of live documents: join, update, awareness, leave."""

from __future__ import annotations

import base64
import binascii
import time
from functools import partial
from typing import NamedTuple
from urllib.parse import quote

from pycrdt import Doc, XmlFragment

from klimawerk import database
from klimawerk.collab import document_store, update_decoder
from klimawerk.collab.hub import Hub, hub
from klimawerk.collab.room import Room
from klimawerk.collab.room_members import RoomMember, create_member
from klimawerk.live import events
from klimawerk.live.handlers import EventRefused, EventReply, Payload, require_text
from klimawerk.live.open_pages import OpenPage
from klimawerk.live.sockets import Live

MAX_DOCS = 300  # documents that one socket may have joined
MAX_DOCS_PER_PERSON = 3_000  # over all sockets of one person
MAX_CHUNK_BYTES = 65_536  # bytes
MAX_CARET_BYTES = 4_000  # characters
HTTP_THRESHOLD = 64_000  # bytes from which on a client that asked for it gets an address instead
MAX_STATE_VECTOR_BYTES = 100_000  # bytes of a state vector: some 8,000 windows in which somebody ever typed
LEAVE_DELAY = 0.03  # seconds that frames wait for the answer of a join, which is to arrive first


def init_sockets(here: Live) -> Hub:
    """Bind the events of documents to the Socket.IO server."""
    made = Hub(here)
    here.add_handler(events.DOC_JOIN, _join, lambda _payload: 4.0)  # reading a whole document is more work than most
    here.add_light_handler(events.DOC_UPDATE, partial(_update, made))
    here.add_light_handler(events.DOC_AWARENESS, partial(_awareness, made))
    here.add_handler(events.DOC_LEAVE, _leave)
    return made


def _join(page: OpenPage, payload: Payload) -> Payload:
    name = require_text(payload, "doc", 80)
    if page.schema is not None and page.schema < events.OLDEST_SCHEMA:
        raise EventRefused(events.OUTDATED)
    if name not in page.docs and (len(page.docs) >= MAX_DOCS or _all_docs(page) >= MAX_DOCS_PER_PERSON):
        raise EventRefused(events.TOO_LARGE)
    state = _state(payload)
    while True:
        row = hub().rooms.find(name)
        decided = page.rechecks, row.access_rev
        guest = create_member(page.sid, page.person_id, name)
        room = hub().rooms.open(name)
        with room.settled(row) as document:
            if hub().live.pages.get(page.sid) is not page:
                raise EventRefused(events.LOGIN_REQUIRED)  # it has left meanwhile
            holds = decided == (page.rechecks, room.access_rev)
            found = _join_room(page, payload, room, guest, document, state) if holds else None
        if found is not None:
            return _join_answer(page, payload, room, guest, found)
        database.expire_session()  # rights have changed while the room was waited for


class _JoinState(NamedTuple):
    """What somebody who enters finds: what they lack, what there is, and where everybody is."""

    known: bytes | None
    update: bytes
    vector: bytes
    seq: int
    carets: list[Payload]


def _join_room(
    page: OpenPage, payload: Payload, room: Room, guest: RoomMember, document: Doc[XmlFragment], state: bytes | None
) -> _JoinState:
    """Enter first, read then, so that nothing falls between what is read and what is relayed. Waits for nothing."""
    room.relay_after = max(room.relay_after, time.monotonic() + LEAVE_DELAY)
    guest.sent, guest.told = room.seq, room.may(guest)
    room.members[page.sid] = guest
    page.docs.add(room.name)
    hub().live.server.enter_room(page.sid, events.doc_room(room.name))
    known = state if payload.get("gen") in (None, room.gen) else None
    carets = [{"sid": sid, "a": caret} for sid, caret in room.carets.items()]
    return _JoinState(known, document.get_update(known), document.get_state(), room.seq, carets)


def _join_answer(page: OpenPage, payload: Payload, room: Room, guest: RoomMember, found: _JoinState) -> Payload:
    here = hub()
    if not here.live.pages.may_have(page.person_id, len(found.update)):
        here.leave(page, room.name)
        raise EventRefused(events.RATE)
    here.introduce(guest, room.name)
    write, reason, by = guest.told
    return {
        **_content(payload, room.name, found.known, found.update),
        **{"gen": room.gen, "sv": _b64(found.vector), "seq": found.seq, "write": write, "reason": reason, "by": by},
        **{"people": here.people_of(room.name), "awareness": found.carets},
    }


def _all_docs(page: OpenPage) -> int:
    return sum(len(one.docs) for one in hub().live.pages.of_person(page.person_id))


def _content(payload: Payload, name: str, known: bytes | None, update: bytes) -> Payload:
    if payload.get("http") is not True or len(update) <= HTTP_THRESHOLD:
        return {"u": _b64(update)}
    state = quote(_b64(known)) if known and len(known) <= 2_000 else ""
    return {"url": f"/live/documents/{quote(name, safe='')}" + (f"?sv={state}" if state else "")}


def _update(here: Hub, page: OpenPage, payload: Payload, reply: EventReply) -> None:
    name = require_text(payload, "doc", 80)
    room = _joined(here, page, name)
    update = _bytes(payload, "u", MAX_CHUNK_BYTES)
    if "part" in payload or "of" in payload:
        part, of = payload.get("part"), payload.get("of")
        if type(part) is not int or type(of) is not int:
            raise EventRefused(events.INVALID)
        room.require_writer(page.sid)  # nothing is kept for somebody who may only read
        whole = here.parts.add((page.sid, name, require_text(payload, "id", 80)), page.person_id, part, of, update)
        if whole is None:
            reply.ok(part=part)
            return
        update = whole
    room.submit(page.sid, update, reply)


def _awareness(here: Hub, page: OpenPage, payload: Payload, reply: EventReply) -> None:
    room = _joined(here, page, require_text(payload, "doc", 80))
    caret = payload.get("a")
    if not isinstance(caret, str | None):
        raise EventRefused(events.INVALID)
    if caret is not None and len(caret) > MAX_CARET_BYTES:
        raise EventRefused(events.TOO_LARGE)
    for forgotten in page.place_caret(room.name, caret is not None):
        if other := here.rooms.get(forgotten):
            here.move_caret(other, page.sid, None)
    here.move_caret(room, page.sid, caret)
    reply.ok()


def _leave(page: OpenPage, payload: Payload) -> None:
    hub().leave(page, require_text(payload, "doc", 80))


def _joined(here: Hub, page: OpenPage, name: str) -> Room:
    """The room, if the socket is in it. Else Refused: not_joined, or not_found where it may not know of it."""
    room = here.rooms.get(name)
    if room is None or page.sid not in room.members:
        with here.at_database():
            create_member(page.sid, page.person_id, name)
            if _exists(name):
                raise EventRefused(events.NOT_JOINED)
            raise EventRefused(events.NOT_FOUND)
    return room


def _exists(name: str) -> bool:
    try:
        return not document_store.find_document(name).deleted
    except document_store.NoDocument:
        return False


def _state(payload: Payload) -> bytes | None:
    if payload.get("sv") is None:
        return None
    state = _bytes(payload, "sv", MAX_STATE_VECTOR_BYTES)
    try:
        update_decoder.decode_state_vector(state)
    except update_decoder.MalformedUpdate:
        raise EventRefused(events.INVALID) from None
    return state


def _bytes(payload: Payload, key: str, most: int) -> bytes:
    value = payload.get(key)
    if not isinstance(value, str):
        raise EventRefused(events.INVALID)
    if len(value) > (most + 2) // 3 * 4:
        raise EventRefused(events.TOO_LARGE)
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise EventRefused(events.INVALID) from None


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
