"""Plausibility hints: implausible dates are reported at the field and in the checklist, and never refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.content import SHEET as GOAL
from klimawerk.goals.models import Goal
from klimawerk.measures.content import SHEET as MEASURE
from klimawerk.programmes.content import SHEET as PROGRAMME
from klimawerk.programmes.models import Programme
from klimawerk.sheets.plausibility import DateRange, date_hints
from klimawerk.sheets.rows import append_row, rows_of
from klimawerk.sheets.sheet_schema import Sheet
from tests import factories
from tests.client import ProofReader
from tests.factories import Team

PERIOD = DateRange("2027-01", "2030-12")


def hint_sentences(sheet: Sheet, values: dict[str, Any], kind: str = "", **cells: Any) -> list[str]:
    rows = {kind: [cells]} if kind else {}
    return [str(hint.sentence) for hint in date_hints(sheet, values, rows, PERIOD)]


DOES_NOT_FIT: list[tuple[Sheet, dict[str, Any], tuple[str, dict[str, Any]] | None, str]] = [
    (MEASURE, {"period_start": "2028-05", "period_end": "2028-04"}, None,
     "End: April 2028 is before “Start” (May 2028)."),
    (PROGRAMME, {"period_start": "2027-01", "period_end": "2026-12"}, None,
     "End: December 2026 is before “Start” (January 2027)."),
    (MEASURE, {"period_start": "2026-12-31"}, None,
     "Start: 31 December 2026 is before the programme begins (January 2027)."),
    (MEASURE, {"period_end": "2031-01"}, None, "End: January 2031 is after the programme ends (December 2030)."),
    (MEASURE, {"period_start": "2028-01", "period_end": "2028-12"}, ("steps", {"due": "2027-12"}),
     "Step 1: Due: December 2027 is before the measure begins (January 2028)."),
    (MEASURE, {"period_end": "2028-12"}, ("steps", {"due": "2029-01-01"}),
     "Step 1: Due: 1 January 2029 is after the measure ends (December 2028)."),
    (MEASURE, {}, ("steps", {"due": "2031-02"}),
     "Step 1: Due: February 2031 is after the programme ends (December 2030)."),
    (MEASURE, {}, ("indicators", {"baseline_year": 2028, "target_year": 2027}),
     "Indicator 1: Target year: 2027 is before “Baseline year” (2028)."),
    (GOAL, {}, ("indicators", {"baseline_year": 2028, "measurements": [{"date": "2027-05", "value": "1"}]}),
     "Indicator 1: Measurements: May 2027 is before “Baseline year” (2028)."),
    (GOAL, {}, ("indicators", {"target_year": 2035}),
     "Indicator 1: Target year: 2035 is after the programme ends (December 2030)."),
    (GOAL, {"target_year": 2026}, None, "Target year: 2026 is before the programme begins (January 2027)."),
    (PROGRAMME, {}, ("milestones", {"date": "2031-05"}),
     "Milestone 1: Date: May 2031 is after the programme ends (December 2030)."),
    (PROGRAMME, {}, ("decisions", {"date": "2031-05-20"}),
     "Decision 1: Date: 20 May 2031 is after the programme ends (December 2030)."),
]  # fmt: skip
FITS: list[tuple[Sheet, dict[str, Any], tuple[str, dict[str, Any]]]] = [
    (MEASURE, {"period_start": "2027-01", "period_end": "2030-12"}, ("steps", {"due": "2030-12-31"})),
    (MEASURE, {"period_start": "2028-05-20", "period_end": "2028-05"}, ("steps", {"due": "2028-05"})),
    (MEASURE, {"period_start": "2028-05"}, ("steps", {})),
    (MEASURE, {}, ("indicators", {"baseline_year": 2024, "target_year": 2030})),
    (MEASURE, {}, ("indicators", {"baseline_year": 2030, "target_year": 2030, "measurements": []})),
    (GOAL, {"target_year": 2027}, ("indicators", {"measurements": [{"date": "2025-05", "value": "1"}]})),
    (PROGRAMME, {"period_start": "2027-01"}, ("milestones", {"date": "2025-11-18"})),
]


def test_a_date_that_does_not_fit_is_said(app: Flask) -> None:
    for sheet, values, row, sentence in DOES_NOT_FIT:
        assert hint_sentences(sheet, values, *(row[:1] if row else ()), **(row[1] if row else {})) == [sentence]


def test_what_fits_or_is_open_is_not_mentioned(app: Flask) -> None:
    """The same month fits, whatever the days. Baselines and preparations of a programme may precede it."""
    for sheet, values, row in FITS:
        assert hint_sentences(sheet, values, row[0], **row[1]) == []


def test_every_date_of_every_sheet_says_what_it_has_to_fit() -> None:
    """Otherwise a new date field without a rule would be accepted silently."""
    cells = [cell for sheet in (PROGRAMME, GOAL, MEASURE) for kind in sheet.rows.values() for cell in kind.cells]
    fields = [field for sheet in (PROGRAMME, GOAL, MEASURE) for field in sheet.fields.values()]
    unbounded = {field.name for field in (*fields, *cells) if field.dated and not (field.within or field.not_before)}
    assert unbounded == {"period_start"}, "of the programme, which everything else is held against"


# On the page


@pytest.fixture
def team(app: Flask) -> Team:
    return factories.partnership()


@pytest.fixture
def programme(team: Team) -> Programme:
    created = factories.programme(team)
    with writing():
        created.values = {"period_start": "2027-01", "period_end": "2030-12"}
    return created


END = "End: August 2027 is before “Start” (September 2027)."


def test_an_end_before_its_start_is_kept_and_said_at_the_field_and_in_the_checklist(
    client: ProofReader, team: Team, programme: Programme
) -> None:
    measure = factories.measure(programme)
    client.login(team.partner["editor"])
    fields = f"/items/{measure.id}/fields"
    client.post(f"{fields}/period_start", data={"value": "2027-09", "rev": 0})
    answer = client.post(f"{fields}/period_end", data={"value": "2027-08", "rev": 0}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.text.count(END)) == (200, 2)
    page = client.get(f"/measures/{measure.id}").text
    assert f'<p class="hint" id="f-{measure.id}-period_end-hint">{END}</p>' in page
    assert f'<a href="#f-{measure.id}-period_end">{END}</a>' in page
    forms = client.fragment(f"/items/{measure.id}/forms").text
    assert f'aria-describedby="f-{measure.id}-period_end-help f-{measure.id}-period_end-hint"' in forms
    assert "Step 1: Due: October 2027 is after" not in page, "a period that ends before it starts bounds nothing"


def test_mending_one_of_two_dates_takes_the_hint_from_the_other(
    client: ProofReader, team: Team, programme: Programme
) -> None:
    measure = factories.measure(programme)
    with writing():
        measure.values = {"period_start": "2027-09", "period_end": "2027-08"}
    client.login(team.partner["editor"])
    first_load = client.fragment(f"/items/{measure.id}/changes")
    address = f"/items/{measure.id}/fields/period_start"
    answer = client.post(address, data={"value": "2027-02", "rev": 0}, headers={"HX-Request": "true"})
    assert f'id="f-{measure.id}-period_end"' in answer.text
    assert END not in answer.text
    assert f'id="c-{rows_of(measure)["steps"][0].id}-due-hint"' in answer.text, "the step lies after the end now"
    refreshed = client.fragment(f"/items/{measure.id}/changes?since={first_load.headers['X-Rev']}").text
    assert f'id="f-{measure.id}-period_end"' in refreshed, "on the pages of others, too"
    assert END not in refreshed
    other_field = client.post(
        f"/items/{measure.id}/fields/priority", data={"value": "low", "rev": 0}, headers={"HX-Request": "true"}
    )
    assert f'id="f-{measure.id}-period_end"' not in other_field.text, "what is no date draws no date anew"


def test_an_indicator_that_aims_before_its_baseline_is_said_in_its_row(
    client: ProofReader, team: Team, programme: Programme
) -> None:
    measure = factories.measure(programme)
    row = append_row(measure, "indicators", {"baseline_year": 2028, "target_year": 2027}, by=None)
    client.login(team.de["editor"])
    page = client.get(f"/measures/{measure.id}?lang=de").text
    sentence = "Indikator 1: Zieljahr: 2027 liegt vor „Basisjahr“ (2028)."
    assert f'<p class="hint" id="c-{row.id}-target_year-hint">{sentence}</p>' in page
    assert f'<a href="#row-{row.id}">{sentence}</a>' in page


def test_the_programmes_page_lists_them_all_with_their_places(
    client: ProofReader, team: Team, programme: Programme
) -> None:
    measure = factories.measure(programme)
    client.login(team.partner["observer"])
    assert "Dates that do not fit" not in client.get(f"/programmes/{programme.id}").text
    assert "-hint" not in client.get(f"/measures/{measure.id}").text.replace("data-use-hint", "")
    milestone = append_row(programme, "milestones", {"date": "2031-05"}, by=None)
    with writing():
        db.session.get_one(Goal, measure.goal_id).values = {"target_year": 2020}
        measure.values = {"period_end": "2031-01"}
    page = client.get(f"/programmes/{programme.id}").text
    section = page[page.index('id="dates"') :].split("</section>")[0]
    assert re.findall(r'<a href="(.*?)">(?:<span class="code">(.*?)</span> )?(.*?)</a>', section) == [
        (f"#row-{milestone.id}", "", "Milestone 1: Date: May 2031 is after the programme ends (December 2030)."),
        (f"/goals/{measure.goal_id}", "Z1", "Target year: 2020 is before the programme begins (January 2027)."),
        (f"/measures/{measure.id}", "WA-01", "End: January 2031 is after the programme ends (December 2030)."),
    ]
    assert f'id="row-{milestone.id}"' in page
