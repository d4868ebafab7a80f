"""Facts shown about an account before its e-mail address is confirmed."""

from __future__ import annotations

from collections.abc import Callable

from klimawerk.accounts.models import Person

_lookups: list[Callable[[Person], list[str]]] = []


def register(partnerships: Callable[[Person], list[str]]) -> None:
    """Set the function that returns names of a person's partnerships; this package cannot import `partnerships`."""
    _lookups[:] = [partnerships]


def partnership_names(person: Person) -> list[str]:
    """Names of the partnerships to which the person belongs."""
    return [name for lookup in _lookups for name in lookup(person)]
