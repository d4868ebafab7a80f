"""Socket.IO event handlers of live documents: join, update, awareness, leave."""

from __future__ import annotations

import base64
import binascii
import time
from functools import partial
from typing import NamedTuple
from urllib.parse import quote

from pycrdt import Doc, XmlFragment

from klimawerk import database
from klimawerk.collab.room.hub import Hub, hub
from klimawerk.collab.room.room import Room
from klimawerk.collab.room.room_members import RoomMember, create_member
from klimawerk.collab.storage import document_store
from klimawerk.collab.validation import update_decoder
from klimawerk.live import events
from klimawerk.live.handlers import EventRefused, EventReply, Payload, require_text
from klimawerk.live.open_pages import OpenPage
from klimawerk.live.sockets import Live

MAX_DOCS = 300  # documents that one socket may have joined
MAX_DOCS_PER_PERSON = 3_000  # over all sockets of one person
MAX_CHUNK_BYTES = 65_536  # bytes
MAX_CARET_BYTES = 4_000  # characters
HTTP_THRESHOLD = 64_000  # bytes above which a client that asked for it gets a URL instead
MAX_STATE_VECTOR_BYTES = 100_000  # bytes; for some 8,000 clients that ever typed
JOIN_ANSWER_DELAY = 0.03  # seconds for which frames wait, so that the answer to a join arrives first


def init_sockets(live: Live) -> Hub:
    """Register the document events at the Socket.IO server."""
    new_hub = Hub(live)
    live.add_handler(events.DOC_JOIN, _join, lambda _payload: 4.0)  # reading a whole document is more work than most
    live.add_light_handler(events.DOC_UPDATE, partial(_update, new_hub))
    live.add_light_handler(events.DOC_AWARENESS, partial(_awareness, new_hub))
    live.add_handler(events.DOC_LEAVE, _leave)
    return new_hub


def _join(page: OpenPage, payload: Payload) -> Payload:
    name = require_text(payload, "doc", 80)
    if page.schema is not None and page.schema < events.OLDEST_SCHEMA:
        raise EventRefused(events.OUTDATED)
    if name not in page.docs and (len(page.docs) >= MAX_DOCS or _all_docs(page) >= MAX_DOCS_PER_PERSON):
        raise EventRefused(events.TOO_LARGE)
    state = _state(payload)
    while True:
        row = hub().rooms.find(name)
        versions_before = page.rechecks, row.access_rev
        member = create_member(page.sid, page.person_id, name)
        room = hub().rooms.open(name)
        with room.stored_document(row) as document:
            if hub().live.pages.get(page.sid) is not page:
                raise EventRefused(events.LOGIN_REQUIRED)  # the socket was closed meanwhile
            is_current = versions_before == (page.rechecks, room.access_rev)
            join_state = _join_room(page, payload, room, member, document, state) if is_current else None
        if join_state is not None:
            return _join_answer(page, payload, room, member, join_state)
        database.expire_session()  # access rights changed while waiting for the room


class _JoinState(NamedTuple):
    """What a joining client gets: what it lacks, the server's state vector, the last number, and all carets."""

    known: bytes | None
    update: bytes
    vector: bytes
    seq: int
    carets: list[Payload]


def _join_room(
    page: OpenPage, payload: Payload, room: Room, member: RoomMember, document: Doc[XmlFragment], state: bytes | None
) -> _JoinState:
    """Add the member first, then read the document, so that no update is missed in between. Does not wait."""
    room.relay_after = max(room.relay_after, time.monotonic() + JOIN_ANSWER_DELAY)
    member.sent_seq, member.sent_access = room.seq, room.write_access(member)
    room.members[page.sid] = member
    page.docs.add(room.name)
    hub().live.server.enter_room(page.sid, events.doc_room(room.name))
    known = state if payload.get("gen") in (None, room.gen) else None
    carets = [{"sid": sid, "a": caret} for sid, caret in room.carets.items()]
    return _JoinState(known, document.get_update(known), document.get_state(), room.seq, carets)


def _join_answer(page: OpenPage, payload: Payload, room: Room, member: RoomMember, join_state: _JoinState) -> Payload:
    doc_hub = hub()
    if not doc_hub.live.pages.may_download(page.person_id, len(join_state.update)):
        doc_hub.leave(page, room.name)
        raise EventRefused(events.RATE)
    doc_hub.announce_member(member, room.name)
    write, reason, by = member.sent_access
    return {
        **_content(payload, room.name, join_state.known, join_state.update),
        **{
            "gen": room.gen,
            "sv": _b64(join_state.vector),
            "seq": join_state.seq,
            "write": write,
            "reason": reason,
            "by": by,
        },
        **{"people": doc_hub.people_of(room.name), "awareness": join_state.carets},
    }


def _all_docs(page: OpenPage) -> int:
    return sum(len(open_page.docs) for open_page in hub().live.pages.of_person(page.person_id))


def _content(payload: Payload, name: str, known: bytes | None, update: bytes) -> Payload:
    if payload.get("http") is not True or len(update) <= HTTP_THRESHOLD:
        return {"u": _b64(update)}
    state = quote(_b64(known)) if known and len(known) <= 2_000 else ""
    return {"url": f"/live/documents/{quote(name, safe='')}" + (f"?sv={state}" if state else "")}


def _update(doc_hub: Hub, page: OpenPage, payload: Payload, reply: EventReply) -> None:
    name = require_text(payload, "doc", 80)
    room = _joined(doc_hub, page, name)
    update = _bytes(payload, "u", MAX_CHUNK_BYTES)
    if "part" in payload or "of" in payload:
        part, of = payload.get("part"), payload.get("of")
        if type(part) is not int or type(of) is not int:
            raise EventRefused(events.INVALID)
        room.require_writer(page.sid)  # buffer nothing for readers
        whole = doc_hub.parts.add((page.sid, name, require_text(payload, "id", 80)), page.person_id, part, of, update)
        if whole is None:
            reply.ok(part=part)
            return
        update = whole
    room.submit(page.sid, update, reply)


def _awareness(doc_hub: Hub, page: OpenPage, payload: Payload, reply: EventReply) -> None:
    room = _joined(doc_hub, page, require_text(payload, "doc", 80))
    caret = payload.get("a")
    if not isinstance(caret, str | None):
        raise EventRefused(events.INVALID)
    if caret is not None and len(caret) > MAX_CARET_BYTES:
        raise EventRefused(events.TOO_LARGE)
    for dropped in page.place_caret(room.name, caret is not None):
        if other_room := doc_hub.rooms.get(dropped):
            doc_hub.move_caret(other_room, page.sid, None)
    doc_hub.move_caret(room, page.sid, caret)
    reply.ok()


def _leave(page: OpenPage, payload: Payload) -> None:
    hub().leave(page, require_text(payload, "doc", 80))


def _joined(doc_hub: Hub, page: OpenPage, name: str) -> Room:
    """The room, if the socket is a member. Else EventRefused: not_joined, or not_found where the person may not know of
    it."""
    room = doc_hub.rooms.get(name)
    if room is None or page.sid not in room.members:
        with doc_hub.database_context():
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


def _bytes(payload: Payload, key: str, max_bytes: int) -> bytes:
    value = payload.get(key)
    if not isinstance(value, str):
        raise EventRefused(events.INVALID)
    if len(value) > (max_bytes + 2) // 3 * 4:
        raise EventRefused(events.TOO_LARGE)
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise EventRefused(events.INVALID) from None


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
