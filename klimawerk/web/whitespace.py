"""Whitespace reduction in templates: removes indentation, and lines that hold nothing but a Jinja tag.

It runs once, when a template is compiled, and never on content. One line break stays wherever there was white space
between two elements, so the layout does not change.
"""

from __future__ import annotations

import re

from jinja2.ext import Extension

_BREAK = re.compile(r"(?<![ \t])[ \t]*+\n\s*+")
_LOGIC = r"\{%-? (?:if|elif|else|endif|set|with|endwith)\b(?:(?!\{%|%\}).)*+%\}|\{#(?:(?!\{#|#\}).)*+#\}"
_LOGIC_ALONE = re.compile(rf"\n((?:{_LOGIC})+)(?=\n)", re.DOTALL)
"""Loops, blocks and includes are left out: they may end without a line break, so the one before them is needed."""


class CompactTemplates(Extension):
    """Jinja extension for pages alone: in a mail every line counts. It does not handle `<pre>` and `{% trans %}`."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return compact(source) if name and name.endswith(".html") else source


def compact(source: str) -> str:
    """`source` with each run of white space that holds a line break reduced to one line break."""
    return _LOGIC_ALONE.sub(r"\1", _BREAK.sub("\n", source))
