"""Excerpts of comments, on one line."""

from __future__ import annotations

from klimawerk.comments.quotations import is_quotation
from klimawerk.text import clean, truncate_with_ellipsis


def excerpt(words: str, most: int = 160) -> str:
    """The text on one line, shortened, without its quotations."""
    words = clean(words)
    without_quotes = " ".join(line for line in words.splitlines() if not is_quotation(line)).strip()
    plain = " ".join((without_quotes or words).split())
    return truncate_with_ellipsis(plain, most)
