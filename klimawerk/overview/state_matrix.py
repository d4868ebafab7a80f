"""Measures by field of action and planning state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from klimawerk.overview.field_groups import by_field
from klimawerk.overview.programme_data import MeasureData, ProgrammeData, TitledItem
from klimawerk.overview.timeline import planning_states

_IF_USED = ("dropped", "")
"""States that have a column only if a measure is in them."""


@dataclass(frozen=True)
class StateColumn:
    """A planning state with its number of measures; `code` is "" for measures without one."""

    code: str
    label: str
    count: int


@dataclass(frozen=True)
class StateRow:
    """A field of action, None for measures without one. `cells`: {code of the state: measures}."""

    field: TitledItem | None
    cells: Mapping[str, Sequence[MeasureData]]


@dataclass(frozen=True)
class StateMatrix:
    columns: Sequence[StateColumn]
    rows: Sequence[StateRow]


def state_matrix(data: ProgrammeData) -> StateMatrix:
    known = [*planning_states(), ("", _("No state yet"))]
    counts = {code: sum(1 for measure in data.measures if measure.state == code) for code, _label in known}
    columns = [StateColumn(code, label, counts[code]) for code, label in known if counts[code] or code not in _IF_USED]
    return StateMatrix(
        columns,
        [
            StateRow(group.field, {code: [m for m in group.measures if m.state == code] for code, _label in known})
            for group in by_field(data)
        ],
    )
