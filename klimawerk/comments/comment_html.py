"""Renders a comment's plain text as safe HTML: paragraphs, quotations, links and mentions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from markupsafe import Markup, escape

from klimawerk.comments.mentions import find_mentions
from klimawerk.comments.quotations import is_quotation
from klimawerk.text import clean
from klimawerk.web.linkify import linkify

_REL = "noopener noreferrer nofollow"
MentionedNames = Mapping[int, str]


def comment_to_html(text: str, names: Iterable[str] = ()) -> Markup:
    """Safe HTML: all text is escaped. Those of `names` that follow an @ are marked as mentions."""
    return Markup("").join(_blocks(clean(text), dict(enumerate(names))))


def _blocks(text: str, mentioned: MentionedNames) -> Iterator[Markup]:
    for quotes, group in groupby(text.splitlines(), is_quotation):
        lines = [line[1:].removeprefix(" ") if quotes else line for line in group]
        paragraphs = Markup("").join(_paragraphs(lines, {} if quotes else mentioned))
        yield Markup("<blockquote>{}</blockquote>").format(paragraphs) if quotes else paragraphs


def _paragraphs(lines: list[str], mentioned: MentionedNames) -> Iterator[Markup]:
    for blank, group in groupby(lines, lambda line: not line.strip()):
        if not blank:
            yield Markup("<p>{}</p>").format(Markup("<br>").join(_line(line, mentioned) for line in group))


def _line(line: str, mentioned: MentionedNames) -> Markup:
    return linkify(line, lambda text: _with_mentions(text, mentioned), _REL)


def _with_mentions(text: str, mentioned: MentionedNames) -> Markup:
    pieces, end = [], 0
    for mention in find_mentions(text, mentioned) if mentioned else ():
        if mention.people:
            name = Markup('<strong class="mention">{}</strong>').format(text[mention.start : mention.end])
            pieces += [escape(text[end : mention.start]), name]
            end = mention.end
    return Markup("").join([*pieces, escape(text[end:])])
