"""Whether the database takes anything. Once it does not, everybody is told, and told again when it does."""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from klimawerk.database import writing
from klimawerk.live import changes, events
from klimawerk.live.keeper import Keeper

log = logging.getLogger(__name__)
PROBE = "storage"  # a topic that nobody watches
CONVINCED = 2  # tries in a row that have to succeed: a nearly full disk takes a little now and then


class Storage:
    """One per process. `able`: as far as we know."""

    def __init__(self, server: Any, keeper: Keeper) -> None:
        self._server, self._keeper = server, keeper
        self.able = True
        self._succeeded = 0
        keeper.each_second(self._look)

    def failed(self) -> None:
        """Something could not be stored. Cheap, and safe to call from anywhere."""
        if self.able:
            self.able, self._succeeded = False, 0
            log.error("the database takes nothing; everybody is told, and it is tried again every second")
            self._keeper.soon(self._tell)

    def greet(self, sid: str) -> None:
        """A page that comes while nothing can be stored is told at once."""
        if not self.able:
            self._server.emit(events.STORING, {"able": False}, to=sid)

    def _look(self) -> None:
        if self.able:
            return
        try:
            with writing():
                changes.note(PROBE)
        except SQLAlchemyError:
            self._succeeded = 0
            return
        self._succeeded += 1
        if self._succeeded < CONVINCED:
            return
        self.able = True
        log.warning("the database takes everything again")
        self._tell()

    def _tell(self) -> None:
        self._server.emit(events.STORING, {"able": self.able})
