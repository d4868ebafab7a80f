"""Words as they are compared: without accents, umlauts and capitals, and the place of a hit in a text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

from markupsafe import Markup, escape

LONGEST, MOST = 200, 12  # letters of a question, and words of it that count
AROUND = 70  # letters before and behind a hit
_WORD = re.compile(r"\w+")
_ALIKE = (("ae", "a"), ("oe", "o"), ("ue", "u"))


@lru_cache(maxsize=5_000)
def folded_word(word: str) -> str:
    """ "Wärme", "Waerme" and "WARME" are one word; "ß" is "ss"."""
    letters = unicodedata.normalize("NFKD", word.casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    for long, short in _ALIKE:
        plain = plain.replace(long, short)
    return plain


def folded(text: str) -> str:
    """All words of a text, as they are indexed."""
    return " ".join(folded_word(found[0]) for found in _WORD.finditer(text))


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
    for found in _WORD.finditer(text):
        word = folded_word(found[0])
        if any(word.startswith(one) if one == words[-1] else word == one for one in words):
            yield found.start(), found.end()
