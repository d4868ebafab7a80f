"""Members of a room, and updates that are relayed to them."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from klimawerk.collab import access
from klimawerk.collab.access import DocumentAccess
from klimawerk.live import events
from klimawerk.live.handlers import EventRefused

NO_ACCESS = DocumentAccess(read=False, write=False)


@dataclass(eq=False)
class RoomMember:
    """A socket that joined. `sent_access`: the last (write, reason, by) that was sent to it; `sent_seq`: number of the
    last update that was sent to it; `wrote_at`: when it last wrote (monotonic seconds)."""

    sid: str
    person_id: int
    access: DocumentAccess
    sent_access: tuple[bool, str, str] = (False, "", "")
    sent_seq: int = 0
    wrote_at: float = -math.inf


def create_member(page_sid: str, person_id: int, doc: str) -> RoomMember:
    """A member for the room. EventRefused("not_found") where the person may not know of the document."""
    document_access = access.access_of(person_id, doc)
    if document_access is None:
        raise EventRefused(events.NOT_FOUND)
    return RoomMember(page_sid, person_id, document_access)


@dataclass(frozen=True)
class RelayedUpdate:
    """A stored update that waits for members since `at` (monotonic seconds). `sid`: the writer's socket, "" for an
    update from elsewhere."""

    seq: int
    sid: str
    payload: bytes
    at: float = field(default_factory=time.monotonic)
