"""Attribution: who wrote which words of a text, and when, computed by comparing the text before and after each batch.

Structure is ignored: a paragraph that becomes a heading or moves into a list keeps its authors, and so does a word in
which another person corrects a character. The batches are those of `author_batches.py`.

Compaction stores the attribution (`StoredAttribution`) before it forgets how the log was divided; a query reads the log
after that on top.
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
from klimawerk.collab.attribution.author_batches import author_batches
from klimawerk.collab.document_log import DocumentLog
from klimawerk.collab.models import StoredAttribution, Update
from klimawerk.collab.rich_text import Node
from klimawerk.collab.sequence_diff import diff_opcodes
from klimawerk.database import yield_if_due
from klimawerk.extensions import db
from klimawerk.text import visual_key, word_tokens

MERGE_SECONDS = 900  # neighbouring spans of one person are merged up to so many seconds apart
MAX_WORD_LENGTH = 1_000  # characters of a word that is compared character by character
MAX_WORDS = 6_000  # of a rewritten passage; a longer one is attributed to its author as a whole
MIN_SIMILARITY = 0.7  # share of common characters from which a changed word counts as the same word, corrected


class AuthorSpan(NamedTuple):
    """A run of characters by one person (None: not known), written at that time (seconds since 1970; 0: not known)."""

    characters: int
    by: int | None = None
    at: int = 0


AuthorSpans = list[AuthorSpan]


def carry_attribution(
    old: Sequence[str], new: Sequence[str], spans: AuthorSpans, by: int | None, at: int
) -> AuthorSpans:
    """Attribution of each character of `new`, given the attribution `spans` of `old`; inserted characters belong to
    `by`.

    `old` and `new` are lines; each line counts one character more, for its end. `at`: seconds since 1970.
    """
    first = _common_prefix(old, new)
    last = _common_prefix(old[first:][::-1], new[first:][::-1])
    before, after = (_with_line_ends(lines[first : len(lines) - last]) for lines in (old, new))
    queue = _SpanQueue(spans)
    head = queue.take(len(_with_line_ends(old[:first])))
    middle = list(_merge_spans(word_tokens(before), word_tokens(after), queue, by, at))
    return _merge_adjacent([*head, *middle, *queue.remaining])


class LogReplay:
    """Replays a stored log batch by batch; afterwards it holds the document and the attribution of its fragments.

    It yields to the event loop between two texts and two batches: 400 updates of twenty people take half a second.
    """

    def __init__(self, log: DocumentLog, fragments: Iterable[str]) -> None:
        self.document: Doc[XmlFragment] = Doc()
        self.document.apply_update(log.state)
        stored = {row.fragment: row.spans for row in _stored_spans(log.id)}
        self.texts: dict[str, FragmentAttribution] = {}
        try:
            for name in fragments:
                self.texts[name] = FragmentAttribution(self.document, name, stored.get(name))
                yield_if_due()
            self._run(log)
        finally:
            for text in self.texts.values():
                text.close()

    def known_spans(self) -> dict[str, AuthorSpans]:
        """Spans to be stored; fragments without any known author are left out."""
        return {name: text.spans for name, text in self.texts.items() if any(span.by for span in text.spans)}

    def _run(self, log: DocumentLog) -> None:
        authorships = _authorships(log)
        for batch in author_batches((authorships.get(seq, (None, 0)), payload) for seq, payload in log.rows):
            for payload in batch.payloads:
                self.document.apply_update(payload)
            self._attribute_batch(batch.by, batch.at)

    def _attribute_batch(self, by: int | None, at: int) -> None:
        for text in self.texts.values():
            text.attribute_changes(by, at)
        yield_if_due()


class FragmentAttribution:
    """Lines and attribution of one fragment; each line counts one character more, for its end.

    During a replay only what changed is read again.
    """

    def __init__(self, document: Doc[XmlFragment], name: str, stored: Any) -> None:
        self._fragment = document.get(name, type=XmlFragment)
        self._children = self._read_children()
        self.lines = self._all_lines()
        self.spans: AuthorSpans = [AuthorSpan(*span) for span in stored or ()]
        length = len(_with_line_ends(self.lines))
        if sum(span.characters for span in self.spans) != length:
            self.spans = [AuthorSpan(length)]
        self._changed_children: set[int] = set()
        self._rebuilt = False
        self._subscription = self._fragment.observe_deep(self._note_events)

    def attribute_changes(self, by: int | None, at: int) -> None:
        """Attribute to this person what changed since the last call."""
        if self._rebuilt:
            self._children = self._read_children()
        for index in self._changed_children if not self._rebuilt else ():
            self._children[index] = _child_lines(self._fragment.children[index])
        if self._rebuilt or self._changed_children:
            new = self._all_lines()
            self.spans = carry_attribution(self.lines, new, self.spans, by, at)
            self.lines = new
        self._changed_children, self._rebuilt = set(), False

    def close(self) -> None:
        """End the observation; otherwise the library would keep all of this in memory."""
        self._fragment.unobserve(self._subscription)

    def _note_events(self, events: Iterable[Any]) -> None:
        for event in events:
            if event.path:
                self._changed_children.add(event.path[0])
            else:
                self._rebuilt = True

    def _read_children(self) -> list[list[str]]:
        return [_child_lines(child) for child in self._fragment.children]

    def _all_lines(self) -> list[str]:
        return [line for lines in self._children for line in lines]


class _SpanQueue:
    """Spans in order, taken from the front by a number of characters."""

    def __init__(self, spans: AuthorSpans) -> None:
        self.remaining = deque(spans)

    def take(self, characters: int) -> AuthorSpans:
        taken = []
        while characters and self.remaining:
            span = self.remaining.popleft()
            if span.characters > characters:
                self.remaining.appendleft(span._replace(characters=span.characters - characters))
                span = span._replace(characters=characters)
            characters -= span.characters
            taken.append(span)
        return taken


def _merge_spans(old: list[str], new: list[str], queue: _SpanQueue, by: int | None, at: int) -> Iterator[AuthorSpan]:
    """Spans of the new words: words that stayed keep their authors, the others belong to `by`."""
    if max(len(old), len(new)) > MAX_WORDS:
        queue.take(sum(map(len, old)))
        yield AuthorSpan(sum(map(len, new)), by, at)
        return
    for same, old_slice, new_slice in _diff_steps(list(map(visual_key, old)), list(map(visual_key, new))):
        before, after = old[old_slice], new[new_slice]
        if same:
            yield from _unchanged_words(before, after, queue)
            continue
        old_spans = queue.take(sum(map(len, before)))
        if len(before) == len(after) == 1 and _is_same_word(before[0], after[0]):
            yield max(old_spans, key=_character_count)._replace(characters=len(after[0]))
        else:
            yield AuthorSpan(sum(map(len, after)), by, at)


def _unchanged_words(old: list[str], new: list[str], queue: _SpanQueue) -> Iterator[AuthorSpan]:
    """Spans of words that look as before; they keep their authors, even if they have more or fewer characters now."""
    if old == new:
        yield from queue.take(sum(map(len, old)))
        return
    for before, after in zip(map(len, old), map(len, new), strict=True):
        spans = queue.take(before)
        yield from spans if before == after else [max(spans, key=_character_count)._replace(characters=after)]


def _is_same_word(before: str, after: str) -> bool:
    """Whether a word counts as the same one, corrected. The comparison takes time with the product of both lengths."""
    before, after = visual_key(before), visual_key(after)
    return (
        max(len(before), len(after)) <= MAX_WORD_LENGTH
        and LCSseq.normalized_similarity(before, after) >= MIN_SIMILARITY
    )


def _diff_steps(old: list[str], new: list[str]) -> list[tuple[bool, slice, slice]]:
    """Equal and different passages of both, in order: (is equal, slice of old, slice of new). An insertion begins as
    late as possible.

    "Bins. Sacks." made of "Bins." is the same sentence with one behind it, not one inserted before the last full stop.
    """
    steps: list[tuple[bool, slice, slice]] = []
    for same, opcodes in groupby(diff_opcodes(old, new), lambda step: step.tag == "equal"):
        run = list(opcodes)
        was = slice(run[0].src_start, run[-1].src_end)
        now = slice(run[0].dest_start, run[-1].dest_end)
        if same and steps and steps[-1][1].start == steps[-1][1].stop:
            inserted = steps.pop()[2]
            shift = _common_prefix(new[inserted.start :], new[now])
            steps.append((True, slice(was.start, was.start + shift), slice(inserted.start, inserted.start + shift)))
            steps.append(
                (
                    False,
                    slice(was.start + shift, was.start + shift),
                    slice(inserted.start + shift, inserted.stop + shift),
                )
            )
            was, now = slice(was.start + shift, was.stop), slice(now.start + shift, now.stop)
        steps.append((same, was, now))
    return steps


def _common_prefix(a: Sequence[str], b: Sequence[str]) -> int:
    """Number of equal elements at the beginning."""
    return next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _merge_adjacent(spans: Iterable[AuthorSpan]) -> AuthorSpans:
    """Spans with neighbours of one person and about one time merged, and without empty ones."""
    merged: AuthorSpans = []
    for span in spans:
        last = merged[-1] if merged else None
        if not span.characters:
            continue
        if last and last.by == span.by and abs(last.at - span.at) <= MERGE_SECONDS:
            merged[-1] = AuthorSpan(last.characters + span.characters, span.by, max(last.at, span.at))
        else:
            merged.append(span)
    return merged


def _character_count(span: AuthorSpan) -> int:
    return span.characters


def _with_line_ends(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _child_lines(child: Any) -> list[str]:
    return [line for block in rich_text.read_block(child) for line in _lines(block)]


def _lines(node: Node) -> Iterator[str]:
    if node["type"] not in ("bullet_list", "ordered_list", "list_item"):
        yield rich_text.to_plain_text({"content": [node]})
    elif not node.get("content"):
        yield ""
    for child in node.get("content", []) if "list" in node["type"] else ():
        yield from _lines(child)


def _authorships(log: DocumentLog) -> dict[int, tuple[int | None, int]]:
    """{seq: (person, seconds since 1970)} of the updates behind the compacted state."""
    query = select(Update.seq, Update.by, Update.at).where(Update.document_id == log.id, Update.seq > log.upto)
    return {seq: (by, int(at.timestamp())) for seq, by, at in db.session.execute(query).all()}


def _stored_spans(document_id: int) -> Iterable[StoredAttribution]:
    return db.session.scalars(select(StoredAttribution).where(StoredAttribution.document_id == document_id))
