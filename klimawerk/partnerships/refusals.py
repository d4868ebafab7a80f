"""The exception for an action that is refused, with an error message for the user."""

from __future__ import annotations


class ActionRefused(ValueError):
    """`str(refused)`: error message in the reader's language; `field`: name of the form field concerned, or ""."""

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field
