"""Hostile numbers, dates, codes and references, at single routes, events and commands."""

from __future__ import annotations

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.measures.models import Measure
from klimawerk.money import BadAmount, parse_amount
from klimawerk.programmes.service import programme_of
from klimawerk.sheets.date_parsing import parse_month
from klimawerk.sheets.item_codes import next_code
from klimawerk.sheets.models import Item
from klimawerk.sheets.rows import rows_of
from tests import factories
from tests.client import ProofReader
from tests.factories import Team
from tests.faults.conftest import DeskFor, desk_for, measure, team

__all__ = ["desk_for", "measure", "team"]


@pytest.fixture
def editor(any_database: str, client: ProofReader, team: Team, measure: Measure) -> ProofReader:
    client.login(team.de["editor"])
    client.get(f"/measures/{measure.id}")
    return client


@pytest.mark.parametrize("value", ["x", "2147483648", "٣", "-1", "9" * 5_000])
def test_related_measures_are_chosen_from_the_list(editor: ProofReader, measure: Measure, value: str) -> None:
    address = f"/items/{measure.id}/fields/related"
    refused = editor.post(address, data={"value": value, "rev": "0"}, headers={"HX-Request": "true"})
    assert refused.status_code == 422
    other = db.session.scalar(select(Measure.id).where(Measure.code == "WA-02"))
    taken = editor.post(address, data={"value": str(other), "rev": "0"}, headers={"HX-Request": "true"})
    assert taken.status_code == 200
    assert measure.values["related"] == [other]


@pytest.mark.parametrize("until", ["0001-01-01", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "x"])
def test_nothing_counts_as_seen_until_a_moment_that_is_none(editor: ProofReader, until: str) -> None:
    assert editor.post("/news/seen", data={"until": until}).status_code == 400
    assert editor.post("/news/seen", data={"until": "2026-11-29T12:00:00+00:00"}).status_code == 303
    assert editor.post("/news/seen").status_code == 303


@pytest.mark.parametrize("code", ["Z999999", "Z999998", "Z1000000", "Z٣", "Z0000007"])
def test_a_new_goal_finds_a_code_whatever_codes_there_are(editor: ProofReader, measure: Measure, code: str) -> None:
    rev = measure.revs.get("code", 0)
    goal = db.session.get_one(Goal, measure.goal_id)
    address = f"/items/{goal.id}/fields/code"
    assert editor.post(address, data={"value": code, "rev": str(rev)}).status_code < 400
    for _ in range(3):
        assert editor.post(f"/programmes/{programme_of(measure).id}/goals").status_code == 303
    codes = db.session.scalars(select(Item.code).where(Item.kind == "goal")).all()
    assert len(set(codes)) == len(codes) == 4
    assert all(len(goal_code) <= 8 for goal_code in codes)


def test_a_new_measure_fits_its_column_however_long_the_field_of_action_is_called(
    any_database: str, app: Flask, measure: Measure
) -> None:
    prefix = "F" * 30 + "-"
    assert next_code(measure.frame, "measure", prefix, width=2) == "F" * 14 + "01"
    assert next_code(measure.frame, "measure", "WA-", width=2) == "WA-03"


def test_a_new_goal_takes_a_field_of_action_of_its_own_programme_only(
    editor: ProofReader, measure: Measure, team: Team
) -> None:
    other_measure = factories.measure(factories.programme(factories.partnership("Anderstadt", "Otherton")))
    address = f"/programmes/{programme_of(measure).id}/goals"
    own = rows_of(programme_of(measure))["fields"][0].id
    foreign = rows_of(programme_of(other_measure))["fields"][0].id
    step = rows_of(measure)["steps"][0].id
    before = db.session.scalar(select(db.func.count()).select_from(Goal))
    for field in (foreign, step, "x", "9" * 40):
        assert editor.post(address, data={"field": field}).status_code == 404
    assert db.session.scalar(select(db.func.count()).select_from(Goal)) == before
    created = editor.post(address, data={"field": own})
    assert created.status_code == 303
    assert db.session.get_one(Goal, int(created.location.rpartition("/")[2])).values["field"] == own


def test_documents_and_topics_of_numbers_that_cannot_be_are_unknown(
    any_database: str, team: Team, measure: Measure, desk_for: DeskFor
) -> None:
    client = desk_for(team.de["editor"])
    numbers = [
        "2147483648",
        "9223372036854775808",
        "9" * 60,
        "-1",
        "0",
        "٣",
        "٠" + str(measure.id),
        "0" + str(measure.id),
    ]
    topics = [f"{kind}:{number}" for kind in ("measure", "comments", "programme") for number in numbers]
    assert set(client.ask("watch", {"topics": topics})["refused"]) >= {
        topic for topic in topics if not topic.endswith(f":0{measure.id}")
    }
    for number in numbers:
        assert client.ask("doc:join", {"doc": f"measure:{number}"})["error"] == "not_found"
    for programme in (2**31, 2**63, 2**70, -1, 0):
        assert client.ask("here", {"programme": programme})["error"] == "not_found"
    assert client.ask("here", {"programme": programme_of(measure).id})["ok"]
    assert client.ask("watch", {"topics": [measure.name]})["refused"] == []


def test_the_shell_knows_no_programme_of_such_a_number(any_database: str, app: Flask) -> None:
    def run_command(*arguments: str) -> Result:
        return app.test_cli_runner().invoke(args=list(arguments))

    for number in ("2147483648", "99999999999999999999", "0", "٣٣"):
        for result in (
            run_command("export", number),
            run_command("versions", "black-out", number, "words", "--reason", "r", "--yes"),
        ):
            assert result.exit_code != 0
            assert result.exception is None or isinstance(result.exception, SystemExit), (number, result.exception)


@pytest.mark.parametrize(
    "words", ["−" * 5_000 + "1", "--1", "1" * 5_000, "1e400", "NaN", "٣", "0." + "0" * 5_000 + "1"]
)
def test_what_is_no_amount(words: str) -> None:
    with pytest.raises(BadAmount):
        parse_amount(words, "en")


def test_a_month_is_written_in_the_digits_of_the_interface() -> None:
    assert parse_month("5.9.2027", "de") == "2027-09-05"
    for words in ("5.९.2027", "٩.2027", "9.99999", "9." + "9" * 50, "12.1899"):
        assert parse_month(words, "de") is None


@pytest.mark.parametrize("value", ["9" * 5_000, "٢٠٣٠", "-2030", "2e3", "1066", "2201"])
def test_what_is_no_year_is_answered_at_the_field(editor: ProofReader, measure: Measure, value: str) -> None:
    address = f"/items/{measure.goal_id}/fields/target_year"
    answer = editor.post(address, data={"value": value, "rev": "0"}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    answer = editor.post(address, data={"value": "2035", "rev": "0"}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
