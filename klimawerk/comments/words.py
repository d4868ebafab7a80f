"""A comment's plain text as HTML: paragraphs, lines that were quoted, and links that are safe to follow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from markupsafe import Markup, escape

from klimawerk.comments.mentions import pattern_of
from klimawerk.text import clean
from klimawerk.web.links import linked

QUOTE = "> "
_REL = "noopener noreferrer nofollow"
_QUOTED = re.compile(r">++(?:\s|$)")
Called = re.Pattern[str] | None


def to_html(text: str, names: Iterable[str] = ()) -> Markup:
    """Safe: every letter is escaped, and tags are ours alone. Those of `names` behind an @ are marked."""
    return Markup("").join(_blocks(clean(text), pattern_of(names)))


def quoted(text: str) -> str:
    """The text as a quotation to answer below."""
    return "\n".join(f"{QUOTE}{line}".rstrip() for line in text.splitlines() if not is_quotation(line)) + "\n\n"


def is_quotation(line: str) -> bool:
    """Whether the line quotes: "> text", ">> text" and ">" do; ">50 %", ">=2" and "->" are the writer's own."""
    return _QUOTED.match(line) is not None


def _blocks(text: str, called: Called) -> Iterator[Markup]:
    for quotes, some in groupby(text.splitlines(), is_quotation):
        lines = [line[1:].removeprefix(" ") if quotes else line for line in some]
        paragraphs = Markup("").join(_paragraphs(lines, called))
        yield Markup("<blockquote>{}</blockquote>").format(paragraphs) if quotes else paragraphs


def _paragraphs(lines: list[str], called: Called) -> Iterator[Markup]:
    for blank, some in groupby(lines, lambda line: not line.strip()):
        if not blank:
            yield Markup("<p>{}</p>").format(Markup("<br>").join(_line(line, called) for line in some))


def _line(line: str, called: Called) -> Markup:
    return linked(line, lambda text: _marked(text, called), _REL)


def _marked(text: str, called: Called) -> Markup:
    if called is None:
        return escape(text)
    parts = called.split(text)  # every second one is a name
    return Markup("").join(
        Markup('<strong class="mention">@{}</strong>').format(part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    )
