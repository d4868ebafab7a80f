"""The words of a text and of a question as they are indexed, and the place of a hit in a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup, escape

from klimawerk import folding

LONGEST, MOST = 200, 12  # letters of a question, and words of it that count
AROUND = 70  # letters before and behind a hit


def folded(text: str) -> str:
    """All words of a text with single blanks between, as they are indexed: letters, digits and marks alone."""
    return " ".join(word.folded for word in folding.folded_words(text))


def wanted(question: str) -> list[str]:
    """The words of a question, folded; whatever else is in it says nothing."""
    return list(dict.fromkeys(folded(question[:LONGEST]).split()))[:MOST]


def passage(text: str, words: Sequence[str]) -> Markup:
    """The text around its first hits, escaped, with the hits marked; its beginning where none is found."""
    hits = list(_hits(text, words))
    first = hits[0][0] if hits else 0
    start = text.rfind(" ", 0, max(0, first - AROUND)) + 1 if first > AROUND else 0
    end = text.find(" ", (hits[0][1] if hits else 0) + AROUND)
    end = len(text) if end < 0 else end
    out, at = Markup("… ") if start else Markup(), start
    for begin, stop in hits:
        if begin < at or stop > end:
            continue
        out += escape(text[at:begin]) + Markup("<mark>{}</mark>").format(text[begin:stop])
        at = stop
    return out + escape(text[at:end]) + (" …" if end < len(text) else "")


def _hits(text: str, words: Sequence[str]) -> Iterator[tuple[int, int]]:
    for start, end, word in folding.folded_words(text):
        if any(word.startswith(one) if one == words[-1] else word == one for one in words):
            yield start, end
