"""Code lists: complete, labelled in four languages, and present for every field that uses one."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from klimawerk.codes import all_lists, codes, find, label
from klimawerk.goals.content import SHEET as GOAL
from klimawerk.measures.content import SHEET as MEASURE
from klimawerk.programmes.content import SHEET as PROGRAMME
from klimawerk.sheets.sheet_schema import Field


def used_lists() -> set[str]:
    """The names of all lists used by fields and cells."""
    fields: list[Field] = []
    for sheet in (PROGRAMME, GOAL, MEASURE):
        fields += sheet.fields.values()
        fields += [cell for row in sheet.rows.values() for cell in row.cells]
    return {field.codes for field in fields if field.kind in ("choice", "choices")}


@pytest.mark.parametrize("name", sorted(used_lists()))
def test_every_field_that_chooses_finds_its_list(name: str) -> None:
    assert codes(name)


@pytest.mark.parametrize("name", sorted(all_lists()))
def test_every_code_stands_once_and_is_named_in_four_languages(name: str) -> None:
    entries = codes(name)
    assert len({str(entry.code) for entry in entries}) == len(entries)
    for entry in entries:
        assert all(entry.labels[language].strip() for language in ("de", "en", "fr", "es"))


def test_a_commitment_is_counted_in_days_months_or_money() -> None:
    units = [entry.code for entry in codes("commitment_unit")]
    assert units[:2] == ["person_days", "person_months"]
    assert {"EUR", "GHS", "PEN"} <= set(units)


def test_every_country_has_zones_that_exist_and_currencies_that_are_listed() -> None:
    for country in codes("country"):
        assert all(ZoneInfo(zone) for zone in country.extra["zones"])
        assert all(find("currency", currency) for currency in country.extra["currencies"])


def test_a_code_is_found_with_its_own_type_only() -> None:
    assert find("marker", 1) is not None
    assert find("marker", True) is None
    assert find("marker", "1") is None
    assert find("sdg", 18) is None
    assert find("priority", ["high"]) is None


def test_an_unknown_code_is_shown_as_it_is() -> None:
    assert label("priority", "high", "de") == "hoch"
    assert label("priority", "urgent", "de") == "urgent"
    assert label("priority", None, "de") == ""
    assert label("marker", 0, "en") == "0 – not targeted"
