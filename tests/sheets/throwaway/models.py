"""Notes: items without columns of their own."""

from __future__ import annotations

from klimawerk.sheets.models import Item


class Note(Item):
    __mapper_args__ = {"polymorphic_identity": "note"}
