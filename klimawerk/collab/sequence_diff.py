"""Difference of two sequences by their longest common subsequence, with bounds on time and memory."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from rapidfuzz.distance import LCSseq, Opcode

MAX_CELLS = 100_000_000  # of the matrix: a bit of memory each, 0.01 s for all of them


def diff_opcodes(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Opcode]:
    """Opcodes that turn `old` into `new`, as `LCSseq.opcodes` gives them.

    The matrix grows with the product of both lengths (60,000 paragraphs each: 450 MB). Above MAX_CELLS everything from
    the first to the last difference counts as one replacement.
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


def _common_prefix(a: Sequence[Hashable], b: Sequence[Hashable]) -> int:
    """Number of equal elements at the beginning."""
    return next((index for index, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
