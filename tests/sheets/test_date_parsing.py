"""Parsing of typed dates: names of months decide, ambiguous dates are asked about, no date is taken for another."""

from __future__ import annotations

from datetime import date

import pytest

from klimawerk.exchange.import_problems import FilePosition, ImportRefused
from klimawerk.exchange.value_json import month
from klimawerk.extensions import db
from klimawerk.programmes.funding_hints import _months_between
from klimawerk.sheets.date_parsing import AmbiguousDate, first_day, format_month, last_day, parse_month
from klimawerk.sheets.rows import rows_of
from tests import factories
from tests.client import ProofReader


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("September 5, 2027", "2027-09-05"),
        ("Mai 3, 2027", "2027-05-03"),
        ("5 2027 September", "2027-09-05"),
        ("Mrz 2027", "2027-03"),
        ("Jänner 2027", "2027-01"),
        ("Jaenner 2027", "2027-01"),
        ("Feber 2027", "2027-02"),
        ("Maerz 2027", "2027-03"),
        ("Ma\u0308rz 2027", "2027-03"),
        ("Sep\u00adtember 2027", "2027-09"),
        ("2027", "2027"),
        ("août 2027", "2027-08"),
        ("déc. 2027", "2027-12"),
        ("1er mars 2027", "2027-03-01"),
        ("5 de septiembre de 2027", "2027-09-05"),
        ("setiembre 2027", "2027-09"),
        ("September 5th, 2027", "2027-09-05"),
        ("Sonntag, 5. September 2027", "2027-09-05"),
        ("5. Sept. 27", "2027-09-05"),
        ("Sept '27", "2027-09"),
        ("5.9.27", "2027-09-05"),
        ("5. 9. 2027", "2027-09-05"),
        ("31.12.90", "1990-12-31"),
        ("09/2027", "2027-09"),
        ("2027-09-05", "2027-09-05"),
        ("2027/9/5", "2027-09-05"),
        ("25/09/2027", "2027-09-25"),
        ("09/25/2027", "2027-09-25"),
        ("05/05/2027", "2027-05-05"),
    ],
)
def test_what_can_mean_one_date_is_understood_in_every_language(text: str, kept: str) -> None:
    assert {parse_month(text, locale) for locale in ("de", "en", "fr", "es")} == {kept}


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("05/09/2027", ["2027-09-05", "2027-05-09"]),
        ("5-9-2027", ["2027-09-05", "2027-05-09"]),
        ("5 9 27", ["2027-09-05", "2027-05-09"]),
        ("27-09-05", ["2005-09-27", "2027-09-05"]),
        ("05-09-07", ["2007-09-05", "2007-05-09", "2005-09-07"]),
        ("Sep 27", ["2027-09"]),
        ("Sunday, 05/09/2027", ["2027-09-05", "2027-05-09"]),
    ],
)
def test_what_can_mean_several_is_asked_about(text: str, readings: list[str]) -> None:
    parsed = parse_month(text, "en")
    assert isinstance(parsed, AmbiguousDate)
    assert list(parsed.readings.values()) == readings


@pytest.mark.parametrize(
    "text",
    [
        "15.-20. September 2027",
        "15.-20.9.2027",
        "9-10/2027",
        "2027/28",
        "2027-2028",
        "Juli-August 2027",
        "Ende 2027",
        "Q3 2027",
        "27. September",
        "27 Sep",
        "9/27",
        "31 September 2027",
        "Montag, 5. September 2027",
        "mar. 5 mai 2027",
        "jui 2027",
        "ma 2027",
        "September",
        "20270905",
        "½ 2027",
        "0027",
        "1500",
        "2027-15-09",
        "9.15.2027",
        "irgendwann",
    ],
)
def test_what_is_no_date_or_several_is_none(text: str) -> None:
    assert {parse_month(text, locale) for locale in ("de", "en", "fr", "es")} == {None}


@pytest.mark.parametrize("kept", ["2027", "2027-09", "2027-09-05"])
def test_what_is_shown_is_read_back(kept: str) -> None:
    for locale in ("de", "en", "fr", "es"):
        assert parse_month(format_month(kept, locale), locale) == kept


def test_a_year_has_a_first_and_a_last_day() -> None:
    assert (first_day("2028"), last_day("2028")) == (date(2028, 1, 1), date(2028, 12, 31))
    assert (first_day("2028-02"), last_day("2028-02")) == (date(2028, 2, 1), date(2028, 2, 29))
    assert first_day("2028-02-03") == last_day("2028-02-03") == date(2028, 2, 3)
    assert (_months_between("2027", "2028"), _months_between("2027-07", "2028")) == (24, 18)


def test_a_file_may_name_a_year_alone() -> None:
    assert [month(text, FilePosition()) for text in ("2027", "2027-09", "2027-09-05")] == [
        "2027",
        "2027-09",
        "2027-09-05",
    ]
    for text in ("1066", "20", "2027-", "2027-13", "٢٠٢٧"):
        with pytest.raises(ImportRefused):
            month(text, FilePosition())


def test_a_field_keeps_or_asks(client: ProofReader) -> None:
    team = factories.partnership()
    measure = factories.measure(factories.programme(team))
    client.login(team.partner["editor"])
    for typed, stored, message in (
        ("05/09/2027", None, "Do you mean 5 September 2027 or 9 May 2027? Please write it so."),
        ("Sep 27", None, "Do you mean September 2027? Please write it so."),
        ("15.-20.9.2027", None, "Please write a year, month or day"),
        ("September 5, 2027", "2027-09-05", ""),
        ("2027", "2027", ""),
    ):
        data = {"value": typed, "rev": str(measure.revs.get("period_end", 0))}
        address = f"/items/{measure.id}/fields/period_end"
        answer = client.post(address, data=data, headers={"HX-Request": "true"})
        db.session.expire_all()
        assert (answer.status_code, measure.values.get("period_end")) == (422 if message else 200, stored)
        assert message in answer.get_data(as_text=True)


def test_measurements_are_dated_by_the_same_rule(client: ProofReader) -> None:
    team = factories.partnership()
    measure = factories.measure(factories.programme(team))
    client.login(team.partner["editor"])
    client.post(f"/items/{measure.id}/rows/indicators")
    row = rows_of(measure)["indicators"][0]
    for typed, message in (
        ("05/09/2027: 12", "Do you mean 5 September 2027"),
        ("Q3: 1", "“March 2028: 12”"),
        ("2028: 12\nMay 3, 2027: 7", ""),
    ):
        data = {"value": typed, "rev": "0"}
        answer = client.post(f"/rows/{row.id}/cells/measurements", data=data, headers={"HX-Request": "true"})
        assert answer.status_code == (422 if message else 200)
        assert message in answer.get_data(as_text=True)
    assert [measurement["date"] for measurement in row.cells["measurements"]] == ["2027-05-03", "2028"]


def test_a_column_of_dates_is_asked_about_once_for_each_way_to_read_it(client: ProofReader) -> None:
    team = factories.partnership()
    measure = factories.measure(factories.programme(team))
    client.login(team.partner["editor"])
    address = f"/items/{measure.id}/paste/steps"
    table = "Step\tDue\na\t05/09/2027\nb\t07/08/2027\nc\tSep 27\nd\tMai 3, 2027\ne\t25/12/2027\nf\tEnde 2027"
    data = {"table": table, "step": "take", "heading": "yes", "column": ["text", "due"]}
    question = client.post(address, data=data)
    page = question.get_data(as_text=True)
    assert question.status_code == 422
    assert page.count('role="radiogroup"') == 2
    assert "what does “05/09/2027” mean?" in page
    assert "what does “Sep 27” mean?" in page
    assert "One cell cannot be read" in page
    assert client.post(address, data={**data, "reading-1-dmy-mdy": "mdy"}).status_code == 422
    answers = {"reading-1-dmy-mdy": "mdy", "reading-1-my-none": "none"}
    assert client.post(address, data={**data, **answers}).status_code == 303
    assert [row.cells.get("due") for row in rows_of(measure)["steps"]][1:] == [
        "2027-05-09", "2027-07-08", None, "2027-05-03", "2027-12-25", None,
    ]  # fmt: skip
