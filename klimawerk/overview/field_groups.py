"""Measures grouped by field of action, and within it by goal, in the order of the programme."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from klimawerk.overview.programme_data import MeasureData, ProgrammeData, TitledItem


@dataclass(frozen=True)
class GoalGroup:
    """The measures of a goal in one field of action."""

    goal: TitledItem
    measures: Sequence[MeasureData]


@dataclass(frozen=True)
class FieldGroup:
    """A field of action with its goals that have measures there; `field` is None for measures without one."""

    field: TitledItem | None
    goals: Sequence[GoalGroup]

    @property
    def measures(self) -> list[MeasureData]:
        return [measure for group in self.goals for measure in group.measures]


def by_field(data: ProgrammeData) -> list[FieldGroup]:
    """All fields of action, also those without measures, then the measures without one, if there are any."""
    groups = [FieldGroup(field, _by_goal(data, field.id)) for field in data.fields]
    without = FieldGroup(None, _by_goal(data, ""))
    return [*groups, without] if without.goals else groups


def in_order(data: ProgrammeData) -> Iterator[MeasureData]:
    """All measures in the order in which the overview lists them."""
    for group in by_field(data):
        yield from group.measures


def _by_goal(data: ProgrammeData, field: str) -> list[GoalGroup]:
    here = [measure for measure in data.measures if measure.field_id == field]
    groups = [GoalGroup(goal, [measure for measure in here if measure.goal_id == goal.id]) for goal in data.goals]
    return [group for group in groups if group.measures]
