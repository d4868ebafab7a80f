"""Who is in a room, and what leaves it: updates on their way to the disk and to the others."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from klimawerk.collab import access
from klimawerk.collab.access import Access
from klimawerk.live import events
from klimawerk.live.doors import Refused

if TYPE_CHECKING:
    from klimawerk.collab.room import Room

NOTHING = Access(read=False, write=False)


@dataclass(eq=False)
class Member:
    """A socket that joined. `told`: the last (write, reason, by) it was told; `sent`: up to which number it has been
    told of updates; `wrote_at`: when it last wrote (monotonic seconds)."""

    sid: str
    person_id: int
    access: Access
    told: tuple[bool, str, str] = (False, "", "")
    sent: int = 0
    wrote_at: float = -math.inf


def member(page_sid: str, person_id: int, doc: str) -> Member:
    """A member for the room. Refused("not_found") where the person may not know of the document."""
    found = access.of(person_id, doc)
    if found is None:
        raise Refused(events.NOT_FOUND)
    return Member(page_sid, person_id, found)


@dataclass(eq=False)
class Entry:
    """An update on its way to the disk; `payload` None: it brought nothing new, and waits for what it doubles."""

    room: Room
    member: Member
    payload: bytes | None
    epoch: int
    access_rev: int
    done: threading.Event = field(default_factory=threading.Event)
    seq: int = 0
    error: str = ""

    def finish(self, seq: int = 0, error: str = "") -> None:
        self.seq, self.error = seq, error
        self.done.set()


@dataclass(frozen=True)
class Relay:
    """An update for the others since `at`: `sid` is its writer's, "" for one that came from elsewhere."""

    seq: int
    sid: str
    payload: bytes
    at: float = field(default_factory=time.monotonic)


class Desk(Protocol):
    """Where a room puts what leaves it."""

    def to_disk(self, entry: Entry) -> None:
        """An update wants to be stored."""

    def to_members(self, room: Room) -> None:
        """Something waits for the room's members."""

    def affords(self, person_id: int, steps: int) -> bool:
        """Whether the person's words may take so many steps of merging now."""
