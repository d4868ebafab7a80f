"""Measures pasted into a programme without goals create a goal in the same step."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from klimawerk.collab.storage import document_store
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.goals.service import create_goal, goals_of
from klimawerk.measures.service import all_measures
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import create_programme
from klimawerk.sheets.models import Item
from tests import factories
from tests.client import ProofReader
from tests.factories import Team

TABLE = {"table": "Title\tDescription\nRepair café\tMonthly\nMarket day\t", "step": "take"}


@pytest.fixture
def team(client: ProofReader) -> Team:
    team = factories.partnership()
    client.login(team.partner["editor"])
    return team


@pytest.fixture
def empty_programme(team: Team) -> Programme:
    return create_programme(team.partnership, languages=["de", "en"], lead_language="en", by=None)


def test_a_goal_is_made_with_the_measures(any_database: str, client: ProofReader, empty_programme: Programme) -> None:
    address = f"/programmes/{empty_programme.id}/paste"
    answer = client.post(address, data=TABLE | {"step": "look"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "Title of the goal (English)" in page
    assert "Title of the goal (German)" in page
    assert "Repair café" in page
    form = TABLE | {"goal-en": "Less waste ", "goal-de": "Weniger Abfall", "request_key": "one page"}
    for _press in range(2):
        assert client.post(address, data=form).status_code == 303
    db.session.expire_all()
    [goal] = goals_of(empty_programme)
    titles = document_store.texts([goal.name])[goal.name]
    assert (titles["title.en"].plain, titles["title.de"].plain) == ("Less waste", "Weniger Abfall")
    assert [measure.goal_id for measure in all_measures(empty_programme)] == [goal.id, goal.id]


def test_a_title_that_is_too_long_is_refused_and_one_language_is_enough(
    client: ProofReader, empty_programme: Programme
) -> None:
    address = f"/programmes/{empty_programme.id}/paste"
    refused = client.post(address, data={**TABLE, "goal-en": "x" * 121})
    assert refused.status_code == 422
    assert 'id="goal-error"' in refused.get_data(as_text=True)
    assert "Repair café" in refused.get_data(as_text=True), "nothing typed is lost"
    assert db.session.scalar(select(func.count()).select_from(Item)) == 1, "the programme alone"
    assert client.post(address, data=TABLE | {"goal-de": "Weniger Abfall"}).status_code == 303
    assert len(all_measures(empty_programme)) == 2


@pytest.mark.parametrize("titles", [{}, {"goal-en": " ", "goal-de": "\u00ad\u200b"}])
def test_without_a_title_the_goal_is_made_all_the_same_and_named_later(
    any_database: str, client: ProofReader, empty_programme: Programme, titles: dict[str, str]
) -> None:
    form = {**TABLE, **titles, "request_key": "one page"}
    for _press in range(2):
        assert client.post(f"/programmes/{empty_programme.id}/paste", data=form).status_code == 303
    db.session.expire_all()
    [goal] = goals_of(empty_programme)
    assert not any(text.plain for text in document_store.texts([goal.name])[goal.name].values())
    assert [measure.goal_id for measure in all_measures(empty_programme)] == [goal.id, goal.id]


def test_a_goal_that_others_made_meanwhile_takes_measures_whose_goal_was_not_named(
    client: ProofReader, empty_programme: Programme
) -> None:
    client.post(f"/programmes/{empty_programme.id}/paste", data=TABLE | {"step": "look"})
    other_goal = create_goal(empty_programme, by=None)
    form = TABLE | {"goal-en": "", "goal-de": ""}
    assert client.post(f"/programmes/{empty_programme.id}/paste", data=form).status_code == 303
    db.session.expire_all()
    assert {measure.goal_id for measure in all_measures(empty_programme)} == {other_goal.id}


def test_a_goal_that_others_made_meanwhile_does_not_take_the_measures(
    client: ProofReader, empty_programme: Programme
) -> None:
    client.post(f"/programmes/{empty_programme.id}/paste", data=TABLE | {"step": "look"})
    other_goal = create_goal(empty_programme, by=None)
    assert (
        client.post(f"/programmes/{empty_programme.id}/paste", data=TABLE | {"goal-en": "Less waste"}).status_code
        == 303
    )
    db.session.expire_all()
    assert {measure.goal_id for measure in all_measures(empty_programme)} == {
        goal.id for goal in goals_of(empty_programme)
    } - {other_goal.id}


def test_where_there_are_goals_no_title_is_asked_for(client: ProofReader, team: Team) -> None:
    programme = factories.programme(team)
    page = client.post(f"/programmes/{programme.id}/paste", data=TABLE | {"step": "look"}).get_data(as_text=True)
    assert "goal-en" not in page
    goals = db.session.scalar(select(func.count()).select_from(Goal))
    assert client.post(f"/programmes/{programme.id}/paste", data=TABLE).status_code == 303
    assert db.session.scalar(select(func.count()).select_from(Goal)) == goals
