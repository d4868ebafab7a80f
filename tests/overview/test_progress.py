"""How far a programme is: planning states, money as in the finance table, dates around today."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from klimawerk.clock import now
from klimawerk.overview.progress import ProgrammeDate, _around, state_shares
from klimawerk.programmes.models import Programme
from klimawerk.sheets.rows import append_row
from klimawerk.sheets.service import FieldRef, set_value
from tests import factories
from tests.client import ProofReader
from tests.comments.conftest import said
from tests.factories import Team


@pytest.fixture
def team(client: ProofReader) -> Team:
    team = factories.partnership()
    client.login(team.partner["editor"])
    return team


@pytest.fixture
def programme(team: Team) -> Programme:
    return factories.programme(team)


def set_state(programme: Programme, code: str, state: str) -> None:
    set_value(
        FieldRef(factories.measure(programme, code), "planning_state"), state, based_on=0, by=factories.person().id
    )


def milestone(programme: Programme, at: str, title: str, state: str = "planned", kind: str = "other") -> None:
    append_row(programme, "milestones", {"date": at, "title.en": title, "state": state, "kind": kind}, by=None)


def day(days: int) -> str:
    return (now().date() + timedelta(days=days)).isoformat()


def test_the_states_are_counted_in_words_and_their_parts_fill_the_bar(
    client: ProofReader, programme: Programme
) -> None:
    set_state(programme, "WA-02", "review")
    page = said(client.get("/").text)
    assert "2 measures" in page
    assert "Under review: 1" in page
    assert "without a planning state: 1" in page
    measures = [factories.measure(programme, code) for code in ("WA-01", "WA-02")]
    assert [(share.code, share.start, share.width) for share in state_shares(measures, "en")] == [
        ("review", 0.0, 50.0),
        ("", 50.0, 50.0),
    ]


def test_a_programme_without_measures_has_no_bar(client: ProofReader, programme: Programme) -> None:
    assert state_shares([], "en") == []


def test_costs_and_gap_are_those_of_the_finance_table(client: ProofReader, programme: Programme) -> None:
    start, table = said(client.get("/").text), said(client.get(f"/programmes/{programme.id}").text)
    [costs] = re.findall(r"Costs EUR.([\d,]+)", start)
    [gap] = re.findall(r"Gap \(neither secured nor applied for\) EUR.([\d,]+)", start)
    assert f"Costs {costs} " in table
    assert f"Gap (neither secured nor applied for) {gap} " in table
    assert (costs, gap) == ("62,000", "62,000")


def test_the_next_date_is_marked_and_a_cancelled_one_is_left_out(client: ProofReader, programme: Programme) -> None:
    milestone(programme, day(-40), "Kick-off", "done")
    milestone(programme, day(-4), "Video workshop")
    milestone(programme, day(9), "Mission")
    milestone(programme, day(3), "Fair", "cancelled")
    milestone(programme, day(80), "Council", kind="decision")
    page = said(client.get("/").text)
    assert "Kick-off (done)" in page.replace(" (", " (")
    assert "Video workshop (not marked as done)" in page
    assert "Mission (next)" in page
    assert "Council" in page
    assert "Fair" not in page


def test_a_decision_stands_once_and_by_its_council(client: ProofReader, programme: Programme) -> None:
    milestone(programme, day(80), "Council of Exampleton", kind="decision")
    decision = {"kind": "council_resolution", "subject.en": "Action programme", "result": "planned"}
    append_row(programme, "decisions", decision | {"date": day(80), "body.en": "Town council"}, by=None)
    append_row(programme, "decisions", decision | {"date": day(90), "body.en": "General Assembly"}, by=None)
    page = said(client.get("/").text)
    assert "Council of Exampleton" in page
    assert "Town council" not in page, "the milestone of that day announces it"
    assert "General Assembly" in page


def test_start_and_end_of_the_programme_are_dates_too(client: ProofReader, programme: Programme) -> None:
    set_value(FieldRef(programme, "period_start"), f"{now().year + 1}-01", based_on=0, by=factories.person().id)
    page = said(client.get("/").text)
    assert f"Jan {now().year + 1} The programme begins (next)" in page


@pytest.mark.parametrize(
    ("today", "following"),
    [("2026-11-30", "c"), ("2026-01-01", "a"), ("2027-05-31", "d"), ("2027-06-01", None)],
)
def test_a_month_lasts_until_its_end_and_few_dates_are_shown(today: str, following: str | None) -> None:
    dates = [ProgrammeDate(at, title, "") for at, title in
             (("2026-02", "a"), ("2026-11", "c"), ("2026-11-29", "b"), ("2027-05", "d"))]  # fmt: skip
    shown = _around(dates, today)
    assert [entry.title for entry in shown if entry.state == "next"] == ([following] if following else [])
    assert len(shown) <= 7
    assert all(entry.state == "past" for entry in shown if following is None)


def test_of_many_dates_those_around_today_are_shown() -> None:
    first = date(2026, 1, 1)
    days = [(first + timedelta(days=n)).isoformat() for n in range(30)]
    shown = _around([ProgrammeDate(at, at, "", "done" if at < days[10] else "later") for at in days], days[12])
    assert [entry.at for entry in shown] == days[10:17]
    assert [entry.state for entry in shown] == ["past", "past", "next", *["later"] * 4]
