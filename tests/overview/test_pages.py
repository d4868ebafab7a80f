"""Pages of a programme (document, order, bin) by role; deleting, restoring and moving items."""

from __future__ import annotations

import re

import pytest

from klimawerk.collab.rich_text import from_plain_text
from klimawerk.collab.storage import document_store
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.goals.service import create_goal
from klimawerk.overview.recycle_bin import delete_item, restore_item
from tests import factories
from tests.client import ProofReader


@pytest.mark.parametrize("role", ["editor", "reviewer"])
def test_a_member_reads_the_programme_its_goals_and_measures(client: ProofReader, role: str) -> None:
    team = factories.partnership()
    programme = factories.programme(team)
    client.login(team.de[role])
    for path in (
        f"/programmes/{programme.id}",
        f"/measures/{factories.measure(programme).id}",
        f"/goals/{factories.measure(programme).goal_id}",
    ):
        page = client.get(path)
        assert page.status_code == 200, path
        assert "Green bins" in page.text or "Collect separately" in page.text


def test_an_editor_arranges_and_looks_into_the_bin(client: ProofReader) -> None:
    team = factories.partnership()
    programme = factories.programme(team)
    client.login(team.partner["editor"])
    for path in ("order", "bin"):
        assert client.get(f"/programmes/{programme.id}/{path}").status_code == 200


def test_a_stranger_learns_nothing(client: ProofReader) -> None:
    programme = factories.programme(factories.partnership())
    client.login(factories.partnership().de["coordinator"])
    unknown = client.get("/measures/999999")
    for path in (f"/programmes/{programme.id}", f"/measures/{factories.measure(programme).id}"):
        page = client.get(path)
        assert page.status_code == 404
        assert _without_request_data(page.text, path) == _without_request_data(unknown.text, "/measures/999999")


def _without_request_data(page: str, path: str) -> str:
    """The page without what differs between requests: its address, the error number, tokens."""
    return re.sub(r'(?:number|Nummer): \w+|name="csrf[^>]*>', "", page.replace(path, ""))


def test_a_deleted_measure_comes_back_with_one_click(client: ProofReader) -> None:
    team = factories.partnership()
    measure = factories.measure(factories.programme(team))
    client.login(team.partner["editor"])
    page = client.get(client.post(f"/items/{measure.id}/delete").location)
    assert f'action="/items/{measure.id}/restore"' in page.text
    assert client.get(f"/measures/{measure.id}").status_code == 404
    client.post(f"/items/{measure.id}/restore")
    assert client.get(f"/measures/{measure.id}").status_code == 200


def test_a_goal_takes_its_measures_along_and_brings_back_those_alone(client: ProofReader) -> None:
    team = factories.partnership()
    programme = factories.programme(team)
    first, second = factories.measure(programme), factories.measure(programme, "WA-02")
    client.login(team.partner["editor"])
    client.post(f"/items/{second.id}/delete")
    client.post(f"/items/{first.goal_id}/delete")
    assert client.get(f"/measures/{first.id}").status_code == 404
    client.post(f"/items/{first.goal_id}/restore")
    assert client.get(f"/measures/{first.id}").status_code == 200
    assert client.get(f"/measures/{second.id}").status_code == 404, "it lay in the bin before"


def test_a_measure_brings_its_goal_back(client: ProofReader) -> None:
    team = factories.partnership()
    measure = factories.measure(factories.programme(team))
    client.login(team.partner["editor"])
    client.post(f"/items/{measure.goal_id}/delete")
    assert client.get(f"/goals/{measure.goal_id}").status_code == 404
    client.post(f"/items/{measure.id}/restore")
    assert client.get(f"/goals/{measure.goal_id}").status_code == 200


@pytest.mark.parametrize("role", ["reviewer", "observer"])
def test_who_only_reads_neither_deletes_nor_brings_back(client: ProofReader, role: str) -> None:
    team = factories.partnership()
    programme = factories.programme(team)
    existing, deleted = factories.measure(programme), factories.measure(programme, "WA-02")
    delete_item(deleted, by=team.de["editor"].id)
    client.login(team.de[role])
    assert client.post(f"/items/{existing.id}/delete").status_code == 403
    assert client.post(f"/items/{deleted.id}/restore").status_code == 403
    assert client.get(f"/measures/{existing.id}").status_code == 200
    assert client.get(f"/measures/{deleted.id}").status_code == 404


def test_the_bin_of_others_is_out_of_reach(client: ProofReader) -> None:
    deleted = factories.measure(factories.programme(factories.partnership()))
    delete_item(deleted, by=factories.person().id)
    client.login(factories.partnership().de["coordinator"])
    assert client.post(f"/items/{deleted.id}/restore").status_code == 404


def test_a_deleted_measures_document_is_closed_and_opens_again(app: object) -> None:
    measure = factories.measure(factories.programme(factories.partnership()))
    delete_item(measure, by=factories.person().id)
    assert document_store.find_document(measure.name).deleted
    restore_item(measure, by=factories.person().id)
    assert not document_store.find_document(measure.name).deleted


def test_a_measure_moves_under_a_goal_of_its_own_programme_only(client: ProofReader) -> None:
    team = factories.partnership()
    programme, other_programme = factories.programme(team), factories.programme(team)
    measure, other_measure = factories.measure(programme), factories.measure(other_programme)
    second_goal = create_goal(programme, texts={"title.en": from_plain_text("Second goal")}, by=None)
    goal_id_before = measure.goal_id
    client.login(team.de["editor"])
    for goal_id in (other_measure.goal_id, 999_999):
        assert client.post(f"/measures/{measure.id}/move", data={"goal": goal_id}).status_code == 404
    db.session.refresh(measure)
    assert measure.goal_id == goal_id_before
    assert client.post(f"/measures/{measure.id}/move", data={"goal": second_goal.id}).status_code == 303
    db.session.refresh(measure)
    assert measure.goal_id == second_goal.id
    delete_item(db.session.get_one(Goal, goal_id_before), by=team.de["editor"].id)
    assert client.post(f"/measures/{measure.id}/move", data={"goal": goal_id_before}).status_code == 404
