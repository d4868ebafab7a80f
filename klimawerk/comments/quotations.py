"""Lines of a comment that quote what somebody said before; they call nobody."""

from __future__ import annotations

import re

QUOTE = "> "
_QUOTED = re.compile(r">++(?:\s|$)")


def quote_text(text: str) -> str:
    """The text as a quotation to answer below."""
    return "\n".join(f"{QUOTE}{line}".rstrip() for line in text.splitlines() if not is_quotation(line)) + "\n\n"


def without_quotations(text: str) -> str:
    """What the writer says in their own words."""
    return "\n".join(line for line in text.splitlines() if not is_quotation(line))


def is_quotation(line: str) -> bool:
    """Whether the line quotes: "> text", ">> text" and ">" do; ">50 %", ">=2" and "->" are the writer's own."""
    return _QUOTED.match(line) is not None
