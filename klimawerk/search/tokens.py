"""The words of a text and of a question as they are indexed, and the place of a hit in a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup, escape

from klimawerk import folding

LONGEST, MOST = 200, 12  # letters of a question, and words of it that count
EXCERPT_CONTEXT = 70  # letters before and behind a hit


def folded_text(text: str) -> str:
    """All words of a text with single blanks between, as they are indexed: letters, digits and marks alone."""
    return " ".join(word.folded for word in folding.folded_words(text))


def query_words(question: str) -> list[str]:
    """The words of a question, folded; whatever else is in it says nothing."""
    return list(dict.fromkeys(folded_text(question[:LONGEST]).split()))[:MOST]


def highlighted_excerpt(text: str, words: Sequence[str]) -> Markup:
    """The text around its first hits, escaped, with the hits marked; its beginning where none is found."""
    hits = list(_hits(text, words))
    first = hits[0][0] if hits else 0
    start = text.rfind(" ", 0, max(0, first - EXCERPT_CONTEXT)) + 1 if first > EXCERPT_CONTEXT else 0
    end = text.find(" ", (hits[0][1] if hits else 0) + EXCERPT_CONTEXT)
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
