"""What is wrong with a file, and where: said in a sentence, in the reader's language, when it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from flask_babel.speaklater import LazyString

from klimawerk.text import truncate

Sentence: TypeAlias = LazyString | str


@dataclass(frozen=True)
class Place:
    """A place in a file, as people read it: "measures[3] (WA-04) → costs[2] → category". Counting starts at 0."""

    steps: tuple[str, ...] = ()

    def at(self, key: str) -> Place:
        """The part with that key. Long keys (nobody writes them) are shortened."""
        return Place((*self.steps, truncate(key, 61, "…")))

    def entry(self, number: int, thing: object = None) -> Place:
        """The entry of a list; a thing with a code is named by it."""
        code = thing.get("code") if isinstance(thing, Mapping) else None
        known = f" ({code})" if isinstance(code, str) and 0 < len(code) <= 20 and code.isprintable() else ""
        before, last = self.steps[:-1], self.steps[-1] if self.steps else ""
        return Place((*before, f"{last}[{number}]{known}"))

    def __str__(self) -> str:
        return " → ".join(self.steps)


@dataclass(frozen=True)
class Problem:
    """One sentence about one place; a place without steps is the whole file."""

    place: Place
    sentence: Sentence

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}" if self.place.steps else str(self.sentence)


class Refused(Exception):
    """The file is refused whole. `problem` says why, and where."""

    def __init__(self, sentence: Sentence, place: Place | None = None) -> None:
        self.problem = Problem(place or Place(), sentence)
        super().__init__(self.problem)

    def __str__(self) -> str:
        return str(self.problem)


def shown(value: Any) -> str:
    """A wrong value as it may stand in a sentence: short, on one line."""
    return truncate("".join(c if c.isprintable() else "�" for c in str(value)[:200]), 61, "…")
