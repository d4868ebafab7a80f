"""What a lock can be set on from an item's page: the item, what stands above it, or everything else."""

from __future__ import annotations

from flask_babel import gettext as _

from klimawerk import scalars
from klimawerk.extensions import db
from klimawerk.sheets.edit_locks import scope_words
from klimawerk.sheets.models import Item
from klimawerk.sheets.programme_topic import programme_head
from klimawerk.sheets.view import SheetView

OWN, GOAL, PROGRAMME, OTHERS = "", "goal", "programme", "others"
LockScope = tuple[Item, int | None]
"""The item that is closed with all that stands under it, and the measure that stays open."""


def scope_of(item: Item, wanted: str) -> LockScope:
    """The scope of that name, as seen from the item; "others:7" on a programme leaves measure 7 open. ValueError for
    one that it does not have."""
    name, _colon, number = wanted.partition(":")
    if wanted in (OWN, item.kind):
        return item, None
    if name == OTHERS:
        return programme_head(item), _measure(item, number)
    if wanted == PROGRAMME:
        return programme_head(item), None
    if wanted == GOAL and item.parent_id:
        return db.session.get_one(Item, item.parent_id), None
    raise ValueError(wanted)


def scopes(v: SheetView) -> list[tuple[str, str]]:
    """(name, words) of every scope that the item's page offers, its own first."""
    item = v.item
    programme = _("The whole programme")
    if item.kind == "programme":
        others = [(f"{OTHERS}:{id_}", _("Everything but %(code)s", code=words)) for id_, words in v.options.measures]
        return [(OWN, programme), *others]
    if item.parent_id is None:
        return [(OWN, scope_words(item)), (PROGRAMME, programme)]
    goal = db.session.get_one(Item, item.parent_id)
    everything = [(OTHERS, _("Everything but this measure")), (GOAL, scope_words(goal)), (PROGRAMME, programme)]
    return [(OWN, _("This measure")), *everything]


def _measure(item: Item, number: str) -> int:
    """The measure of that number in the item's programme, or the item itself."""
    if not number and item.kind == "measure":
        return item.id
    measure = db.session.get(Item, scalars.item_id(number))
    if measure is None or measure.kind != "measure" or measure.frame_id != item.frame_id:
        raise ValueError(number)
    return measure.id
