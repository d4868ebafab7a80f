"""Lists of codes with labels in four languages; the data stands beside this file in lists.json."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Code(NamedTuple):
    """One entry of a list. SDG codes are whole numbers, all others words."""

    code: str | int
    labels: dict[str, str]
    extra: dict[str, object]

    def label(self, language: str) -> str:
        """The label in `language`, else in English."""
        return self.labels.get(language) or self.labels["en"]


@cache
def all_lists() -> dict[str, tuple[Code, ...]]:
    """Every list by its name."""
    data = json.loads((Path(__file__).parent / "lists.json").read_text(encoding="utf-8"))
    return {name: tuple(map(_code, entries)) for name, entries in data["lists"].items()}


def codes(name: str) -> tuple[Code, ...]:
    """The list of that name. KeyError for an unknown one."""
    return all_lists()[name]


def find(name: str, code: str | int | None) -> Code | None:
    """The entry with that code, or None."""
    return next((entry for entry in codes(name) if entry.code == code), None)


def label(name: str, code: str | int | None, language: str) -> str:
    """The code's label; an unknown code is shown as it is, nothing as an empty text."""
    entry = find(name, code)
    return entry.label(language) if entry else str(code or "")


def _code(entry: dict[str, object]) -> Code:
    extra = {key: value for key, value in entry.items() if key not in ("code", "label")}
    return Code(entry["code"], entry["label"], extra)  # type: ignore[arg-type]
