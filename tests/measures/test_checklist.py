"""Checklist for consent: empty for a complete measure; each removed part is reported."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from klimawerk.collab.rich_text import to_plain_text
from klimawerk.exchange.demo import EXAMPLE
from klimawerk.exchange.draft import MeasureDraft
from klimawerk.exchange.service import preview
from klimawerk.measures.checklist import MissingPart, missing_parts

SIDES = {"de": "Wiesenbrück", "partner": "Abenkrom"}


@pytest.fixture
def measure(app: Flask) -> MeasureDraft:
    """WA-01 of the example programme, which is complete."""
    return preview(EXAMPLE.read_bytes()).draft.measures[0]


def checklist(measure: MeasureDraft) -> list[MissingPart]:
    texts = {fragment: to_plain_text(text) for fragment, text in measure.texts.items() if text}
    return missing_parts(measure.values, measure.rows, texts, ["de", "en"], SIDES)


def test_a_complete_measure_lacks_nothing(measure: MeasureDraft) -> None:
    assert checklist(measure) == []


@pytest.mark.parametrize(
    "name", ["field", "climate_effect", "place", "lead_side", "period_start", "period_end", "horizon", "priority"]
)
def test_a_field_that_is_empty_is_named(measure: MeasureDraft, name: str) -> None:
    del measure.values[name]
    assert [entry.part for entry in checklist(measure)] == [name]
    assert str(checklist(measure)[0].sentence).endswith(" is missing.")


@pytest.mark.parametrize("name", ["title", "initial_situation", "description"])
def test_a_text_is_needed_in_each_language(measure: MeasureDraft, name: str) -> None:
    del measure.texts[f"{name}.de"]
    assert [(entry.part, entry.language) for entry in checklist(measure)] == [(name, "de")]
    assert str(checklist(measure)[0].sentence).endswith(" is missing in German.")
    del measure.texts[f"{name}.en"]
    assert [(entry.part, entry.language) for entry in checklist(measure)] == [(name, "")]


@pytest.mark.parametrize("kind", ["responsible", "commitments"])
def test_both_sides_have_to_be_named(measure: MeasureDraft, kind: str) -> None:
    measure.rows[kind] = [row for row in measure.rows[kind] if row["side"] == "de"]
    assert [(entry.part, entry.side) for entry in checklist(measure)] == [(kind, "partner")]
    assert "nothing from Abenkrom yet" in str(checklist(measure)[0].sentence)


def test_an_indicator_needs_a_target(measure: MeasureDraft) -> None:
    for row in measure.rows["indicators"]:
        del row["target"]
    assert [entry.part for entry in checklist(measure)] == ["indicators"]
    measure.rows["indicators"][0]["target"] = "0"
    assert checklist(measure) == []


def test_costs_or_the_mark_that_there_are_none(measure: MeasureDraft) -> None:
    empty: dict[str, Any] = {"costs": [{"category": "pr"}], "funding": []}
    measure.rows |= empty
    assert [entry.part for entry in checklist(measure)] == ["costs", "funding"]
    measure.rows["funding"] = [{"source": "open"}]
    assert [entry.part for entry in checklist(measure)] == ["costs"]
    measure.values["no_cost"] = "yes"
    assert checklist(measure) == []


def test_an_open_priority_is_not_decided_and_a_permanent_task_needs_no_end(measure: MeasureDraft) -> None:
    measure.values |= {"priority": "open", "horizon": "permanent"}
    del measure.values["period_end"]
    assert [entry.part for entry in checklist(measure)] == ["priority"]


@pytest.mark.parametrize(
    ("typed", "lacking"), [("\u00ad", 1), ("\u200b \u00a0\u2060", 1), ("\u200e", 1), ("a\u00ad", 0)]
)
def test_a_text_in_which_nothing_can_be_seen_is_missing(measure: MeasureDraft, typed: str, lacking: int) -> None:
    texts = {fragment: to_plain_text(text) for fragment, text in measure.texts.items() if text} | {"title.en": typed}
    assert len(missing_parts(measure.values, measure.rows, texts, ["de", "en"], SIDES)) == lacking
