"""Who may read and write which document. The domains answer; this package knows no role and no partnership."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class DocumentAccess:
    """A person's access to a document.

    `reason` says why `write` is False ("role", ...); `name`, `side`, `place` and `role` are how the others see the
    person (`place`: the municipality's name).
    """

    read: bool
    write: bool
    reason: str = ""
    name: str = ""
    side: str = ""
    place: str = ""
    role: str = ""


Resolver = Callable[[int, str], DocumentAccess | None]
_resolver: list[Resolver] = []


def register(resolver: Resolver) -> None:
    """`resolver(person_id, doc_name)`: None where the person may not know of the document."""
    _resolver[:] = [resolver]


def access_of(person_id: int, doc: str) -> DocumentAccess | None:
    """The person's access to the document; None where they may not know of it, or cannot read it."""
    found = _resolver[0](person_id, doc) if _resolver else None
    return found if found is not None and found.read else None
