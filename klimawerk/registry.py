"""Registries: what areas add to one another when an app is made (listeners, kinds, rules, hooks).

Defined in the module that asks, filled by `init_app(app)` of the areas that answer, read for the current app. Two apps
in one process share nothing. Entries keep the order in which they were added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, ParamSpec, TypeVar

from flask import Flask, current_app

_EXTENSION = "klimawerk_registries"

Key = TypeVar("Key")
Entry = TypeVar("Entry")
P = ParamSpec("P")


class Registry(Mapping[Key, Entry]):
    """Entries by key, for the current app. `name` stands in errors."""

    def __init__(self, name: str) -> None:
        self.name = name

    def add(self, app: Flask, key: Key, entry: Entry) -> None:
        """Add an entry. Raises ValueError for a key that the app has already."""
        entries = self.of(app)
        if key in entries:
            raise ValueError(f"{self.name}: {key!r} is registered already")
        entries[key] = entry

    def of(self, app: Flask) -> dict[Key, Entry]:
        """The entries of an app."""
        entries: dict[Key, Entry] = app.extensions.setdefault(_EXTENSION, {}).setdefault(self, {})
        return entries

    def __getitem__(self, key: Key) -> Entry:
        return self.of(_current())[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self.of(_current()))

    def __len__(self) -> int:
        return len(self.of(_current()))

    __eq__ = object.__eq__
    __hash__ = object.__hash__


class Hooks(Generic[Entry]):
    """Entries without a key, for the current app."""

    def add(self, app: Flask, entry: Entry) -> None:
        self.of(app).append(entry)

    def of(self, app: Flask) -> list[Entry]:
        """The entries of an app."""
        entries: list[Entry] = app.extensions.setdefault(_EXTENSION, {}).setdefault(self, [])
        return entries

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.of(_current()))

    def __len__(self) -> int:
        return len(self.of(_current()))


class Event(Generic[P]):
    """Something that happens, and the listeners of the current app."""

    def __init__(self) -> None:
        self._listeners: Hooks[Callable[P, Any]] = Hooks()

    def connect(self, app: Flask, listener: Callable[P, Any]) -> None:
        self._listeners.add(app, listener)

    def send(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call every listener, in order; what one raises reaches the caller."""
        for listener in self._listeners:
            listener(*args, **kwargs)


def _current() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app
