"""Tests of `sheets.shared_cells`: cells shared by several kinds of rows."""

from __future__ import annotations

from klimawerk import codes
from klimawerk.goals.content import SHEET as GOAL
from klimawerk.measures.content import SHEET as MEASURE
from klimawerk.sheets.shared_cells import INDICATOR_CELLS, side_cell


def test_a_side_is_chosen_from_both_or_from_what_the_row_allows() -> None:
    for cell, listed in ((side_cell(), "side"), (side_cell("step_side"), "step_side")):
        assert (cell.name, cell.kind, cell.codes) == ("side", "choice", listed)
        assert {"de", "partner"} <= {entry.code for entry in codes.codes(cell.codes)}


def test_a_goal_and_a_measure_measure_with_the_same_cells() -> None:
    assert GOAL.rows["indicators"].cells == MEASURE.rows["indicators"].cells == INDICATOR_CELLS
    assert len({cell.name for cell in INDICATOR_CELLS}) == len(INDICATOR_CELLS)


def test_of_an_indicator_the_target_and_what_was_measured_are_not_before_the_baseline() -> None:
    bounds = {cell.name: (cell.not_before, cell.within) for cell in INDICATOR_CELLS if cell.dated}
    assert bounds == {
        "baseline_year": ("", "end"),
        "target_year": ("baseline_year", "programme"),
        "measurements": ("baseline_year", ""),
    }


def test_of_an_indicator_only_words_are_translated_and_every_choice_has_its_list() -> None:
    assert {cell.name for cell in INDICATOR_CELLS if cell.translated} == {"text", "source_of_verification"}
    chosen = {cell.name: cell.codes for cell in INDICATOR_CELLS if cell.kind == "choice"}
    assert chosen == {"kind": "indicator_kind", "frequency": "frequency"}
    assert all(codes.codes(name) for name in chosen.values())
