"""Facts shown about an account before its e-mail address is confirmed."""

from __future__ import annotations

from collections.abc import Callable

from klimawerk.accounts.models import Person
from klimawerk.registry import Hooks

partnership_lookups: Hooks[Callable[[Person], list[str]]] = Hooks()
"""Functions that return names of a person's partnerships; this package cannot import `partnerships`."""


def partnership_names(person: Person) -> list[str]:
    """Names of the partnerships to which the person belongs."""
    return [name for lookup in partnership_lookups for name in lookup(person)]
