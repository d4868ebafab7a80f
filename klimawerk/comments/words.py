"""A comment's plain text as HTML: paragraphs, lines that were quoted, and links that are safe to follow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from markupsafe import Markup, escape

from klimawerk.comments.mentions import pattern_of

_LINK = re.compile(r"(?:https?://|mailto:)[^\s<>\"]+", re.IGNORECASE)
_REL = "noopener noreferrer nofollow"
_BEHIND = ".,;:!?'’”»)]}"  # ends a sentence rather than a link
QUOTE = "> "
Called = re.Pattern[str] | None


def to_html(text: str, names: Iterable[str] = ()) -> Markup:
    """Safe: every letter is escaped, and tags are ours alone. Those of `names` behind an @ are marked."""
    return Markup("").join(_blocks(text, pattern_of(names)))


def quoted(text: str) -> str:
    """The text as a quotation to answer below."""
    return "\n".join(f"{QUOTE}{line}".rstrip() for line in text.splitlines() if not line.startswith(">")) + "\n\n"


def _blocks(text: str, called: Called) -> Iterator[Markup]:
    for is_quote, some in groupby(text.splitlines(), lambda line: line.startswith(">")):
        lines = [line[1:].removeprefix(" ") if is_quote else line for line in some]
        paragraphs = Markup("").join(_paragraphs(lines, called))
        yield Markup("<blockquote>{}</blockquote>").format(paragraphs) if is_quote else paragraphs


def _paragraphs(lines: list[str], called: Called) -> Iterator[Markup]:
    for blank, some in groupby(lines, lambda line: not line.strip()):
        if not blank:
            yield Markup("<p>{}</p>").format(Markup("<br>").join(_line(line, called) for line in some))


def _line(line: str, called: Called) -> Markup:
    pieces, at = [], 0
    for found in _LINK.finditer(line):
        address = found[0].rstrip(_BEHIND)
        link = Markup('<a href="{}" rel="{}">{}</a>').format(address, _REL, address)
        pieces += [_marked(line[at : found.start()], called), link]
        at = found.start() + len(address)
    return Markup("").join([*pieces, _marked(line[at:], called)])


def _marked(text: str, called: Called) -> Markup:
    if called is None:
        return escape(text)
    parts = called.split(text)  # every second one is a name
    return Markup("").join(
        Markup('<strong class="mention">@{}</strong>').format(part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    )
