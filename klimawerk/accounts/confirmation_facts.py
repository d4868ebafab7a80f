"""What is said of an account before somebody confirms that its address is its person's."""

from __future__ import annotations

from collections.abc import Callable

from klimawerk.accounts.models import Person

_partnerships: list[Callable[[Person], list[str]]] = []


def register(partnerships: Callable[[Person], list[str]]) -> None:
    """`partnerships` answers the names of those to which a person belongs; this room imports none of them."""
    _partnerships[:] = [partnerships]


def partnership_names(person: Person) -> list[str]:
    """Names of the partnerships to which the person belongs."""
    return [name for names in _partnerships for name in names(person)]
