"""What is wrong with a file, and where: said in a sentence, in the reader's language, when it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from flask_babel.speaklater import LazyString

from klimawerk.text import truncate

LazySentence: TypeAlias = LazyString | str


@dataclass(frozen=True)
class FilePosition:
    """A place in a file, as people read it: "measures[3] (WA-04) → costs[2] → category". Counting starts at 0."""

    steps: tuple[str, ...] = ()

    def at(self, key: str) -> FilePosition:
        """The part with that key. Long keys (nobody writes them) are shortened."""
        return FilePosition((*self.steps, truncate(key, 61, "…")))

    def entry(self, number: int, thing: object = None) -> FilePosition:
        """The entry of a list; a thing with a code is named by it."""
        code = thing.get("code") if isinstance(thing, Mapping) else None
        known = f" ({code})" if isinstance(code, str) and 0 < len(code) <= 20 and code.isprintable() else ""
        before, last = self.steps[:-1], self.steps[-1] if self.steps else ""
        return FilePosition((*before, f"{last}[{number}]{known}"))

    def __str__(self) -> str:
        return " → ".join(self.steps)


@dataclass(frozen=True)
class ImportProblem:
    """One sentence about one place; a place without steps is the whole file."""

    place: FilePosition
    sentence: LazySentence

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}" if self.place.steps else str(self.sentence)


class ImportRefused(Exception):
    """The file is refused whole. `problem` says why, and where."""

    def __init__(self, sentence: LazySentence, place: FilePosition | None = None) -> None:
        self.problem = ImportProblem(place or FilePosition(), sentence)
        super().__init__(self.problem)

    def __str__(self) -> str:
        return str(self.problem)


def quote_value(value: Any) -> str:
    """A wrong value as it may stand in a sentence: short, on one line."""
    return truncate("".join(c if c.isprintable() else "�" for c in str(value)[:200]), 61, "…")
