"""An update that waits for the disk too long is answered with an error, once."""

from __future__ import annotations

import time
from typing import Any, cast

from flask import Flask

from klimawerk.collab.room.committer import Committer
from klimawerk.collab.room.room import PendingUpdate, Room
from klimawerk.collab.room.room_members import NO_ACCESS, RoomMember
from klimawerk.live.handlers import COMMIT_TIMEOUT, EventReply, Payload


def entry(answers: list[Payload], waited: float) -> PendingUpdate:
    room = cast(Room, None)
    return PendingUpdate(
        room, RoomMember("sid", 1, NO_ACCESS), b"", 0, 0, time.monotonic() - waited, EventReply(answers.append)
    )


def test_an_edit_that_waits_for_the_disk_too_long_is_answered_and_another_one_is_not() -> None:
    late_answers: list[Payload] = []
    early_answers: list[Payload] = []
    committer = Committer(cast(Flask, None), lambda _run: None, cast(Any, None), cast(Any, None))
    late_entry = entry(late_answers, COMMIT_TIMEOUT + 1)
    committer.put(late_entry)
    committer.put(entry(early_answers, COMMIT_TIMEOUT - 5))
    committer.refuse_overdue()
    committer.refuse_overdue()
    assert late_answers == [{"ok": False, "error": "unavailable"}]
    assert early_answers == []
    late_entry.finish(7)  # stored in the end; its writer has got an error and sends it again
    assert len(late_answers) == 1
