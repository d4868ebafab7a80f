"""Code lists: the choices of fields, with labels in four languages. The data is in lists.json beside this file.

An entry {"list": NAME} includes all entries of that other list.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from klimawerk import safe_json


class CodeEntry(NamedTuple):
    """One entry of a list. SDG and marker codes are integers, all others strings. `extra`: its further attributes."""

    code: str | int
    labels: dict[str, str]
    extra: dict[str, Any]

    def label(self, language: str) -> str:
        """The label in `language`; in English if there is none."""
        return self.labels.get(language) or self.labels["en"]


@cache
def all_lists() -> dict[str, tuple[CodeEntry, ...]]:
    """{name: entries} of all lists."""
    data = safe_json.loads((Path(__file__).parent / "lists.json").read_text(encoding="utf-8"))
    return {name: tuple(_entries(data["lists"], name)) for name in data["lists"]}


def codes(name: str) -> tuple[CodeEntry, ...]:
    """The entries of the list `name`. Raises KeyError for an unknown list."""
    return all_lists()[name]


def find(name: str, code: object) -> CodeEntry | None:
    """The entry with the code, or None."""
    return _by_code(name).get((type(code), code)) if isinstance(code, str | int) else None


def label(name: str, code: str | int | None, language: str) -> str:
    """The label of a code; an unknown code as text; "" for None."""
    entry = find(name, code)
    return entry.label(language) if entry else str(code or "")


@cache
def _by_code(name: str) -> dict[tuple[type, str | int], CodeEntry]:
    """{(type of the code, code): entry}. The type is part of the key, because True == 1 in Python."""
    return {(type(entry.code), entry.code): entry for entry in codes(name)}


def _entries(lists: dict[str, list[dict[str, Any]]], name: str) -> Iterator[CodeEntry]:
    for entry in lists[name]:
        if "list" in entry:
            yield from _entries(lists, entry["list"])
        else:
            extra = {key: value for key, value in entry.items() if key not in ("code", "label")}
            yield CodeEntry(entry["code"], entry["label"], extra)
