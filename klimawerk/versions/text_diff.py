"""Differences between two texts: by paragraphs, and inside them word by word. Text that looks the same is equal.

Uses longest common subsequences (rapidfuzz) of bounded size, so the limits below bound the time for any input. Beyond
them whole paragraphs are shown, and `coarse` is set.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

from rapidfuzz.distance import LCSseq

from klimawerk.collab.rich_text import Node
from klimawerk.collab.sequence_diff import diff_opcodes
from klimawerk.versions.text_blocks import TextBlock, TextWord, text_blocks, text_words

T = TypeVar("T")

MAX_LENGTH = 60_000  # characters of both texts together up to which they are compared word by word
MAX_WORDS = 6_000  # words of one paragraph
MAX_PAIRS = 900  # pairs of paragraphs up to which all are compared with each other in one place
MIN_SIMILARITY = 0.35  # share of common words from which a paragraph counts as changed, not replaced
SAME, ADDED, REMOVED, CHANGED = "same", "added", "removed", "changed"


@dataclass(frozen=True, slots=True)
class WordRun:
    """Words that are unchanged (apart from formatting and invisible characters), removed or added."""

    kind: str
    old: tuple[TextWord, ...] = ()
    new: tuple[TextWord, ...] = ()

    @property
    def reformatted(self) -> bool:
        return self.kind == SAME and [word.marks for word in self.old] != [word.marks for word in self.new]


@dataclass(frozen=True, slots=True)
class BlockChange:
    """Change of a block. `runs`: its words, for a block that is in both texts, changed or not."""

    kind: str
    old: TextBlock | None
    new: TextBlock | None
    runs: tuple[WordRun, ...] = ()

    @property
    def restyled(self) -> bool:
        """Whether its kind changed, as from paragraph to heading."""
        return self.old is not None and self.new is not None and self.old.shape != self.new.shape

    @property
    def only_formatting(self) -> bool:
        return self.kind == SAME and (self.restyled or any(run.reformatted for run in self.runs))


@dataclass(frozen=True)
class TextChange:
    """`coarse`: too long to be compared word by word; whole paragraphs are shown."""

    blocks: tuple[BlockChange, ...]
    coarse: bool = False

    @property
    def is_empty(self) -> bool:
        return all(_visually_equal(block.old, block.new) for block in self.blocks)

    @property
    def only_formatting(self) -> bool:
        """Whether no word changed."""
        return all(block.kind == SAME for block in self.blocks)


def compare_texts(old: Node | None, new: Node | None) -> TextChange:
    """Changes between two rich texts; None is an empty one."""
    before, after = text_blocks(old or {}), text_blocks(new or {})
    coarse = _length(before) + _length(after) > MAX_LENGTH
    changes = tuple(_blocks(before, after, coarse))
    return TextChange(changes, coarse or any(len(b.words) > MAX_WORDS for b in (*before, *after)))


def compare_words(old: str, new: str) -> tuple[WordRun, ...]:
    """Changes between two short plain texts."""
    return tuple(_runs(tuple(text_words(old)), tuple(text_words(new))))


def _length(blocks: Sequence[TextBlock]) -> int:
    return sum(len(word.text) for block in blocks for word in block.words)


def _blocks(old: Sequence[TextBlock], new: Sequence[TextBlock], coarse: bool) -> Iterator[BlockChange]:
    for same, a, b in _align(old, new, _key):
        if same:
            yield from (_unchanged_blocks(x, y) for x, y in zip(a, b, strict=True))
        elif coarse:
            yield from (BlockChange(REMOVED, x, None) for x in a)
            yield from (BlockChange(ADDED, None, y) for y in b)
        else:
            yield from _pair_blocks(a, b)


def _key(block: TextBlock) -> Hashable:
    return block.kind == "", tuple(_visible_text(word) for word in block.words if word.look or not word.text)


def _unchanged_blocks(old: TextBlock, new: TextBlock) -> BlockChange:
    if len(old.words) != len(new.words):  # an invisible character is a word of its own in one of them
        return BlockChange(SAME, old, new, (WordRun(SAME, old.words, new.words),))
    return BlockChange(SAME, old, new, tuple(_by_marks(old.words, new.words)))


def _visually_equal(old: TextBlock | None, new: TextBlock | None) -> bool:
    """Whether the difference is invisible."""
    if old is None or new is None or (old.shape, old.path) != (new.shape, new.path):
        return old == new
    return [(_visible_text(word), word.marks) for word in old.words] == [
        (_visible_text(word), word.marks) for word in new.words
    ]


def _pair_blocks(old: Sequence[TextBlock], new: Sequence[TextBlock]) -> Iterator[BlockChange]:
    """Blocks between two unchanged ones: the likeliest pairs, in order, are changed; others are removed or added."""
    next_old = next_new = 0
    for x, y in [*_pairs(old, new), (len(old), len(new))]:
        yield from (BlockChange(REMOVED, block, None) for block in old[next_old:x])
        yield from (BlockChange(ADDED, None, block) for block in new[next_new:y])
        if x < len(old):
            yield BlockChange(CHANGED, old[x], new[y], tuple(_runs(old[x].words, new[y].words)))
        next_old, next_new = x + 1, y + 1


def _pairs(old: Sequence[TextBlock], new: Sequence[TextBlock]) -> list[tuple[int, int]]:
    """Pairs of old and new blocks, in order, that maximise the total similarity."""
    before, after = ([_visible_words(block) for block in side] for side in (old, new))
    if len(old) * len(new) > MAX_PAIRS:
        both = range(min(len(old), len(new)))
        return [(x, x) for x in both if _similarity(before[x], after[x]) >= MIN_SIMILARITY]
    best: dict[tuple[int, int], tuple[float, tuple[tuple[int, int], ...]]] = {}
    nothing: tuple[float, tuple[tuple[int, int], ...]] = (0.0, ())
    for x, old_words in enumerate(before):
        for y, new_words in enumerate(after):
            best_here = max(best.get((x - 1, y), nothing), best.get((x, y - 1), nothing), key=lambda pairs: pairs[0])
            similarity = _similarity(old_words, new_words)
            score, pairs = best.get((x - 1, y - 1), nothing)
            if similarity >= MIN_SIMILARITY and score + similarity > best_here[0]:
                best_here = (score + similarity, (*pairs, (x, y)))
            best[x, y] = best_here
    return list(best.get((len(old) - 1, len(new) - 1), nothing)[1])


def _visible_words(block: TextBlock) -> list[str]:
    """Its words without the spaces between them."""
    return [_visible_text(word) for word in block.words if not word.text.isspace()]


def _similarity(old: list[str], new: list[str]) -> float:
    """Share of common words, 0 to 1."""
    return LCSseq.normalized_similarity(old, new, score_cutoff=MIN_SIMILARITY) if old and new else 0.0


def _runs(old: tuple[TextWord, ...], new: tuple[TextWord, ...]) -> Iterator[WordRun]:
    """Runs of a changed passage. Insignificant text between two changes belongs to them."""
    if max(len(old), len(new)) > MAX_WORDS:
        yield _changed(old, new)
        return
    parts = [WordRun(SAME if same else CHANGED, tuple(a), tuple(b)) for same, a, b in _align(old, new, _visible_text)]
    for run in _join_weak_runs(parts):
        if run.kind == SAME:
            yield from _by_marks(run.old, run.new)
        else:
            yield _changed(run.old, run.new)


def _join_weak_runs(parts: list[WordRun]) -> list[WordRun]:
    joined: list[WordRun] = []
    for run in parts:
        if run.kind != SAME and len(joined) >= 2 and joined[-1].kind == SAME and _is_weak(joined[-2], joined[-1], run):
            between, previous = joined.pop(), joined.pop()
            run = WordRun(CHANGED, previous.old + between.old + run.old, previous.new + between.new + run.new)
        joined.append(run)
    return joined


def _is_weak(before: WordRun, between: WordRun, after: WordRun) -> bool:
    """Whether `between` (a space, a comma, a short word) would only split one change in two."""
    characters = sum(len(word.text) for word in between.old if word.text[:1].isalnum())
    return characters * 8 <= min(_size(before), _size(after))


def _size(run: WordRun) -> int:
    return sum(len(word.text) for word in (*run.old, *run.new))


def _changed(old: tuple[TextWord, ...], new: tuple[TextWord, ...]) -> WordRun:
    return WordRun(CHANGED if old and new else REMOVED if old else ADDED, old, new)


def _by_marks(old: Sequence[TextWord], new: Sequence[TextWord]) -> Iterator[WordRun]:
    """Unchanged words, split where the formatting changed."""
    for _same, group in groupby(zip(old, new, strict=True), lambda pair: pair[0].marks == pair[1].marks):
        pairs = list(group)
        yield WordRun(SAME, tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs))


def _visible_text(word: TextWord) -> str:
    """Visible text of a word; a hard break counts as a newline."""
    return word.look or ("" if word.text else "\n")


def _align(
    old: Sequence[T], new: Sequence[T], key: Callable[[T], Hashable]
) -> Iterator[tuple[bool, Sequence[T], Sequence[T]]]:
    """Stretches of both sequences, in order, that are equal (True) or not."""
    numbers: dict[Hashable, int] = {}
    a, b = ([numbers.setdefault(key(element), len(numbers)) for element in side] for side in (old, new))
    steps = diff_opcodes(a, b)
    for same, group in groupby(steps, lambda step: step.tag == "equal"):
        group_steps = list(group)
        first, last = group_steps[0], group_steps[-1]
        yield same, old[first.src_start : last.src_end], new[first.dest_start : last.dest_end]
