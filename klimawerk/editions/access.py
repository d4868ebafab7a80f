"""Read access to editions: everyone who may read the programme."""

from __future__ import annotations

from flask import abort

from klimawerk.editions.models import Edition
from klimawerk.editions.service import edition_by_number
from klimawerk.programmes.models import Programme
from klimawerk.sheets.access import Opened, of_kind
from klimawerk.versions.access import readable_item_history


def programme_or_404(item_id: int) -> tuple[Opened, Programme]:
    """The programme, if the signed-in user may read it."""
    opened = readable_item_history(item_id)
    return opened, of_kind(opened, Programme)


def edition_or_404(item_id: int, number: int) -> tuple[Opened, Programme, Edition]:
    """The programme's edition with that number."""
    opened, programme = programme_or_404(item_id)
    return opened, programme, edition_by_number(programme.id, number) or abort(404)
