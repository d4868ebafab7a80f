"""Access rights on documents (read, write). Other packages answer; this one knows no role and no partnership."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class DocumentAccess:
    """A person's access to a document.

    `reason` says why `write` is False ("role", ...). `name`, `side`, `place` (the municipality's name) and `role` are
    what other members of the room see of the person.
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
    """Set the resolver. `resolver(person_id, doc_name)` answers None where the person may not know of the document."""
    _resolver[:] = [resolver]


def access_of(person_id: int, doc: str) -> DocumentAccess | None:
    """The person's access to the document; None where they may not know of it or may not read it."""
    document_access = _resolver[0](person_id, doc) if _resolver else None
    return document_access if document_access is not None and document_access.read else None
