"""Every page of a programme reads as a page, in both languages, for every role."""

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
    made = factories.programme(team)
    client.login(team.de[role])
    for path in (
        f"/programmes/{made.id}",
        f"/measures/{factories.measure(made).id}",
        f"/goals/{factories.measure(made).goal_id}",
    ):
        page = client.get(path)
        assert page.status_code == 200, path
        assert "Green bins" in page.text or "Collect separately" in page.text


def test_an_editor_arranges_and_looks_into_the_bin(client: ProofReader) -> None:
    team = factories.partnership()
    made = factories.programme(team)
    client.login(team.partner["editor"])
    for path in ("order", "bin"):
        assert client.get(f"/programmes/{made.id}/{path}").status_code == 200


def test_a_stranger_learns_nothing(client: ProofReader) -> None:
    made = factories.programme(factories.partnership())
    client.login(factories.partnership().de["coordinator"])
    unknown = client.get("/measures/999999")
    for path in (f"/programmes/{made.id}", f"/measures/{factories.measure(made).id}"):
        page = client.get(path)
        assert page.status_code == 404
        assert _same_for_all(page.text, path) == _same_for_all(unknown.text, "/measures/999999")


def _same_for_all(page: str, path: str) -> str:
    """The page without what differs from one request to the next: its address, the error's number, tokens."""
    return re.sub(r'(?:number|Nummer): \w+|name="csrf[^>]*>', "", page.replace(path, ""))


def test_a_deleted_measure_comes_back_with_one_click(client: ProofReader) -> None:
    team = factories.partnership()
    measure = factories.measure(factories.programme(team))
    client.login(team.partner["editor"])
    gone = client.get(client.post(f"/items/{measure.id}/delete").location)
    assert f'action="/items/{measure.id}/restore"' in gone.text
    assert client.get(f"/measures/{measure.id}").status_code == 404
    client.post(f"/items/{measure.id}/restore")
    assert client.get(f"/measures/{measure.id}").status_code == 200


def test_a_goal_takes_its_measures_along_and_brings_back_those_alone(client: ProofReader) -> None:
    team = factories.partnership()
    made = factories.programme(team)
    first, second = factories.measure(made), factories.measure(made, "WA-02")
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
    made = factories.programme(team)
    kept, gone = factories.measure(made), factories.measure(made, "WA-02")
    delete_item(gone, by=team.de["editor"].id)
    client.login(team.de[role])
    assert client.post(f"/items/{kept.id}/delete").status_code == 403
    assert client.post(f"/items/{gone.id}/restore").status_code == 403
    assert client.get(f"/measures/{kept.id}").status_code == 200
    assert client.get(f"/measures/{gone.id}").status_code == 404


def test_the_bin_of_others_is_out_of_reach(client: ProofReader) -> None:
    gone = factories.measure(factories.programme(factories.partnership()))
    delete_item(gone, by=factories.person().id)
    client.login(factories.partnership().de["coordinator"])
    assert client.post(f"/items/{gone.id}/restore").status_code == 404


def test_a_deleted_measures_document_is_closed_and_opens_again(app: object) -> None:
    measure = factories.measure(factories.programme(factories.partnership()))
    delete_item(measure, by=factories.person().id)
    assert document_store.find_document(measure.name).deleted
    restore_item(measure, by=factories.person().id)
    assert not document_store.find_document(measure.name).deleted


def test_a_measure_moves_under_a_goal_of_its_own_programme_only(client: ProofReader) -> None:
    team = factories.partnership()
    made, other = factories.programme(team), factories.programme(team)
    measure, theirs = factories.measure(made), factories.measure(other)
    second = create_goal(made, texts={"title.en": from_plain_text("Second goal")}, by=None)
    before = measure.goal_id
    client.login(team.de["editor"])
    for goal_id in (theirs.goal_id, 999_999):
        assert client.post(f"/measures/{measure.id}/move", data={"goal": goal_id}).status_code == 404
    db.session.refresh(measure)
    assert measure.goal_id == before
    assert client.post(f"/measures/{measure.id}/move", data={"goal": second.id}).status_code == 303
    db.session.refresh(measure)
    assert measure.goal_id == second.id
    delete_item(db.session.get_one(Goal, before), by=team.de["editor"].id)
    assert client.post(f"/measures/{measure.id}/move", data={"goal": before}).status_code == 404
