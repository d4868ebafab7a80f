"""Quotations in comments: lines that quote an earlier comment. They mention nobody."""

from __future__ import annotations

import re

QUOTE = "> "
_QUOTED = re.compile(r">++(?:\s|$)")


def quote_text(text: str) -> str:
    """The text as a quotation, with space for the answer below."""
    return "\n".join(f"{QUOTE}{line}".rstrip() for line in text.splitlines() if not is_quotation(line)) + "\n\n"


def without_quotations(text: str) -> str:
    """The text without its quotations."""
    return "\n".join(line for line in text.splitlines() if not is_quotation(line))


def is_quotation(line: str) -> bool:
    """Whether the line is a quotation: "> text", ">> text" and ">" are; ">50 %", ">=2" and "->" are not."""
    return _QUOTED.match(line) is not None
