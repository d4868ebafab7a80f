"""Link detection in plain text: finds addresses, and renders the text as HTML with links.

It recognises http, https and mailto addresses and bare e-mail addresses. An address ends before white space, quotation
marks, long dashes and a closing bracket that was not opened in it; punctuation at its end belongs to the sentence.
Linear in the length of the text: no character is read more than three times.
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
_TERMINATORS = frozenset('<>"“”„‟«»‹›…—―。、，！？；：')
_INVISIBLE = "\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_TRAILING = ".,:;!?¡¿'’‘‚´`*|·•–‒" + "".join(_CLOSER) + _INVISIBLE
_DELETE_INVISIBLE = str.maketrans("", "", _INVISIBLE)


@dataclass(frozen=True)
class TextLink:
    """An address at text[start:end]; `href` is its target."""

    start: int
    end: int
    href: str


def find_links(text: str) -> Iterator[TextLink]:
    """The addresses in a text, in order."""
    at = 0
    while match := _START.search(text, at):
        start, at = match.span()
        if "@" in match[0]:
            yield TextLink(start, at, f"mailto:{match[0]}")
            continue
        stop = _address_end(text, at)
        address = text[start:stop].rstrip(_TRAILING)
        end = start + len(address)
        href = address.translate(_DELETE_INVISIBLE)
        if end <= at or (match[0].lower() == "mailto:" and "@" not in address) or not is_allowed_link(href):
            at = stop
            continue
        yield TextLink(start, end, href)
        at = end


def linkify(text: str, plain: Callable[[str], Markup] = escape, rel: str = "") -> Markup:
    """The text as safe HTML with its addresses as links; `plain` renders the text between them."""
    attribute = Markup(' rel="{}"').format(rel) if rel else Markup("")
    pieces, at = [], 0
    for link in find_links(text):
        anchor = Markup('<a href="{}"{}>{}</a>').format(link.href, attribute, text[link.start : link.end])
        pieces += [plain(text[at : link.start]), anchor]
        at = link.end
    return Markup("").join([*pieces, plain(text[at:])])


def shorten_text(text: str, most: int) -> str:
    """The beginning of a text, at most `most` characters, cut between two words and never inside an address."""
    if len(text) <= most:
        return text
    for position in range(most, 0, -1):
        if text[position].isspace():
            return text[:position].rstrip()
    inside = (link.start for link in find_links(text) if link.start < most < link.end)
    return truncate(text, next(inside, most))


def _address_end(text: str, at: int) -> int:
    """The first offset from `at` on that cannot belong to an address."""
    open_brackets: Counter[str] = Counter()
    for position in range(at, len(text)):
        character = text[position]
        if character in _CLOSER:
            open_brackets[_CLOSER[character]] += 1
        elif character in _CLOSERS:
            if not open_brackets[character]:
                return position
            open_brackets[character] -= 1
        elif character in _TERMINATORS or character.isspace():
            return position
    return len(text)
