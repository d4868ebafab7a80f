"""Templates without the space that only their authors need: indentation, and lines that hold nothing but a tag.

It is done once, when a template is compiled, and never to what people wrote. One line break stays wherever there was
space between two things, so nothing comes to stand closer to its neighbour.
"""

from __future__ import annotations

import re

from jinja2.ext import Extension

_BREAK = re.compile(r"(?<![ \t])[ \t]*+\n\s*+")
_LOGIC = r"\{%-? (?:if|elif|else|endif|set|with|endwith)\b(?:(?!\{%|%\}).)*+%\}|\{#(?:(?!\{#|#\}).)*+#\}"
_LOGIC_ALONE = re.compile(rf"\n((?:{_LOGIC})+)(?=\n)", re.DOTALL)
"""Loops and parts from elsewhere may end without a break, which the one before them then makes up for."""


class CompactTemplates(Extension):
    """For pages alone: in a mail every line counts, and `<pre>` or `{% trans %}` would need more care than this."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return compact(source) if name and name.endswith(".html") else source


def compact(source: str) -> str:
    """`source` with single line breaks for every space with a line break in it."""
    return _LOGIC_ALONE.sub(r"\1", _BREAK.sub("\n", source))
