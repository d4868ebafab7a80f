"""Links in plain text: where addresses begin and end in what people write, and such text as HTML.

Recognised are http, https and mailto addresses and bare e-mail addresses. An address ends before white space, quotation
marks, long dashes and a closing bracket that was not opened in it; punctuation at its end belongs to the sentence.
Linear in the length of the text: nothing is read more than three times.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from markupsafe import Markup, escape

from klimawerk.link_rule import is_allowed_link
from klimawerk.text import truncate

_START = re.compile(
    r"(?<![a-z0-9+-])(?:https?://(?=[\w\[])|mailto:(?=[\w.+-]))|(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)+",
    re.IGNORECASE,
)
_CLOSER = dict(zip("([{（［｛「『【《〈〔", ")]}）］｝」』】》〉〕", strict=True))
_CLOSERS = frozenset(_CLOSER.values())
_ENDS = frozenset('<>"“”„‟«»‹›…—―。、，！？；：')
_INVISIBLE = "\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_BEHIND = ".,:;!?¡¿'’‘‚´`*|·•–‒" + "".join(_CLOSER) + _INVISIBLE
_SEEN = str.maketrans("", "", _INVISIBLE)


@dataclass(frozen=True)
class TextLink:
    """An address at text[start:end]; `href` is what it leads to."""

    start: int
    end: int
    href: str


def find_links(text: str) -> Iterator[TextLink]:
    """The addresses in a text, in their order."""
    at = 0
    while found := _START.search(text, at):
        start, at = found.span()
        if "@" in found[0]:
            yield TextLink(start, at, f"mailto:{found[0]}")
            continue
        stop = _stop(text, at)
        address = text[start:stop].rstrip(_BEHIND)
        end = start + len(address)
        href = address.translate(_SEEN)
        if end <= at or (found[0].lower() == "mailto:" and "@" not in address) or not is_allowed_link(href):
            at = stop
            continue
        yield TextLink(start, end, href)
        at = end


def linkify(text: str, plain: Callable[[str], Markup] = escape, rel: str = "") -> Markup:
    """The text as safe HTML with its addresses as links; `plain` makes HTML of what stands between them."""
    attribute = Markup(' rel="{}"').format(rel) if rel else Markup("")
    pieces, at = [], 0
    for link in find_links(text):
        anchor = Markup('<a href="{}"{}>{}</a>').format(link.href, attribute, text[link.start : link.end])
        pieces += [plain(text[at : link.start]), anchor]
        at = link.end
    return Markup("").join([*pieces, plain(text[at:])])


def shorten_text(text: str, most: int) -> str:
    """The beginning of a text, at most `most` characters: cut between two words, never inside an address."""
    if len(text) <= most:
        return text
    for place in range(most, 0, -1):
        if text[place].isspace():
            return text[:place].rstrip()
    inside = (link.start for link in find_links(text) if link.start < most < link.end)
    return truncate(text, next(inside, most))


def _stop(text: str, at: int) -> int:
    """The first place from `at` on that cannot belong to an address."""
    opened: Counter[str] = Counter()
    for place in range(at, len(text)):
        sign = text[place]
        if sign in _CLOSER:
            opened[_CLOSER[sign]] += 1
        elif sign in _CLOSERS:
            if not opened[sign]:
                return place
            opened[sign] -= 1
        elif sign in _ENDS or sign.isspace():
            return place
    return len(text)
