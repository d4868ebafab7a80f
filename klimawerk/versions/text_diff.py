"""What changed between two texts: by paragraphs, and inside of them word by word. What looks the same is the same.

Longest common subsequences (rapidfuzz) of bounded size: whatever somebody pastes, it takes no longer than the limits
below allow. Beyond them whole paragraphs are shown, and `coarse` says so.
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

MAX_LENGTH = 60_000  # characters of both texts together that are compared word by word
MAX_WORDS = 6_000  # words of one paragraph
MAX_PAIRS = 900  # pairs of paragraphs that are weighed against each other in one place
MIN_SIMILARITY = 0.35  # share of common words from which a paragraph counts as the same one, changed
SAME, ADDED, REMOVED, CHANGED = "same", "added", "removed", "changed"


@dataclass(frozen=True, slots=True)
class WordRun:
    """Words that stayed (`old` and `new` differ at most in formatting and in what nobody sees), went and came."""

    kind: str
    old: tuple[TextWord, ...] = ()
    new: tuple[TextWord, ...] = ()

    @property
    def reformatted(self) -> bool:
        return self.kind == SAME and [word.marks for word in self.old] != [word.marks for word in self.new]


@dataclass(frozen=True, slots=True)
class BlockChange:
    """What became of a block. `runs`: its words, for one that stayed, whether changed or not."""

    kind: str
    old: TextBlock | None
    new: TextBlock | None
    runs: tuple[WordRun, ...] = ()

    @property
    def restyled(self) -> bool:
        """Whether it became something else, as a paragraph became a heading."""
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
        """Whether not a word changed."""
        return all(block.kind == SAME for block in self.blocks)


def compare_texts(old: Node | None, new: Node | None) -> TextChange:
    """What changed between two rich texts; None is an empty one."""
    before, after = text_blocks(old or {}), text_blocks(new or {})
    coarse = _letters(before) + _letters(after) > MAX_LENGTH
    changes = tuple(_blocks(before, after, coarse))
    return TextChange(changes, coarse or any(len(b.words) > MAX_WORDS for b in (*before, *after)))


def compare_words(old: str, new: str) -> tuple[WordRun, ...]:
    """What changed between two short texts."""
    return tuple(_runs(tuple(text_words(old)), tuple(text_words(new))))


def _letters(blocks: Sequence[TextBlock]) -> int:
    return sum(len(word.text) for block in blocks for word in block.words)


def _blocks(old: Sequence[TextBlock], new: Sequence[TextBlock], coarse: bool) -> Iterator[BlockChange]:
    for same, a, b in _aligned(old, new, _key):
        if same:
            yield from (_unchanged_blocks(x, y) for x, y in zip(a, b, strict=True))
        elif coarse:
            yield from (BlockChange(REMOVED, x, None) for x in a)
            yield from (BlockChange(ADDED, None, y) for y in b)
        else:
            yield from _paired(a, b)


def _key(block: TextBlock) -> Hashable:
    return block.kind == "", tuple(_visible_text(word) for word in block.words if word.look or not word.text)


def _unchanged_blocks(old: TextBlock, new: TextBlock) -> BlockChange:
    if len(old.words) != len(new.words):  # something that nobody sees stands apart in one of them
        return BlockChange(SAME, old, new, (WordRun(SAME, old.words, new.words),))
    return BlockChange(SAME, old, new, tuple(_by_marks(old.words, new.words)))


def _visually_equal(old: TextBlock | None, new: TextBlock | None) -> bool:
    """Whether nobody sees a difference."""
    if old is None or new is None or (old.shape, old.path) != (new.shape, new.path):
        return old == new
    return [(_visible_text(word), word.marks) for word in old.words] == [
        (_visible_text(word), word.marks) for word in new.words
    ]


def _paired(old: Sequence[TextBlock], new: Sequence[TextBlock]) -> Iterator[BlockChange]:
    """Blocks between two that stayed: the likeliest pairs, in order, are changed ones; the rest went and came."""
    before = after = 0
    for x, y in [*_pairs(old, new), (len(old), len(new))]:
        yield from (BlockChange(REMOVED, one, None) for one in old[before:x])
        yield from (BlockChange(ADDED, None, one) for one in new[after:y])
        if x < len(old):
            yield BlockChange(CHANGED, old[x], new[y], tuple(_runs(old[x].words, new[y].words)))
        before, after = x + 1, y + 1


def _pairs(old: Sequence[TextBlock], new: Sequence[TextBlock]) -> list[tuple[int, int]]:
    """Which block became which: in order, so that together they have most in common."""
    before, after = ([_visible_words(block) for block in side] for side in (old, new))
    if len(old) * len(new) > MAX_PAIRS:
        both = range(min(len(old), len(new)))
        return [(x, x) for x in both if _similarity(before[x], after[x]) >= MIN_SIMILARITY]
    best: dict[tuple[int, int], tuple[float, tuple[tuple[int, int], ...]]] = {}
    nothing: tuple[float, tuple[tuple[int, int], ...]] = (0.0, ())
    for x, one in enumerate(before):
        for y, other in enumerate(after):
            found = max(best.get((x - 1, y), nothing), best.get((x, y - 1), nothing), key=lambda way: way[0])
            likeness = _similarity(one, other)
            score, way = best.get((x - 1, y - 1), nothing)
            if likeness >= MIN_SIMILARITY and score + likeness > found[0]:
                found = (score + likeness, (*way, (x, y)))
            best[x, y] = found
    return list(best.get((len(old) - 1, len(new) - 1), nothing)[1])


def _visible_words(block: TextBlock) -> list[str]:
    """Its words without the spaces between them."""
    return [_visible_text(word) for word in block.words if not word.text.isspace()]


def _similarity(old: list[str], new: list[str]) -> float:
    """Share of common words, 0 to 1."""
    return LCSseq.normalized_similarity(old, new, score_cutoff=MIN_SIMILARITY) if old and new else 0.0


def _runs(old: tuple[TextWord, ...], new: tuple[TextWord, ...]) -> Iterator[WordRun]:
    """The words of a changed passage. What lies between two changes and says nothing belongs to them."""
    if max(len(old), len(new)) > MAX_WORDS:
        yield _changed(old, new)
        return
    parts = [WordRun(SAME if same else CHANGED, tuple(a), tuple(b)) for same, a, b in _aligned(old, new, _visible_text)]
    for run in _join_weak_runs(parts):
        if run.kind == SAME:
            yield from _by_marks(run.old, run.new)
        else:
            yield _changed(run.old, run.new)


def _join_weak_runs(parts: list[WordRun]) -> list[WordRun]:
    found: list[WordRun] = []
    for run in parts:
        if run.kind != SAME and len(found) >= 2 and found[-1].kind == SAME and _is_weak(found[-2], found[-1], run):
            between, before = found.pop(), found.pop()
            run = WordRun(CHANGED, before.old + between.old + run.old, before.new + between.new + run.new)
        found.append(run)
    return found


def _is_weak(before: WordRun, between: WordRun, after: WordRun) -> bool:
    """Whether it would only break a change in two: a space, a comma, a small word in a rewritten sentence."""
    letters = sum(len(word.text) for word in between.old if word.text[:1].isalnum())
    return letters * 8 <= min(_size(before), _size(after))


def _size(run: WordRun) -> int:
    return sum(len(word.text) for word in (*run.old, *run.new))


def _changed(old: tuple[TextWord, ...], new: tuple[TextWord, ...]) -> WordRun:
    return WordRun(CHANGED if old and new else REMOVED if old else ADDED, old, new)


def _by_marks(old: Sequence[TextWord], new: Sequence[TextWord]) -> Iterator[WordRun]:
    """Words that stayed, those with other formatting apart."""
    for _same, some in groupby(zip(old, new, strict=True), lambda pair: pair[0].marks == pair[1].marks):
        pairs = list(some)
        yield WordRun(SAME, tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs))


def _visible_text(word: TextWord) -> str:
    """What one sees of it; a hard break says something too."""
    return word.look or ("" if word.text else "\n")


def _aligned(
    old: Sequence[T], new: Sequence[T], key: Callable[[T], Hashable]
) -> Iterator[tuple[bool, Sequence[T], Sequence[T]]]:
    """Stretches of both, in order, that are the same (True) or not."""
    numbers: dict[Hashable, int] = {}
    a, b = ([numbers.setdefault(key(one), len(numbers)) for one in side] for side in (old, new))
    steps = diff_opcodes(a, b)
    for same, some in groupby(steps, lambda step: step.tag == "equal"):
        found = list(some)
        first, last = found[0], found[-1]
        yield same, old[first.src_start : last.src_end], new[first.dest_start : last.dest_end]
