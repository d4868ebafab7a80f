"""Tokenises texts and queries for the index, and marks hits in excerpts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup, escape

from klimawerk import folding

LONGEST, MOST = 200, 12  # characters of a query, and words of it that are used
EXCERPT_CONTEXT = 70  # characters before and after a hit


def folded_text(text: str) -> str:
    """The indexed form of a text: its folded words (letters, digits and marks), separated by single spaces."""
    return " ".join(word.folded for word in folding.folded_words(text))


def query_words(query: str) -> list[str]:
    """The folded words of a query; all other characters are ignored."""
    return list(dict.fromkeys(folded_text(query[:LONGEST]).split()))[:MOST]


def highlighted_excerpt(text: str, words: Sequence[str]) -> Markup:
    """The text around its first hits, escaped, with the hits marked; its beginning if there is no hit."""
    hits = list(_hits(text, words))
    first = hits[0][0] if hits else 0
    start = text.rfind(" ", 0, max(0, first - EXCERPT_CONTEXT)) + 1 if first > EXCERPT_CONTEXT else 0
    end = text.find(" ", (hits[0][1] if hits else 0) + EXCERPT_CONTEXT)
    end = len(text) if end < 0 else end
    html, position = Markup("… ") if start else Markup(), start
    for begin, stop in hits:
        if begin < position or stop > end:
            continue
        html += escape(text[position:begin]) + Markup("<mark>{}</mark>").format(text[begin:stop])
        position = stop
    return html + escape(text[position:end]) + (" …" if end < len(text) else "")


def _hits(text: str, words: Sequence[str]) -> Iterator[tuple[int, int]]:
    for start, end, word in folding.folded_words(text):
        if any(word.startswith(wanted) if wanted == words[-1] else word == wanted for wanted in words):
            yield start, end
