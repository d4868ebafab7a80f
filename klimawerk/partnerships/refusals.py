"""A verb that may not be done as asked, with the sentence that says why."""

from __future__ import annotations


class ActionRefused(ValueError):
    """`str(refused)` is a sentence for the person, in the reader's language; `field` the name of the form's field that
    it is about, "" for the whole."""

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field
