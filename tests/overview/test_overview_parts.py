"""The parts of a programme's overview beside the timeline: money, contributions, states, responsibilities, SDGs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from klimawerk import codes
from klimawerk.money import Rates
from klimawerk.overview.amounts import AmountFormat, written_amount
from klimawerk.overview.contributions import contributions, summary
from klimawerk.overview.funding_chart import certainty_chart, source_chart
from klimawerk.overview.key_figures import key_figures
from klimawerk.overview.programme_data import MeasureData, ProgrammeData, Side, TitledItem
from klimawerk.overview.responsibilities import responsibilities
from klimawerk.overview.sdg_counts import sdg_counts, text_colour
from klimawerk.overview.state_matrix import state_matrix

DE, PARTNER = Side("de", "Stadt Musterstadt", "Musterstadt"), Side("partner", "Exampleton", "Exampleton")
RATES = Rates("EUR", "GHS", Decimal(13))


@pytest.fixture(autouse=True)
def english(app: Flask) -> None:
    """Words need an app."""


def eur(amount: str, currency: str = "EUR", **cells: str) -> dict[str, Any]:
    return {"amount": {"amount": amount, "currency": currency}, **cells}


def measure(number: int = 1, values: dict[str, Any] | None = None, field_id: str = "", **rows: Any) -> MeasureData:
    code = f"M-{number}"
    return MeasureData(number, code, "Title", "en", goal_id="1", field_id=field_id, values=values or {}, rows=rows)


def programme(*measures: MeasureData, **more: Any) -> ProgrammeData:
    goals = [TitledItem("1", "Z1", "Goal", "en", "/goals/1")]
    return ProgrammeData(goals=goals, measures=measures, **{"sides": [DE, PARTNER], "rates": RATES, **more})


# Amounts


def test_amounts_have_cents_where_any_of_them_has() -> None:
    whole, half = Decimal("1106000.00"), Decimal("0.50")
    assert written_amount(whole, "EUR") == "EUR\u00a01,106,000"
    assert written_amount(half, "GHS") == "GHS\u00a00.50"
    assert AmountFormat.of([whole, half]).number(whole) == "1,106,000.00"


def test_german_amounts_are_written_in_german(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "de"}):
        assert written_amount(Decimal("1106000.00"), "EUR") == "1.106.000\u00a0€"
        assert written_amount(Decimal("14378000"), "GHS") == "14.378.000\u00a0GHS"


# Money


def test_sources_are_ordered_others_own_first_and_what_is_open() -> None:
    funding = [
        eur("10", source="own_partner"),
        eur("20", source="own_de"),
        eur("40", source="open"),
        eur("5", source="nki"),
        eur("80", source="fkkp"),
        eur("99", source="iki", state="rejected"),
    ]
    chart = source_chart(programme(measure(costs=[eur("200")], funding=funding)))
    assert [(bar.label, bar.amount, bar.width, bar.side) for bar in chart.bars] == [
        ("SKEW/BMZ: FKKP", "80", 100, ""),
        ("NKI Municipal Directive", "5", 6.25, ""),
        ("Own funds of Musterstadt", "20", 25, "de"),
        ("Own funds of Exampleton", "10", 12.5, "partner"),
        ("Funding open", "40", 50, ""),
        ("Costs without a funding line", "45", 56.25, ""),
    ]
    assert [one.code for one in chart.bars[4].measures] == ["M-1"]
    assert (chart.costs, chart.costs_local) == ("200", "≈ GHS\u00a02,600")


def test_the_readers_own_funds_stand_first() -> None:
    funding = [eur("10", source="own_partner"), eur("20", source="own_de")]
    chart = source_chart(programme(measure(funding=funding), sides=[PARTNER, DE]))
    assert [bar.side for bar in chart.bars] == ["partner", "de"]


def test_certainty_fills_the_bar_and_says_the_gap() -> None:
    funding = [
        eur("50", source="own_de", state="budgeted"),
        eur("25", source="fkkp", state="applied"),
        eur("15", source="nki", state="idea"),
    ]
    chart = certainty_chart(programme(measure(costs=[eur("100")], funding=funding)))
    assert [(part.kind, part.share, part.x, part.width) for part in chart.parts] == [
        ("secured", 50, 0, 50),
        ("applied", 25, 50, 25),
        ("intended", 15, 75, 15),
        ("unplanned", 10, 90, 10),
    ]
    assert (chart.gap, chart.remark) == ("25", "")


def test_more_money_than_costs_is_said_and_stays_in_the_bar() -> None:
    chart = certainty_chart(
        programme(measure(costs=[eur("10")], funding=[eur("30.50", source="own_de", state="granted")]))
    )
    assert [(part.share, part.x + part.width) for part in chart.parts] == [(100, 100)]
    assert chart.gap == "0.00"
    assert chart.remark == "Secured and applied for beyond the costs: EUR\u00a020.50"


def test_a_gap_in_an_unknown_currency_is_not_stated() -> None:
    data = programme(measure(costs=[eur("100"), eur("7", "USD")]))
    assert certainty_chart(data).gap == ""
    assert "without a planning rate" in certainty_chart(data).remark
    assert "Gap" not in [figure.label for figure in key_figures(data)]


def test_without_money_there_is_no_picture_of_money() -> None:
    data = programme(measure())
    assert not source_chart(data).bars
    assert not certainty_chart(data).parts
    assert [figure.label for figure in key_figures(data)] == ["Measures", "Goals"]


def test_without_a_planning_rate_nothing_is_converted() -> None:
    chart = source_chart(programme(measure(costs=[eur("100")]), rates=Rates("EUR", "GHS", None)))
    assert chart.costs_local == ""


# Contributions


def test_contributions_are_summed_by_kind_and_unit_for_each_side() -> None:
    lines = [
        {"side": "de", "kind": "personnel", "amount": 20, "unit": "person_days"},
        {"side": "de", "kind": "personnel", "amount": "0.5", "unit": "person_months"},
        {"side": "de", "kind": "personnel", "amount": 400, "unit": "person_days"},
        {"side": "de", "kind": "personnel", "text.en": "A driver"},
        {"side": "partner", "kind": "material", "text.en": "Land"},
        {"side": "partner", "kind": "finance", "amount": 17000, "unit": "EUR"},
        {"kind": "knowhow", "text.en": "nobody's yet"},
    ]
    funding = [eur("30", source="own_partner")]
    shown = contributions(programme(measure(commitments=lines, funding=funding)))
    assert {row.label: row.cells for row in shown.rows} == {
        "Own funds": ["", "EUR\u00a030"],
        "Personnel": ["420 person-days, 0.5 person-months, 1 contribution", ""],
        "Materials, land, rooms, equipment": ["", "1 contribution"],
    }


def test_a_side_leads_alone_and_jointly() -> None:
    leads = ["de", "joint", "joint", "partner", "partner", ""]
    data = programme(*(measure(n, {"lead_side": lead}) for n, lead in enumerate(leads)))
    row = next(row for row in contributions(data).rows if row.label == "Lead")
    assert row.cells == ["1 measure, 2 jointly", "2 measures, 2 jointly"]
    only_joint = contributions(programme(measure(1, {"lead_side": "joint"}))).rows[0]
    assert only_joint.cells == ["1 jointly", "1 jointly"]


def test_needed_personnel_is_no_contribution() -> None:
    needed = [{"side": "de", "amount": 3, "unit": "person_months", "state": "additional"}]
    assert [(row.label, row.cells[0]) for row in contributions(programme(measure(personnel=needed))).rows] == [
        ("Personnel needed", "3 person-months")
    ]


def test_nothing_is_summed_up_to_nothing() -> None:
    assert summary([]) == ""
    assert contributions(programme(measure())).rows == []


# States


def test_measures_stand_in_the_cell_of_their_field_and_state() -> None:
    field = TitledItem("w", "WA", "Waste", "en")
    empty = TitledItem("e", "EN", "Energy", "en")
    data = programme(
        measure(1, {"planning_state": "draft"}, "w"),
        measure(2, {"planning_state": "draft"}, "w"),
        measure(3, {"planning_state": "idea"}),
        fields=[field, empty],
    )
    shown = state_matrix(data)
    cells = [[[one.code for one in row.cells[column.code]] for column in shown.columns] for row in shown.rows]
    assert [column.code for column in shown.columns] == ["idea", "draft", "review", "agreed", "adopted"]
    assert cells == [[[], ["M-1", "M-2"], [], [], []], [[]] * 5, [["M-3"], [], [], [], []]]
    assert [row.field for row in shown.rows] == [field, empty, None]
    assert [column.count for column in shown.columns] == [1, 2, 0, 0, 0]


def test_dropped_measures_and_those_without_a_state_have_a_column_of_their_own() -> None:
    data = programme(measure(1, {"planning_state": "dropped"}), measure(2))
    assert [(column.code, column.count) for column in state_matrix(data).columns][-2:] == [("dropped", 1), ("", 1)]
    assert [(figure.label, figure.value) for figure in key_figures(data)][:2] == [("Measures", "2"), ("Dropped", "1")]


# Responsibilities


def test_both_sides_responsible_bodies_stand_beside_each_other() -> None:
    bodies = [
        {"side": "partner", "unit.en": "Works Department", "contact": "Ama Boateng"},
        {"side": "partner", "contact": "Efua Sarpong"},
        {"side": "de", "unit.de": "Umweltamt"},
        {"side": "de", "role.en": "Advice"},
    ]
    values = {"lead_side": "partner", "period_start": "2027", "period_end": "2028"}
    data = programme(measure(1, values, responsible=bodies, costs=[eur("10"), eur("5", "USD")]), languages=("en", "de"))
    (line,) = responsibilities(data).lines
    de, partner = line.tasks
    assert [(body.office, body.lang, body.contact) for body in de.bodies] == [("Umweltamt", "de", "")]
    assert [(body.office, body.contact) for body in partner.bodies] == [
        ("Works Department", "Ama Boateng"),
        ("", "Efua Sarpong"),
    ]
    assert (de.leads, partner.leads) == (False, True)
    assert (line.period, line.costs) == ("2027 – 2028", "10 + USD\u00a05")


def test_with_a_joint_lead_both_sides_lead() -> None:
    (line,) = responsibilities(programme(measure(1, {"lead_side": "joint"}))).lines
    assert [task.leads for task in line.tasks] == [True, True]


# SDGs and figures


def test_each_sdg_counts_its_measures_once() -> None:
    shown = sdg_counts(programme(measure(1, {"sdgs": [13, 3, 13]}), measure(2, {"sdgs": [13]}), measure(3)))
    assert [(one.number, one.measures) for one in shown] == [(3, 1), (13, 2)]


@pytest.mark.parametrize("entry", codes.codes("sdg"), ids=lambda entry: str(entry.code))
def test_a_number_can_be_read_on_every_official_colour(entry: codes.CodeEntry) -> None:
    colour = entry.extra["colour"]
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    light = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]
    contrast = 1.05 / (luminance + 0.05) if text_colour(colour) == "#fff" else (luminance + 0.05) / 0.05
    assert contrast >= 4.5


def test_the_reduction_counts_the_measures_that_have_an_estimate() -> None:
    data = programme(*(measure(n, {"ghg_t_co2e_a": value}) for n, value in enumerate(["900", 18, 0, None])))
    reduction = key_figures(data)[-1]
    assert (reduction.value, reduction.remark) == ("918 t", "CO₂e, estimated for 3 measures")
