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
from klimawerk.collab.author_batches import author_batches
from klimawerk.collab.document_log import DocumentLog
from klimawerk.collab.models import StoredAttribution, Update
from klimawerk.collab.rich_text import Node
from klimawerk.collab.sequence_diff import diff_opcodes
from klimawerk.database import yield_if_due
from klimawerk.extensions import db
from klimawerk.text import visual_key, word_tokens

MERGE_SECONDS = 900  # seconds between two neighbouring stretches of one person that count as one
MAX_WORD_LENGTH = 1_000  # letters
MAX_WORDS = 6_000  # of a rewritten stretch; beyond that all of it is new
MIN_SIMILARITY = 0.7  # share of common letters from which a word counts as the same one, corrected


class AuthorSpan(NamedTuple):
    """So many letters, by a person (None: not known), written until then (seconds since 1970; 0: not known)."""

    characters: int
    by: int | None = None
    at: int = 0


AuthorSpans = list[AuthorSpan]


def carry_attribution(
    old: Sequence[str], new: Sequence[str], spans: AuthorSpans, by: int | None, at: int
) -> AuthorSpans:
    """Whose the letters of `new` are, when those of `old` were `spans`, and what is new is somebody's."""
    first = _common(old, new)
    last = _common(old[first:][::-1], new[first:][::-1])
    before, after = (_with_line_ends(lines[first : len(lines) - last]) for lines in (old, new))
    whose = _SpanQueue(spans)
    head = whose.take(len(_with_line_ends(old[:first])))
    middle = list(_merge_spans(word_tokens(before), word_tokens(after), whose, by, at))
    return _merge_adjacent([*head, *middle, *whose.rest])


class LogReplay:
    """A stored log, gone through batch by batch: its document, and who wrote what in it.

    Others are served between two texts and two batches: 400 updates of twenty people take half a second.
    """

    def __init__(self, log: DocumentLog, fragments: Iterable[str]) -> None:
        self.document: Doc[XmlFragment] = Doc()
        self.document.apply_update(log.state)
        kept = {row.fragment: row.spans for row in _stored_spans(log.id)}
        self.texts: dict[str, FragmentAttribution] = {}
        try:
            for name in fragments:
                self.texts[name] = FragmentAttribution(self.document, name, kept.get(name))
                yield_if_due()
            self._run(log)
        finally:
            for text in self.texts.values():
                text.close()

    def known(self) -> dict[str, AuthorSpans]:
        """What is to be kept: nothing of texts in which nobody is known to have written."""
        return {name: text.spans for name, text in self.texts.items() if any(span.by for span in text.spans)}

    def _run(self, log: DocumentLog) -> None:
        signs = _authorships(log)
        for batch in author_batches((signs.get(seq, (None, 0)), payload) for seq, payload in log.rows):
            for payload in batch.payloads:
                self.document.apply_update(payload)
            self._settle(batch.by, batch.at)

    def _settle(self, by: int | None, at: int) -> None:
        for text in self.texts.values():
            text.settle(by, at)
        yield_if_due()


class FragmentAttribution:
    """One fragment: its lines, and whose their letters are; each line counts one letter more, for its end.

    While the log is gone through only what changed is read again.
    """

    def __init__(self, document: Doc[XmlFragment], name: str, kept: Any) -> None:
        self._fragment = document.get(name, type=XmlFragment)
        self._children = self._read()
        self.lines = self._flat()
        self.spans: AuthorSpans = [AuthorSpan(*one) for one in kept or ()]
        length = len(_with_line_ends(self.lines))
        if sum(span.characters for span in self.spans) != length:
            self.spans = [AuthorSpan(length)]
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
            self.spans = carry_attribution(self.lines, new, self.spans, by, at)
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


class _SpanQueue:
    """Spans in a row, of which stretches are taken from the front."""

    def __init__(self, spans: AuthorSpans) -> None:
        self.rest = deque(spans)

    def take(self, letters: int) -> AuthorSpans:
        found = []
        while letters and self.rest:
            span = self.rest.popleft()
            if span.characters > letters:
                self.rest.appendleft(span._replace(characters=span.characters - letters))
                span = span._replace(characters=letters)
            letters -= span.characters
            found.append(span)
        return found


def _merge_spans(old: list[str], new: list[str], whose: _SpanQueue, by: int | None, at: int) -> Iterator[AuthorSpan]:
    """The new words: those that stayed keep their authors, the others are somebody's."""
    if max(len(old), len(new)) > MAX_WORDS:
        whose.take(sum(map(len, old)))
        yield AuthorSpan(sum(map(len, new)), by, at)
        return
    for same, was, now in _steps(list(map(visual_key, old)), list(map(visual_key, new))):
        before, after = old[was], new[now]
        if same:
            yield from _unchanged_words(before, after, whose)
            continue
        whose_it_was = whose.take(sum(map(len, before)))
        if len(before) == len(after) == 1 and _is_same_word(before[0], after[0]):
            yield max(whose_it_was, key=_characters)._replace(characters=len(after[0]))
        else:
            yield AuthorSpan(sum(map(len, after)), by, at)


def _unchanged_words(old: list[str], new: list[str], whose: _SpanQueue) -> Iterator[AuthorSpan]:
    """Words that look as before are still their authors', however many letters they have now."""
    if old == new:
        yield from whose.take(sum(map(len, old)))
        return
    for before, after in zip(map(len, old), map(len, new), strict=True):
        spans = whose.take(before)
        yield from spans if before == after else [max(spans, key=_characters)._replace(characters=after)]


def _is_same_word(before: str, after: str) -> bool:
    """Whether a word is still the same one; comparing letters takes time with the product of both lengths."""
    before, after = visual_key(before), visual_key(after)
    return (
        max(len(before), len(after)) <= MAX_WORD_LENGTH
        and LCSseq.normalized_similarity(before, after) >= MIN_SIMILARITY
    )


def _steps(old: list[str], new: list[str]) -> list[tuple[bool, slice, slice]]:
    """Where both are the same and where not, in order. What was put in begins as late as it can.

    "Bins. Sacks." out of "Bins." is the same sentence with one behind it, not one put in before the last full stop.
    """
    steps: list[tuple[bool, slice, slice]] = []
    for same, some in groupby(diff_opcodes(old, new), lambda step: step.tag == "equal"):
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


def _merge_adjacent(spans: Iterable[AuthorSpan]) -> AuthorSpans:
    """Neighbours of one hand and about one time are one."""
    found: AuthorSpans = []
    for span in spans:
        last = found[-1] if found else None
        if not span.characters:
            continue
        if last and last.by == span.by and abs(last.at - span.at) <= MERGE_SECONDS:
            found[-1] = AuthorSpan(last.characters + span.characters, span.by, max(last.at, span.at))
        else:
            found.append(span)
    return found


def _characters(span: AuthorSpan) -> int:
    return span.characters


def _with_line_ends(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _lines_of_child(child: Any) -> list[str]:
    return [line for block in rich_text.read_block(child) for line in _lines(block)]


def _lines(node: Node) -> Iterator[str]:
    if node["type"] not in ("bullet_list", "ordered_list", "list_item"):
        yield rich_text.to_plain_text({"content": [node]})
    elif not node.get("content"):
        yield ""
    for child in node.get("content", []) if "list" in node["type"] else ():
        yield from _lines(child)


def _authorships(log: DocumentLog) -> dict[int, tuple[int | None, int]]:
    """By whom each update is, and of when."""
    query = select(Update.seq, Update.by, Update.at).where(Update.document_id == log.id, Update.seq > log.upto)
    return {seq: (by, int(at.timestamp())) for seq, by, at in db.session.execute(query).all()}


def _stored_spans(document_id: int) -> Iterable[StoredAttribution]:
    return db.session.scalars(select(StoredAttribution).where(StoredAttribution.document_id == document_id))
