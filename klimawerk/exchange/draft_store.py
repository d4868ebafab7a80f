"""Stores a draft in the database, in one transaction."""

from __future__ import annotations

import uuid
from typing import Any

from klimawerk.database import writing
from klimawerk.exchange.draft import ItemDraft, PartnershipDraft, ProgrammeDraft
from klimawerk.exchange.history_store import RowIdMap, RowIds, add_row, store_history
from klimawerk.exchange.threads_store import store_threads
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.goals.service import create_goal
from klimawerk.live.changes import note
from klimawerk.measures.models import Measure
from klimawerk.measures.service import create_measure
from klimawerk.partnerships.models import Municipality, Partnership
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import create_programme
from klimawerk.sheets.models import Item
from klimawerk.sheets.order_keys import initial_keys


def store_draft(draft: ProgrammeDraft, *, by: int | None, practice_of: int | None = None) -> Programme:
    """Create a partnership with its programme, goals and measures."""
    with writing():
        partnership = _partnership(draft.partnership, practice_of)
        programme = _programme(draft, partnership, by)
        ids = RowIdMap(draft.history)
        fields = _add_rows(programme, draft.programme, ids.rows("programme", ""))
        goals = {goal.code: _goal(programme, goal, fields, ids, by) for goal in draft.goals}
        measures = {
            measure.code: _measure(goals[measure.goal], measure, fields, ids, by)
            for measure in sorted(draft.measures, key=lambda m: m.order)
        }
        numbers = {code: measure.id for code, measure in measures.items()}
        for measure in draft.measures:
            _relate(measures[measure.code], measure, numbers)
        programme.carried = draft.carried
        store_threads(draft.threads, programme, _by_code(programme, goals, measures))
        if draft.history:
            store_history(draft.history, programme, [programme, *goals.values(), *measures.values()])
        return programme


def _by_code(programme: Programme, goals: dict[str, Goal], measures: dict[str, Measure]) -> dict[tuple[str, str], Item]:
    """All items by kind and code."""
    items: dict[tuple[str, str], Item] = {("programme", ""): programme}
    items |= {("goal", code): goal for code, goal in goals.items()}
    return items | {("measure", code): measure for code, measure in measures.items()}


def _partnership(draft: PartnershipDraft, practice_of: int | None) -> Partnership:
    partnership = Partnership(
        name=draft.name,
        kind=draft.kind,
        since=draft.since,
        agreement=draft.agreement,
        practice_of=practice_of,
        municipalities=[
            Municipality(position=n, **vars(municipality)) for n, municipality in enumerate(draft.municipalities)
        ],
    )
    db.session.add(partnership)
    db.session.flush()
    return partnership


def _programme(draft: ProgrammeDraft, partnership: Partnership, by: int | None) -> Programme:
    item_draft = draft.programme
    programme = create_programme(
        partnership, **vars(draft.frame), values=dict(item_draft.values), texts=dict(item_draft.texts), by=by
    )
    programme.imported = list(item_draft.imported)
    return programme


def _goal(programme: Programme, draft: ItemDraft, fields: dict[str, str], ids: RowIdMap, by: int | None) -> Goal:
    goal = create_goal(programme, by=by, **_content(draft, fields))
    _add_rows(goal, draft, ids.rows("goal", goal.code))
    return goal


def _measure(goal: Goal, draft: ItemDraft, fields: dict[str, str], ids: RowIdMap, by: int | None) -> Measure:
    measure = create_measure(goal, by=by, **_content(draft, fields))
    _add_rows(measure, draft, ids.rows("measure", measure.code))
    return measure


def _content(draft: ItemDraft, fields: dict[str, str]) -> dict[str, Any]:
    """Arguments for creating an item, without references: related measures are set when all measures exist."""
    values = {name: value for name, value in draft.values.items() if name not in ("field", "related")}
    return {
        "code": draft.code,
        "field_row": fields.get(draft.values.get("field", "")),
        "values": values,
        "texts": dict(draft.texts),
        "imported": draft.imported,
    }


def _relate(measure: Measure, draft: ItemDraft, ids: dict[str, int]) -> None:
    related = [ids[code] for code in draft.values.get("related", [])]
    if related:
        measure.values = {**measure.values, "related": related}
        measure.revs = {**measure.revs, "related": note(measure.name)}


def _add_rows(item: Item, draft: ItemDraft, ids: RowIds) -> dict[str, str]:
    """Add all rows at once: asking for the last order key before each row would take one query per row.

    `ids`: of the rows of each kind, if the file knows them. Returns the row id of each code.
    """
    rev = note(item.name)
    by_code: dict[str, str] = {}
    for kind, rows in draft.rows.items():
        row_ids = ids.get(kind, [])
        row_ids = row_ids if len(row_ids) == len(rows) else [str(uuid.uuid4()) for _ in rows]
        for cells, order_key, id_ in zip(rows, initial_keys(len(rows)), row_ids, strict=True):
            row = add_row(item, kind, id_, cells, order_key, rev)
            by_code.setdefault(cells.get("code", ""), row.id)
    return by_code
