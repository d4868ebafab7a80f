"""A comment's plain text as HTML: paragraphs, lines that were quoted, and links that are safe to follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from markupsafe import Markup, escape

from klimawerk.comments.mentions import find_mentions
from klimawerk.comments.quotations import is_quotation
from klimawerk.text import clean
from klimawerk.web.linkify import linkify

_REL = "noopener noreferrer nofollow"
Mentioned = Mapping[int, str]


def comment_to_html(text: str, names: Iterable[str] = ()) -> Markup:
    """Safe: every letter is escaped, and tags are ours alone. Those of `names` behind an @ are marked."""
    return Markup("").join(_blocks(clean(text), dict(enumerate(names))))


def _blocks(text: str, called: Mentioned) -> Iterator[Markup]:
    for quotes, some in groupby(text.splitlines(), is_quotation):
        lines = [line[1:].removeprefix(" ") if quotes else line for line in some]
        paragraphs = Markup("").join(_paragraphs(lines, {} if quotes else called))
        yield Markup("<blockquote>{}</blockquote>").format(paragraphs) if quotes else paragraphs


def _paragraphs(lines: list[str], called: Mentioned) -> Iterator[Markup]:
    for blank, some in groupby(lines, lambda line: not line.strip()):
        if not blank:
            yield Markup("<p>{}</p>").format(Markup("<br>").join(_line(line, called) for line in some))


def _line(line: str, called: Mentioned) -> Markup:
    return linkify(line, lambda text: _marked(text, called), _REL)


def _marked(text: str, called: Mentioned) -> Markup:
    pieces, at = [], 0
    for call in find_mentions(text, called) if called else ():
        if call.people:
            name = Markup('<strong class="mention">{}</strong>').format(text[call.start : call.end])
            pieces += [escape(text[at : call.start]), name]
            at = call.end
    return Markup("").join([*pieces, escape(text[at:])])
