"""Who wrote which words of a text, and when: read from what stood there before and after each batch of the log.

Structure is ignored: a paragraph that becomes a heading or goes into a list keeps its authors; so does a word in which
somebody only mends a letter. The batches are those of `author_batches.py`.
Before compaction forgets how the log was divided, what it says is folded into `Passages`; when somebody asks, the log
behind that is read on top.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from pycrdt import Doc, XmlFragment
from rapidfuzz.distance import LCSseq
from sqlalchemy import select

from klimawerk.collab import rich_text
from klimawerk.collab.author_batches import batches
from klimawerk.collab.document_log import Log
from klimawerk.collab.models import Passages, Update
from klimawerk.collab.rich_text import Node
from klimawerk.collab.sequence_diff import opcodes
from klimawerk.database import yield_if_due
from klimawerk.extensions import db
from klimawerk.text import visual_key, word_tokens

NEAR = 900  # seconds between two neighbouring stretches of one person that count as one
LONGEST_WORD = 1_000  # letters
MOST_WORDS = 6_000  # of a rewritten stretch; beyond that all of it is new
MENDED = 0.7  # share of common letters from which a word counts as the same one, corrected


class Span(NamedTuple):
    """So many letters, by a person (None: not known), written until then (seconds since 1970; 0: not known)."""

    letters: int
    by: int | None = None
    at: int = 0


Spans = list[Span]


def carried(old: Sequence[str], new: Sequence[str], spans: Spans, by: int | None, at: int) -> Spans:
    """Whose the letters of `new` are, when those of `old` were `spans`, and what is new is somebody's."""
    first = _common(old, new)
    last = _common(old[first:][::-1], new[first:][::-1])
    before, after = (_ended(lines[first : len(lines) - last]) for lines in (old, new))
    whose = _Row(spans)
    head = whose.take(len(_ended(old[:first])))
    middle = list(_woven(word_tokens(before), word_tokens(after), whose, by, at))
    return _joined([*head, *middle, *whose.rest])


class Replay:
    """A stored log, gone through batch by batch: its document, and who wrote what in it.

    Others are served between two texts and two batches: 400 updates of twenty people take half a second.
    """

    def __init__(self, log: Log, fragments: Iterable[str]) -> None:
        self.document: Doc[XmlFragment] = Doc()
        self.document.apply_update(log.state)
        kept = {row.fragment: row.spans for row in _kept(log.id)}
        self.texts: dict[str, Written] = {}
        try:
            for name in fragments:
                self.texts[name] = Written(self.document, name, kept.get(name))
                yield_if_due()
            self._run(log)
        finally:
            for text in self.texts.values():
                text.close()

    def known(self) -> dict[str, Spans]:
        """What is to be kept: nothing of texts in which nobody is known to have written."""
        return {name: text.spans for name, text in self.texts.items() if any(span.by for span in text.spans)}

    def _run(self, log: Log) -> None:
        signs = _signs(log)
        for batch in batches((signs.get(seq, (None, 0)), payload) for seq, payload in log.rows):
            for payload in batch.payloads:
                self.document.apply_update(payload)
            self._settle(batch.by, batch.at)

    def _settle(self, by: int | None, at: int) -> None:
        for text in self.texts.values():
            text.settle(by, at)
        yield_if_due()


class Written:
    """One fragment: its lines, and whose their letters are; each line counts one letter more, for its end.

    While the log is gone through only what changed is read again.
    """

    def __init__(self, document: Doc[XmlFragment], name: str, kept: Any) -> None:
        self._fragment = document.get(name, type=XmlFragment)
        self._children = self._read()
        self.lines = self._flat()
        self.spans: Spans = [Span(*one) for one in kept or ()]
        length = len(_ended(self.lines))
        if sum(span.letters for span in self.spans) != length:
            self.spans = [Span(length)]
        self._changed: set[int] = set()
        self._rebuilt = False
        self._heard = self._fragment.observe_deep(self._hear)

    def settle(self, by: int | None, at: int) -> None:
        """What changed since the last time is this person's."""
        if self._rebuilt:
            self._children = self._read()
        for index in self._changed if not self._rebuilt else ():
            self._children[index] = _lines_of_child(self._fragment.children[index])
        if self._rebuilt or self._changed:
            new = self._flat()
            self.spans = carried(self.lines, new, self.spans, by, at)
            self.lines = new
        self._changed, self._rebuilt = set(), False

    def close(self) -> None:
        """Nothing more is heard; else the library would keep all of this."""
        self._fragment.unobserve(self._heard)

    def _hear(self, events: Iterable[Any]) -> None:
        for event in events:
            if event.path:
                self._changed.add(event.path[0])
            else:
                self._rebuilt = True

    def _read(self) -> list[list[str]]:
        return [_lines_of_child(child) for child in self._fragment.children]

    def _flat(self) -> list[str]:
        return [line for lines in self._children for line in lines]


class _Row:
    """Spans in a row, of which stretches are taken from the front."""

    def __init__(self, spans: Spans) -> None:
        self.rest = deque(spans)

    def take(self, letters: int) -> Spans:
        found = []
        while letters and self.rest:
            span = self.rest.popleft()
            if span.letters > letters:
                self.rest.appendleft(span._replace(letters=span.letters - letters))
                span = span._replace(letters=letters)
            letters -= span.letters
            found.append(span)
        return found


def _woven(old: list[str], new: list[str], whose: _Row, by: int | None, at: int) -> Iterator[Span]:
    """The new words: those that stayed keep their authors, the others are somebody's."""
    if max(len(old), len(new)) > MOST_WORDS:
        whose.take(sum(map(len, old)))
        yield Span(sum(map(len, new)), by, at)
        return
    for same, was, now in _steps(list(map(visual_key, old)), list(map(visual_key, new))):
        before, after = old[was], new[now]
        if same:
            yield from _stayed(before, after, whose)
            continue
        whose_it_was = whose.take(sum(map(len, before)))
        if len(before) == len(after) == 1 and _is_mended(before[0], after[0]):
            yield max(whose_it_was, key=_letters)._replace(letters=len(after[0]))
        else:
            yield Span(sum(map(len, after)), by, at)


def _stayed(old: list[str], new: list[str], whose: _Row) -> Iterator[Span]:
    """Words that look as before are still their authors', however many letters they have now."""
    if old == new:
        yield from whose.take(sum(map(len, old)))
        return
    for before, after in zip(map(len, old), map(len, new), strict=True):
        spans = whose.take(before)
        yield from spans if before == after else [max(spans, key=_letters)._replace(letters=after)]


def _is_mended(before: str, after: str) -> bool:
    """Whether a word is still the same one; comparing letters takes time with the product of both lengths."""
    before, after = visual_key(before), visual_key(after)
    return max(len(before), len(after)) <= LONGEST_WORD and LCSseq.normalized_similarity(before, after) >= MENDED


def _steps(old: list[str], new: list[str]) -> list[tuple[bool, slice, slice]]:
    """Where both are the same and where not, in order. What was put in begins as late as it can.

    "Bins. Sacks." out of "Bins." is the same sentence with one behind it, not one put in before the last full stop.
    """
    steps: list[tuple[bool, slice, slice]] = []
    for same, some in groupby(opcodes(old, new), lambda step: step.tag == "equal"):
        found = list(some)
        was = slice(found[0].src_start, found[-1].src_end)
        now = slice(found[0].dest_start, found[-1].dest_end)
        if same and steps and steps[-1][1].start == steps[-1][1].stop:
            put_in = steps.pop()[2]
            by = _common(new[put_in.start :], new[now])
            steps.append((True, slice(was.start, was.start + by), slice(put_in.start, put_in.start + by)))
            steps.append((False, slice(was.start + by, was.start + by), slice(put_in.start + by, put_in.stop + by)))
            was, now = slice(was.start + by, was.stop), slice(now.start + by, now.stop)
        steps.append((same, was, now))
    return steps


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    """How many of the first ones are the same."""
    return next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _joined(spans: Iterable[Span]) -> Spans:
    """Neighbours of one hand and about one time are one."""
    found: Spans = []
    for span in spans:
        last = found[-1] if found else None
        if not span.letters:
            continue
        if last and last.by == span.by and abs(last.at - span.at) <= NEAR:
            found[-1] = Span(last.letters + span.letters, span.by, max(last.at, span.at))
        else:
            found.append(span)
    return found


def _letters(span: Span) -> int:
    return span.letters


def _ended(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _lines_of_child(child: Any) -> list[str]:
    return [line for block in rich_text.block_of(child) for line in _lines(block)]


def _lines(node: Node) -> Iterator[str]:
    if node["type"] not in ("bullet_list", "ordered_list", "list_item"):
        yield rich_text.to_plain({"content": [node]})
    elif not node.get("content"):
        yield ""
    for child in node.get("content", []) if "list" in node["type"] else ():
        yield from _lines(child)


def _signs(log: Log) -> dict[int, tuple[int | None, int]]:
    """By whom each update is, and of when."""
    query = select(Update.seq, Update.by, Update.at).where(Update.document_id == log.id, Update.seq > log.upto)
    return {seq: (by, int(at.timestamp())) for seq, by, at in db.session.execute(query).all()}


def _kept(document_id: int) -> Iterable[Passages]:
    return db.session.scalars(select(Passages).where(Passages.document_id == document_id))
