"""A document in memory with its validator: applies updates of the log, and judges and applies those of clients."""

from __future__ import annotations

import logging
from collections.abc import Callable

from pycrdt import Doc, XmlFragment

from klimawerk.collab.document_log import DocumentLog
from klimawerk.collab.validation.validator import UpdateValidator
from klimawerk.live import events
from klimawerk.live.handlers import EventRefused

log = logging.getLogger(__name__)
MAX_STATE_BYTES, SMALL_UPDATE_BYTES = (
    4_000_000,
    200,
)  # bytes of a document's state; of an update that may still come in, to delete
MAX_UNRECORDED = 1_000  # updates that may wait for the validator


class ReplicaBroken(EventRefused):
    """An update was applied only in part: the replica cannot be trusted any more."""


class Replica:
    """Made from what is stored; the caller holds the room's lock.

    Readers need no validator: it reads the log only when the first member writes (0.4 s for a document with 200,000
    edits; opening it takes a tenth of that).
    """

    def __init__(self, stored: DocumentLog, fragments: set[str]) -> None:
        self.doc: Doc[XmlFragment] = Doc()
        self._validator = UpdateValidator(fragments)
        self._unrecorded: list[bytes] = []
        self._size = 0
        for payload in (stored.state, *(payload for _, payload in stored.rows)):
            self.learn(payload)

    def learn(self, payload: bytes) -> None:
        """Apply an update of the log, which was judged before."""
        self._unrecorded.append(payload)
        self.doc.apply_update(payload)
        self._size += len(payload)
        if len(self._unrecorded) > MAX_UNRECORDED:
            self._record_unrecorded()

    def apply(self, payload: bytes, affordable: Callable[[int], bool] = lambda _steps: True) -> bool:
        """Judge and apply a client's update. False when it changed nothing. Raises EventRefused, ReplicaBroken.

        `affordable(steps)`: whether the rate limit of its writer grants so much merge cost now.
        """
        if self._size + len(payload) > MAX_STATE_BYTES:
            self._size = len(self.doc.get_update())
            if self._size + len(payload) > MAX_STATE_BYTES and len(payload) > SMALL_UPDATE_BYTES:
                raise EventRefused(events.TOO_LARGE)
        self._record_unrecorded()
        parsed = self._validator.judge(payload, affordable)
        try:
            new = self._apply(payload) if parsed.structs else self._apply_deletions(payload)
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:  # panics of pycrdt are no Exceptions
            log.warning("an update was not applied: %s", type(error).__name__)
            raise ReplicaBroken(events.INVALID) from None
        self._size += len(payload)
        return new

    def _record_unrecorded(self) -> None:
        for payload in self._unrecorded:
            self._validator.learn(payload)
        self._unrecorded.clear()

    def _apply(self, payload: bytes) -> bool:
        self.doc.apply_update(payload)
        return True

    def _apply_deletions(self, payload: bytes) -> bool:
        """Apply an update that only deletes. Only an observer learns whether that changed anything, and an observer
        makes every keystroke slower, so there is one only here."""
        fired: list[int] = []
        subscription = self.doc.observe(lambda _event: fired.append(1))
        try:
            self.doc.apply_update(payload)
        finally:
            self.doc.unobserve(subscription)
        return bool(fired)
