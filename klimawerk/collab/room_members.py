"""Who is in a room, and what is on its way to them."""

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
    """A socket that joined. `told`: the last (write, reason, by) it was told; `sent`: up to which number it has been
    told of updates; `wrote_at`: when it last wrote (monotonic seconds)."""

    sid: str
    person_id: int
    access: DocumentAccess
    told: tuple[bool, str, str] = (False, "", "")
    sent: int = 0
    wrote_at: float = -math.inf


def create_member(page_sid: str, person_id: int, doc: str) -> RoomMember:
    """A member for the room. Refused("not_found") where the person may not know of the document."""
    found = access.access_of(person_id, doc)
    if found is None:
        raise EventRefused(events.NOT_FOUND)
    return RoomMember(page_sid, person_id, found)


@dataclass(frozen=True)
class RelayedUpdate:
    """An update for the others since `at`: `sid` is its writer's, "" for one that came from elsewhere."""

    seq: int
    sid: str
    payload: bytes
    at: float = field(default_factory=time.monotonic)
