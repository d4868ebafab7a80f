"""Longest common subsequence of two sequences, within bounds on time and memory."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from rapidfuzz.distance import LCSseq, Opcode

MAX_CELLS = 100_000_000  # of the matrix: a bit of memory each, and a hundredth of a second for all of them


def diff_opcodes(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Opcode]:
    """How `old` becomes `new`, as `LCSseq.opcodes` says it.

    The matrix grows with the product of both lengths (60,000 paragraphs each: 450 MB). Beyond MOST_CELLS what differs
    counts as one replacement, from the first difference to the last.
    """
    begin = _common_prefix(old, new)
    end = _common_prefix(old[begin:][::-1], new[begin:][::-1])
    middle_old, middle_new = len(old) - begin - end, len(new) - begin - end
    if middle_old * middle_new <= MAX_CELLS:
        return list(LCSseq.opcodes(old, new))
    steps = [
        Opcode("equal", 0, begin, 0, begin),
        Opcode("replace", begin, len(old) - end, begin, len(new) - end),
        Opcode("equal", len(old) - end, len(old), len(new) - end, len(new)),
    ]
    return [step for step in steps if step.src_start < step.src_end or step.dest_start < step.dest_end]


def _common_prefix(one: Sequence[Hashable], other: Sequence[Hashable]) -> int:
    """How many elements both begin with."""
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
