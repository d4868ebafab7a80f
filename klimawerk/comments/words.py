"""A comment's plain text as HTML: paragraphs, lines that were quoted, and links that are safe to follow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from markupsafe import Markup, escape

_LINK = re.compile(r"(?:https?://|mailto:)[^\s<>\"]+", re.IGNORECASE)
_REL = "noopener noreferrer nofollow"
_BEHIND = ".,;:!?'’”»)]}"  # ends a sentence rather than a link
QUOTE = "> "


def to_html(text: str) -> Markup:
    """Safe: every letter is escaped, and tags are ours alone."""
    return Markup("").join(_blocks(text))


def quoted(text: str) -> str:
    """The text as a quotation to answer below."""
    return "\n".join(f"{QUOTE}{line}".rstrip() for line in text.splitlines() if not line.startswith(">")) + "\n\n"


def _blocks(text: str) -> Iterator[Markup]:
    for is_quote, some in groupby(text.splitlines(), lambda line: line.startswith(">")):
        lines = [line[1:].removeprefix(" ") if is_quote else line for line in some]
        paragraphs = Markup("").join(_paragraphs(lines))
        yield Markup("<blockquote>{}</blockquote>").format(paragraphs) if is_quote else paragraphs


def _paragraphs(lines: list[str]) -> Iterator[Markup]:
    for blank, some in groupby(lines, lambda line: not line.strip()):
        if not blank:
            yield Markup("<p>{}</p>").format(Markup("<br>").join(_line(line) for line in some))


def _line(line: str) -> Markup:
    pieces, at = [], 0
    for found in _LINK.finditer(line):
        address = found[0].rstrip(_BEHIND)
        pieces += [
            escape(line[at : found.start()]),
            Markup('<a href="{}" rel="{}">{}</a>').format(address, _REL, address),
        ]
        at = found.start() + len(address)
    return Markup("").join([*pieces, escape(line[at:])])
