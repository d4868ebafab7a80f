"""Access rights on documents (read, write). Each kind of document has its own resolver; this package knows no role and
no partnership."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from klimawerk.registry import Registry


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
resolvers: Registry[str, Resolver] = Registry("document access")
"""By kind of document: `resolver(person_id, doc)` for documents named "<kind>:<number>". It answers None where the
person may not know of the document."""


def access_of(person_id: int, doc: str) -> DocumentAccess | None:
    """The person's access to the document; None where they may not know of it or may not read it, and for a kind
    without a resolver."""
    resolver = resolvers.get(doc.partition(":")[0])
    document_access = resolver(person_id, doc) if resolver else None
    return document_access if document_access is not None and document_access.read else None
