"""An empty programme offers to paste a table and to write the first measure; the goal is created with it."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from klimawerk.collab.storage import document_store
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.goals.service import create_goal, goals_of
from klimawerk.live.changes import revision
from klimawerk.measures.service import all_measures
from klimawerk.overview.recycle_bin import delete_item, restore_item
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import create_programme
from klimawerk.sheets.lock_service import lock, person_holder
from klimawerk.sheets.models import Item
from klimawerk.sheets.rows import append_row
from tests import factories
from tests.client import ProofReader
from tests.factories import Team

OFFER = 'action="/programmes/{}/measures"'


@pytest.fixture
def team(client: ProofReader) -> Team:
    team = factories.partnership()
    client.login(team.partner["editor"])
    return team


@pytest.fixture
def empty_programme(team: Team) -> Programme:
    return create_programme(team.partnership, languages=["de", "en"], lead_language="en", by=None)


def write_first(client: ProofReader, programme: Programme, key: str = "one page") -> str:
    answer = client.post(f"/programmes/{programme.id}/measures", data={"request_key": key})
    assert answer.status_code == 303
    db.session.expire_all()
    return answer.location or ""


def pages(programme: Programme) -> list[str]:
    return [f"/programmes/{programme.id}/overview", f"/programmes/{programme.id}", "/"]


def count_items() -> int:
    return db.session.scalar(select(func.count()).select_from(Item)) or 0


def test_its_pages_and_the_start_page_offer_both_ways(client: ProofReader, empty_programme: Programme) -> None:
    for path in pages(empty_programme):
        page = client.get(path).text
        assert f'href="/programmes/{empty_programme.id}/paste"' in page
        assert OFFER.format(empty_programme.id) in page


def test_who_only_reads_is_told_that_it_is_empty(client: ProofReader, team: Team, empty_programme: Programme) -> None:
    client.post("/logout")
    client.login(team.partner["reviewer"])
    for path in pages(empty_programme):
        page = client.get(path).text
        assert "This programme has no measure yet." in page or "No measure yet" in page
        assert OFFER.format(empty_programme.id) not in page


def test_a_programme_with_a_goal_offers_neither(client: ProofReader, team: Team) -> None:
    programme = factories.programme(team)
    for path in pages(programme):
        page = client.get(path).text
        assert "This programme has no measure yet." not in page
        assert OFFER.format(programme.id) not in page


def test_the_first_measure_brings_its_goal_once_however_often_it_is_sent(
    any_database: str, client: ProofReader, empty_programme: Programme
) -> None:
    first, again = write_first(client, empty_programme), write_first(client, empty_programme)
    assert first == again
    [goal], [measure] = goals_of(empty_programme), all_measures(empty_programme)
    assert first == f"/measures/{measure.id}"
    assert (measure.goal_id, goal.code, measure.code) == (goal.id, "Z1", "M-01")
    assert "title.en" not in {name for name, text in document_store.texts([goal.name])[goal.name].items() if text.plain}
    assert client.get(first).status_code == 200


def test_two_who_begin_at_the_same_time_write_under_one_goal(
    any_database: str, client: ProofReader, empty_programme: Programme
) -> None:
    write_first(client, empty_programme, "one page")
    write_first(client, empty_programme, "another page")
    [goal] = goals_of(empty_programme)
    assert [measure.goal_id for measure in all_measures(empty_programme)] == [goal.id, goal.id]


def test_the_bin_takes_both_back_and_the_programme_is_empty_again(
    client: ProofReader, team: Team, empty_programme: Programme
) -> None:
    write_first(client, empty_programme)
    [goal] = goals_of(empty_programme)
    delete_item(goal, by=team.partner["editor"].id)
    assert OFFER.format(empty_programme.id) in client.get(f"/programmes/{empty_programme.id}").text
    write_first(client, empty_programme, "a new page")
    assert [other.code for other in goals_of(empty_programme)] == ["Z2"]
    restore_item(db.session.get_one(Goal, goal.id), by=team.partner["editor"].id)
    assert len(all_measures(empty_programme)) == 2


def test_nothing_is_made_in_a_closed_programme(client: ProofReader, team: Team, empty_programme: Programme) -> None:
    lock(empty_programme, "Voting.", person_holder(team.moderator.id))
    items = count_items()
    assert OFFER.format(empty_programme.id) not in client.get(f"/programmes/{empty_programme.id}").text
    assert client.post(f"/programmes/{empty_programme.id}/measures").status_code == 423
    assert count_items() == items


def test_nor_by_those_who_may_not_write_nor_of_another_item(
    client: ProofReader, team: Team, empty_programme: Programme
) -> None:
    goal = create_goal(empty_programme, by=None)
    items = count_items()
    assert client.post(f"/programmes/{goal.id}/measures").status_code == 404
    client.post("/logout")
    client.login(team.de["observer"])
    assert client.post(f"/programmes/{empty_programme.id}/measures").status_code == 403
    assert count_items() == items


def test_an_open_page_takes_the_offer_away_when_somebody_else_began(
    client: ProofReader, empty_programme: Programme
) -> None:
    since = revision(empty_programme.name)
    create_goal(empty_programme, by=None)
    newer = client.fragment(f"/items/{empty_programme.id}/changes?since={since}").text
    assert '<section id="empty-programme" class="empty" hidden>' in newer


def test_pasted_measures_of_one_field_of_action_bring_a_goal_in_it(
    any_database: str, client: ProofReader, empty_programme: Programme
) -> None:
    field = append_row(empty_programme, "fields", {"code": "WA", "title.en": "Waste"}, by=None)
    table = "Title\tField of action\nRepair café\tWA\nMarket day\tWaste"
    answer = client.post(f"/programmes/{empty_programme.id}/paste", data={"table": table, "step": "take"})
    assert answer.status_code == 303
    db.session.expire_all()
    [goal] = goals_of(empty_programme)
    assert goal.values["field"] == field.id
    assert [measure.code for measure in all_measures(empty_programme)] == ["WA-01", "WA-02"]
