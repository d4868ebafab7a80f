"""A document in memory, with what is known of it, and the judgement over what clients want to add."""

from __future__ import annotations

import logging
from collections.abc import Callable

from pycrdt import Doc, XmlFragment

from klimawerk.collab.document_log import DocumentLog
from klimawerk.collab.validator import UpdateValidator
from klimawerk.live import events
from klimawerk.live.handlers import EventRefused

log = logging.getLogger(__name__)
LARGEST, SMALL = 4_000_000, 200  # bytes of a document's state; of an update that may still come in, to delete
UNKNOWN_COST = 1_000  # updates that may wait to be studied


class ReplicaBroken(EventRefused):
    """An update could be applied in part alone: the replica cannot be trusted any more."""


class Replica:
    """Made from what is stored; whoever uses it holds the room's lock.

    Who only reads needs no judgement: what is in the log is studied when the first one writes (0.4 s for a document
    with 200,000 edits behind it, where opening it takes a tenth of that).
    """

    def __init__(self, stored: DocumentLog, fragments: set[str]) -> None:
        self.doc: Doc[XmlFragment] = Doc()
        self._knowledge = UpdateValidator(fragments)
        self._unread: list[bytes] = []
        self._size = 0
        for payload in (stored.state, *(payload for _, payload in stored.rows)):
            self.learn(payload)

    def learn(self, payload: bytes) -> None:
        """Take in what is in the log, so was judged before."""
        self._unread.append(payload)
        self.doc.apply_update(payload)
        self._size += len(payload)
        if len(self._unread) > UNKNOWN_COST:
            self._study()

    def apply(self, payload: bytes, affordable: Callable[[int], bool] = lambda _steps: True) -> bool:
        """Apply a client's update. False when it brought nothing new. Raises Refused, Broken.

        `affordable(steps)`: whether its writer may cause so much work now.
        """
        if self._size + len(payload) > LARGEST:
            self._size = len(self.doc.get_update())
            if self._size + len(payload) > LARGEST and len(payload) > SMALL:
                raise EventRefused(events.TOO_LARGE)
        self._study()
        parsed = self._knowledge.judge(payload, affordable)
        try:
            new = self._take(payload) if parsed.structs else self._is_news(payload)
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:  # the library's panics are no Exceptions
            log.warning("an update was not applied: %s", type(error).__name__)
            raise ReplicaBroken(events.INVALID) from None
        self._size += len(payload)
        return new

    def _study(self) -> None:
        for payload in self._unread:
            self._knowledge.learn(payload)
        self._unread.clear()

    def _take(self, payload: bytes) -> bool:
        self.doc.apply_update(payload)
        return True

    def _is_news(self, payload: bytes) -> bool:
        """Take in what speaks of deletions alone. Whether they were new the library tells observers only, for whom it
        makes every letter dearer; so there are none for letters."""
        fired: list[int] = []
        subscription = self.doc.observe(lambda _event: fired.append(1))
        try:
            self.doc.apply_update(payload)
        finally:
            self.doc.unobserve(subscription)
        return bool(fired)
