"""Implausible values in a file or pasted table do not prevent the import; the preview shows a warning."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from flask import Flask

from klimawerk.exchange.demo import EXAMPLE
from klimawerk.exchange.import_warnings import MAX_WARNINGS
from klimawerk.exchange.service import preview
from tests import factories
from tests.client import ProofReader

ED_02_WARNING = "measures[9] (ED-02) → period → start: Start: March 2026 is before the programme begins (January 2027)."
FILE: dict[str, Any] = json.loads(EXAMPLE.read_bytes())


@pytest.fixture
def example() -> dict[str, Any]:
    return copy.deepcopy(FILE)


def warnings_of(file: dict[str, Any]) -> list[str]:
    return [str(warning) for warning in preview(json.dumps(file).encode()).warnings]


def test_dates_that_do_not_fit_are_named_with_their_places(app: Flask, example: dict[str, Any]) -> None:
    first = example["measures"][0]
    first["period"] = {"start": "2027-09", "end": "2027-08"}
    first["indicators"][1]["target_year"] = 2025
    example["measures"][1]["steps"][0]["due"] = "2035-01"
    example["goals"][0]["target_year"] = 2020
    assert warnings_of(example) == [
        "goals[0] (Z1) → target_year: Target year: 2020 is before the programme begins (January 2027).",
        "measures[0] (WA-01) → period → end: End: August 2027 is before “Start” (September 2027).",
        "measures[0] (WA-01) → indicators[1] (WA-01-I2) → target_year: Indicator 2: Target year: 2025 is before "
        "“Baseline year” (2026).",
        "measures[0] (WA-01) → indicators[1] (WA-01-I2) → target_year: Indicator 2: Target year: 2025 is before "
        "the programme begins (January 2027).",
        "measures[1] (WA-02) → steps[0] → due: Step 1: Due: January 2035 is after the measure ends (June 2030).",
        ED_02_WARNING,
    ]


def test_a_missing_title_and_one_that_is_too_long_are_said(app: Flask, example: dict[str, Any]) -> None:
    example["measures"][0]["title"] = {"de": "x" * 120, "en": "x" * 121}
    del example["measures"][1]["title"]
    example["goals"][1]["title"] = {"de": " ", "en": "\u00ad\u200b"}
    assert warnings_of(example) == [
        "measures[0] (WA-01) → title → en: This text is longer than 120 characters.",
        "goals[1] (Z2) → title: There is no title.",
        "measures[1] (WA-02) → title: There is no title.",
        ED_02_WARNING,
    ]


def test_of_very_many_doubts_the_first_hundred_are_named(app: Flask, example: dict[str, Any]) -> None:
    steps = example["measures"][0]["steps"]
    example["measures"][0]["steps"] = [{**steps[0], "no": n, "due": "1999-01"} for n in range(1, 400)]
    warnings = warnings_of(example)
    assert (len(warnings), warnings[-1]) == (MAX_WARNINGS + 1, "There are more dates and titles to look at than these.")


def paste(client: ProofReader, path: str, table: str, step: str = "look") -> str:
    client.get(path)
    answer = client.post(path, data={"table": table, "heading": "yes", "step": step, "csrf_token": client.token})
    return str(answer.get_data(as_text=True))


def test_a_pasted_title_of_121_characters_comes_in_and_is_said(client: ProofReader) -> None:
    team = factories.partnership()
    programme = factories.programme(team)
    client.login(team.partner["editor"])
    long_title = "y" * 121
    path = f"/programmes/{programme.id}/paste"
    table = f"Title\tStart\tEnd\n{long_title}\tMay 2028\tApril 2028\n\tMay 2028\t\n{long_title[1:]}\t\t"
    page = paste(client, path, table)
    assert page.count("This text is longer than 120 characters.") == 1
    assert "End: April 2028 is before “Start” (May 2028)." in page
    assert "One measure has no title." in page
    assert "cannot be read" not in page
    paste(client, path, table, "take")
    measure = factories.measure(programme, "WA-03")
    shown = client.get(f"/measures/{measure.id}").text
    assert long_title in shown
    assert f'<a href="#t-{measure.id}-title-en">Title EN: This text is longer than 120 characters.</a>' in shown


def test_pasted_steps_are_held_against_their_measures_period(client: ProofReader) -> None:
    team = factories.partnership()
    measure = factories.measure(factories.programme(team))
    client.login(team.partner["editor"])
    client.post(f"/items/{measure.id}/fields/period_end", data={"value": "2028-12", "rev": 0})
    page = paste(client, f"/items/{measure.id}/paste/steps", "What\tDue\nBuild\tJune 2029\nTest\tJune 2028")
    assert page.count("is after the measure ends (December 2028).") == 1
