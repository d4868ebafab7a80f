"""Scopes that a moderator can lock from an item's page: the item, its goal, the programme, or all but one measure."""

from __future__ import annotations

from flask_babel import gettext as _

from klimawerk import scalars
from klimawerk.extensions import db
from klimawerk.sheets.edit_locks import scope_label
from klimawerk.sheets.models import Item
from klimawerk.sheets.programme_topic import programme_head
from klimawerk.sheets.view import SheetView

OWN, GOAL, PROGRAMME, OTHERS = "", "goal", "programme", "others"
LockScope = tuple[Item, int | None]
"""(the item that is locked with all items under it, id of the one measure that stays open or None)"""


def scope_of(item: Item, scope_name: str) -> LockScope:
    """The scope called `scope_name`, relative to the item; "others:7" on a programme leaves measure 7 open. Raises
    ValueError for a name that the item does not have."""
    name, _colon, number = scope_name.partition(":")
    if scope_name in (OWN, item.kind):
        return item, None
    if name == OTHERS:
        return programme_head(item), _measure(item, number)
    if scope_name == PROGRAMME:
        return programme_head(item), None
    if scope_name == GOAL and item.parent_id:
        return db.session.get_one(Item, item.parent_id), None
    raise ValueError(scope_name)


def scopes(v: SheetView) -> list[tuple[str, str]]:
    """(name, label) of every scope that the item's page offers, the item itself first."""
    item = v.item
    programme = _("The whole programme")
    if item.kind == "programme":
        others = [(f"{OTHERS}:{id_}", _("Everything but %(code)s", code=label)) for id_, label in v.options.measures]
        return [(OWN, programme), *others]
    if item.parent_id is None:
        return [(OWN, scope_label(item)), (PROGRAMME, programme)]
    goal = db.session.get_one(Item, item.parent_id)
    wider = [(OTHERS, _("Everything but this measure")), (GOAL, scope_label(goal)), (PROGRAMME, programme)]
    return [(OWN, _("This measure")), *wider]


def _measure(item: Item, number: str) -> int:
    """Id of the measure with that id in the item's programme; of the item itself, if it is a measure and `number` is
    empty. Raises ValueError."""
    if not number and item.kind == "measure":
        return item.id
    measure = db.session.get(Item, scalars.item_id(number))
    if measure is None or measure.kind != "measure" or measure.frame_id != item.frame_id:
        raise ValueError(number)
    return measure.id
