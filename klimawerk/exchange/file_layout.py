"""Layout of the exchange format: where each part of an item stands in a file, in the order of writing.

A slot is a path of keys, and the catalogue's name of the field or kind of row that stands there. The programme's paths
begin at the file's root, the others at the goal or measure.
"""

from __future__ import annotations

from klimawerk.sheets.sheet_schema import Field, RowKind

FileSlot = tuple[tuple[str, ...], str]

PROGRAMME: tuple[FileSlot, ...] = (
    (("partnership", "teams"), "teams"),
    (("programme", "title"), "title"),
    (("programme", "period", "start"), "period_start"),
    (("programme", "period", "end"), "period_end"),
    (("programme", "state"), "state"),
    (("programme", "version"), "version"),
    (("programme", "foreword"), "foreword"),
    (("programme", "background"), "background"),
    (("programme", "working_structure"), "working_structure"),
    (("programme", "vision"), "vision"),
    (("programme", "guiding_principles"), "guiding_principles"),
    (("programme", "baseline", "text"), "baseline"),
    (("programme", "baseline", "rows"), "baseline_rows"),
    (("programme", "monitoring"), "monitoring"),
    (("programme", "communication"), "communication"),
    (("programme", "annex"), "annex"),
    (("milestones",), "milestones"),
    (("fields",), "fields"),
    (("decisions_sample",), "decisions"),
)

GOAL: tuple[FileSlot, ...] = (
    (("field",), "field"),
    (("level",), "level"),
    (("title",), "title"),
    (("statement",), "statement"),
    (("target_year",), "target_year"),
    (("side",), "side"),
    (("climate_effect",), "climate_effect"),
    (("sdgs",), "sdgs"),
    (("indicators",), "indicators"),
    (("notes",), "notes"),
)

MEASURE: tuple[FileSlot, ...] = (
    (("field",), "field"),
    (("title",), "title"),
    (("climate_effect",), "climate_effect"),
    (("measure_type",), "measure_type"),
    (("place",), "place"),
    (("lead_side",), "lead_side"),
    (("planning_state",), "planning_state"),
    (("implementation_state",), "implementation_state"),
    (("priority",), "priority"),
    (("horizon",), "horizon"),
    (("period", "start"), "period_start"),
    (("period", "end"), "period_end"),
    (("initial_situation",), "initial_situation"),
    (("description",), "description"),
    (("expected_result",), "expected_result"),
    (("benefit_de",), "benefit_de"),
    (("benefit_partner",), "benefit_partner"),
    (("target_group",), "target_group"),
    (("responsible",), "responsible"),
    (("partners",), "partners"),
    (("personnel",), "personnel"),
    (("personnel_level",), "personnel_level"),
    (("steps",), "steps"),
    (("indicators",), "indicators"),
    (("ghg", "t_co2e_a"), "ghg_t_co2e_a"),
    (("ghg", "level"), "ghg_level"),
    (("ghg", "energy_mwh_a"), "ghg_energy_mwh_a"),
    (("ghg", "renewable_mwh_a"), "ghg_renewable_mwh_a"),
    (("ghg", "method"), "ghg_method"),
    (("ghg", "confidence"), "ghg_confidence"),
    (("adaptation", "hazards"), "adaptation_hazards"),
    (("adaptation", "effect"), "adaptation_effect"),
    (("commitments",), "commitments"),
    (("costs",), "costs"),
    (("no_cost",), "no_cost"),
    (("cost_level",), "cost_level"),
    (("funding",), "funding"),
    (("in_kind",), "in_kind"),
    (("co_benefits",), "co_benefits"),
    (("risks",), "risks"),
    (("sdgs",), "sdgs"),
    (("related",), "related"),
    (("markers", "mitigation"), "marker_mitigation"),
    (("markers", "adaptation"), "marker_adaptation"),
    (("markers", "gender"), "marker_gender"),
    (("notes",), "notes"),
)

SINGLE_TEXT_ROWS = {"guiding_principles": "text", "partners": "name", "in_kind": "text"}
"""Kinds of rows that a file writes as a plain text per language, and the cell that holds this text."""

ADDITIVE = frozenset({"personnel"})
"""Kinds of rows that are left out if there are none; all others are then written as an empty list."""

WRITTEN_EMPTY = {"commitments": ("amount", "unit"), "funding": ("application",)}
"""Cells that are written as null if they are empty; all other empty cells are left out."""

_CELL_ORDER = {
    "teams": ("side", "role", "name", "function"),
    "baseline_rows": ("side", "challenge", "affected", "plans", "projects"),
    "milestones": ("date", "kind", "title", "state"),
    "fields": ("code", "list_code", "climate_effect", "title", "overall_objective"),
    "decisions": ("date", "kind", "subject", "side", "body", "result", "reference"),
    "indicators": (
        "code", "kind", "text", "unit", "baseline", "baseline_year", "target", "target_year",
        "source_of_verification", "frequency", "measurements",
    ),
    "responsible": ("side", "unit", "contact", "role"),
    "steps": ("text", "due", "side", "state"),
    "commitments": ("side", "kind", "text", "amount", "unit"),
    "costs": ("category", "amount", "text"),
    "funding": ("source", "amount", "state", "text", "application"),
    "risks": ("text", "likelihood", "response"),
}  # fmt: skip


def cells_in_order(kind: RowKind) -> list[Field]:
    """Cells of a kind of row in the order of the file, independent of the page; newer cells come last."""
    order = _CELL_ORDER.get(kind.name, ())
    return sorted(kind.cells, key=lambda cell: order.index(cell.name) if cell.name in order else len(order))
