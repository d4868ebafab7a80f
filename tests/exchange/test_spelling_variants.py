"""Headings, choices, codes and titles in pasted tables are recognised in any spelling."""

from __future__ import annotations

import pytest
from flask import Flask

from klimawerk.exchange.table_columns import guess_columns, measure_fields
from klimawerk.exchange.table_values import PasteContext, read_grid
from klimawerk.folding import fold


def pasted(heading: str, cell: str) -> object:
    """The record of a table with this heading and one cell."""
    context = PasteContext(
        language="de", locale="de", currencies=("EUR",), currency="EUR", sides={}, readings={}, used_codes=frozenset(),
        goals={fold("Z-1"): 7}, fields={fold("Gebäude und Wärme"): "row"},
    )  # fmt: skip
    fields = measure_fields()
    grid = [["Code", heading], ["X-1", cell]]
    return read_grid(grid, guess_columns(grid, fields), fields, context).records()[0]


@pytest.mark.parametrize(
    ("heading", "cell", "expected"),
    [
        ("PRIORITA\u0308T", "hoch", {"priority": "high"}),
        ("Priori\u00adtaet:", "HOCH", {"priority": "high"}),
        ("Ziel", "z\u20111", {"goal": 7}),
        ("Ziel", "Z–1", {"goal": 7}),
        ("Handlungsfeld", "Gebaeude  und Wa\u0308rme", {"field": "row"}),
        ("Ziel", "Z-2", {}),
        ("Ziel", "\u200b", {}),
        ("Priorität", "\u00ad", {}),
        ("Handlungsfeld", "Gebäude", {}),
    ],
)
def test_words_of_a_table_are_known_in_any_spelling(app: Flask, heading: str, cell: str, expected: object) -> None:
    assert pasted(heading, cell) == {"code": "X-1", **expected}  # type: ignore[dict-item]
