"""Errors and warnings of an import: a message and the position in the file. Translated when it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from flask_babel.speaklater import LazyString

from klimawerk.text import truncate

LazySentence: TypeAlias = LazyString | str


@dataclass(frozen=True)
class FilePosition:
    """A position in a file: "measures[3] (WA-04) → costs[2] → category". Numbers count from 0."""

    steps: tuple[str, ...] = ()

    def at(self, key: str) -> FilePosition:
        """The position of a key. Long keys are shortened."""
        return FilePosition((*self.steps, truncate(key, 61, "…")))

    def entry(self, number: int, content: object = None) -> FilePosition:
        """The position of an entry of a list; an entry with a code shows it."""
        code = content.get("code") if isinstance(content, Mapping) else None
        label = f" ({code})" if isinstance(code, str) and 0 < len(code) <= 20 and code.isprintable() else ""
        before, last = self.steps[:-1], self.steps[-1] if self.steps else ""
        return FilePosition((*before, f"{last}[{number}]{label}"))

    def __str__(self) -> str:
        return " → ".join(self.steps)


@dataclass(frozen=True)
class ImportProblem:
    """A message about one position; a position without steps is the whole file."""

    place: FilePosition
    sentence: LazySentence

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}" if self.place.steps else str(self.sentence)


class ImportRefused(Exception):
    """The whole file is refused. `problem`: why, and at which position."""

    def __init__(self, sentence: LazySentence, place: FilePosition | None = None) -> None:
        self.problem = ImportProblem(place or FilePosition(), sentence)
        super().__init__(self.problem)

    def __str__(self) -> str:
        return str(self.problem)


def quote_value(value: Any) -> str:
    """A wrong value for a message: short, on one line."""
    return truncate("".join(c if c.isprintable() else "�" for c in str(value)[:200]), 61, "…")
