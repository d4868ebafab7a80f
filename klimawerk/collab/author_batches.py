"""A log in batches of one hand each, as few as can be.

What several people wrote side by side within some seconds is put in order person by person, so that the text need be
looked at once for each of them and not once for each letter. Nobody's edits come before what they were put beside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from klimawerk.collab import update_decoder

ALONE, BATCH_SECONDS = 300, 10  # seconds that a batch lasts where one person writes, and where several do
Authorship = tuple[int | None, int]  # by whom, and when (seconds since 1970)


@dataclass
class AuthorBatch:
    by: int | None
    at: int
    payloads: list[bytes] = field(default_factory=list)


def author_batches(rows: Iterable[tuple[Authorship, bytes]]) -> Iterator[AuthorBatch]:
    """The updates of `rows`, which are in the order of the log."""
    window = _OpenBatches()
    for (by, at), payload in rows:
        parsed = _parsed(payload)
        if not window.takes(by, at, parsed):
            yield from window.hands.values()
            window = _OpenBatches()
        window.add(by, at, payload, parsed)
    yield from window.hands.values()


def _parsed(payload: bytes) -> update_decoder.DecodedUpdate:
    stroke = update_decoder.keystroke(payload)
    return update_decoder.decode_update(payload) if stroke is None else update_decoder.DecodedUpdate([stroke], [])


class _OpenBatches:
    """What was written within some seconds, person by person; nothing in it was put beside another one's."""

    def __init__(self) -> None:
        self.hands: dict[int | None, AuthorBatch] = {}
        self._at: int | None = None
        self._new: dict[int, tuple[int | None, int]] = {}

    def takes(self, by: int | None, at: int, parsed: update_decoder.DecodedUpdate) -> bool:
        longest = ALONE if self.hands.keys() <= {by} else BATCH_SECONDS
        begun = at if self._at is None else self._at
        return at - begun <= longest and all(self._may_touch(by, *place) for place in _referenced_items(parsed))

    def add(self, by: int | None, at: int, payload: bytes, parsed: update_decoder.DecodedUpdate) -> None:
        self._at = at if self._at is None else self._at
        self.hands.setdefault(by, AuthorBatch(by, at)).payloads.append(payload)
        for struct in parsed.structs:
            self._new.setdefault(struct.client, (by, struct.clock))

    def _may_touch(self, by: int | None, client: int, clock: int) -> bool:
        """Whether that was there before, or is of the same hand."""
        whose, since = self._new.get(client, (by, 0))
        return whose == by or clock < since


def _referenced_items(parsed: update_decoder.DecodedUpdate) -> Iterator[update_decoder.Id]:
    """What an update says that it follows, is put before, stands in, or deletes."""
    for struct in parsed.structs:
        yield struct.client, struct.clock - 1
        yield from (beside for beside in (struct.origin, struct.right, struct.parent) if beside is not None)
    for client, clock, length in parsed.deletes:
        yield client, clock + length - 1
