"""Groups a log into batches of one author each, as few as possible, for attribution.

Updates that several people wrote within some seconds are sorted by author, so the text is compared once per author and
not once per keystroke. No update moves before one whose items it refers to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from klimawerk.collab.validation import update_decoder

SOLE_AUTHOR_SECONDS, BATCH_SECONDS = 300, 10  # longest batch in seconds: with one author, with several
Authorship = tuple[int | None, int]  # person (None: not known), seconds since 1970


@dataclass
class AuthorBatch:
    by: int | None
    at: int
    payloads: list[bytes] = field(default_factory=list)


def author_batches(rows: Iterable[tuple[Authorship, bytes]]) -> Iterator[AuthorBatch]:
    """The updates of `rows`, which are in the order of the log, as batches."""
    open_batches = _OpenBatches()
    for (by, at), payload in rows:
        parsed = _decoded(payload)
        if not open_batches.accepts(by, at, parsed):
            yield from open_batches.by_author.values()
            open_batches = _OpenBatches()
        open_batches.add(by, at, payload, parsed)
    yield from open_batches.by_author.values()


def _decoded(payload: bytes) -> update_decoder.DecodedUpdate:
    keystroke = update_decoder.keystroke(payload)
    return update_decoder.decode_update(payload) if keystroke is None else update_decoder.DecodedUpdate([keystroke], [])


class _OpenBatches:
    """Batches of the current time window, one per author; none of them refers to new items of another one."""

    def __init__(self) -> None:
        self.by_author: dict[int | None, AuthorBatch] = {}
        self._began_at: int | None = None
        self._new_items: dict[int, tuple[int | None, int]] = {}

    def accepts(self, by: int | None, at: int, parsed: update_decoder.DecodedUpdate) -> bool:
        longest = SOLE_AUTHOR_SECONDS if self.by_author.keys() <= {by} else BATCH_SECONDS
        began = at if self._began_at is None else self._began_at
        return at - began <= longest and all(self._may_touch(by, *item) for item in _referenced_items(parsed))

    def add(self, by: int | None, at: int, payload: bytes, parsed: update_decoder.DecodedUpdate) -> None:
        self._began_at = at if self._began_at is None else self._began_at
        self.by_author.setdefault(by, AuthorBatch(by, at)).payloads.append(payload)
        for struct in parsed.structs:
            self._new_items.setdefault(struct.client, (by, struct.clock))

    def _may_touch(self, by: int | None, client: int, clock: int) -> bool:
        """Whether the item was there before this window, or is by the same author."""
        author, since = self._new_items.get(client, (by, 0))
        return author == by or clock < since


def _referenced_items(parsed: update_decoder.DecodedUpdate) -> Iterator[update_decoder.Id]:
    """Ids of the items that an update refers to: predecessor, neighbours, parent, deleted ones."""
    for struct in parsed.structs:
        yield struct.client, struct.clock - 1
        yield from (id_ for id_ in (struct.origin, struct.right, struct.parent) if id_ is not None)
    for client, clock, length in parsed.deletes:
        yield client, clock + length - 1
