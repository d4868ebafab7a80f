"""A verb that may not be done as asked, with the sentence that says why."""

from __future__ import annotations


class Refused(ValueError):
    """`str(refused)` is a sentence for the person, in the reader's language."""
