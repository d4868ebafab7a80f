"""Deleting locked items: refused for the item itself, and for the goal or programme above it."""

from __future__ import annotations

import pytest
from flask import Flask

from klimawerk.collab.storage import document_store
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.measures.models import Measure
from klimawerk.overview.recycle_bin import delete_item, restore_item
from klimawerk.programmes.models import Programme
from klimawerk.sheets import lock_service
from klimawerk.sheets.items import lock_item, unlock_item
from klimawerk.sheets.update_lock import ItemLocked
from tests import factories
from tests.client import ProofReader
from tests.factories import Team


@pytest.fixture
def team(app: Flask) -> Team:
    return factories.partnership()


@pytest.fixture
def programme(team: Team) -> Programme:
    return factories.programme(team)


@pytest.fixture
def first(programme: Programme) -> Measure:
    return factories.measure(programme)


@pytest.mark.parametrize("role", ["editor", "coordinator"])
def test_a_goal_is_not_deleted_with_a_closed_measure_until_that_is_open(
    any_database: str, client: ProofReader, team: Team, first: Measure, role: str
) -> None:
    goal = first.goal_id
    lock_item(first, "We vote now", by="Somebody")
    client.login(team.partner[role])
    refused = client.post(f"/items/{goal}/delete")
    assert refused.status_code == 423
    assert "WA-01" in refused.text
    assert "WA-02" not in refused.text
    for path in (f"/goals/{goal}", f"/measures/{first.id}"):
        assert client.get(path).status_code == 200
    unlock_item(first)
    assert client.post(f"/items/{goal}/delete").status_code == 303
    assert client.get(f"/measures/{first.id}").status_code == 404


def test_all_closed_measures_are_named(programme: Programme, first: Measure, team: Team) -> None:
    for code in ("WA-01", "WA-02"):
        lock_item(factories.measure(programme, code), "", by="")
    with pytest.raises(ItemLocked, match="WA-01, WA-02"):
        delete_item(db.session.get_one(Goal, first.goal_id), by=team.de["editor"].id)


def test_a_closed_measure_that_lies_in_the_bin_keeps_no_goal_from_it(
    programme: Programme, first: Measure, team: Team
) -> None:
    """Negative control: only locks of items that would be deleted count."""
    by = team.de["editor"].id
    delete_item(first, by=by)
    with writing():
        document_store.close_documents([first.name], "", "")
    goal = db.session.get_one(Goal, first.goal_id)
    delete_item(goal, by=by)
    assert goal.deleted_at is not None


def test_a_goal_deleted_twice_comes_back_with_its_measures(first: Measure, team: Team) -> None:
    goal = db.session.get_one(Goal, first.goal_id)
    for person in (team.de["editor"], team.partner["editor"]):
        delete_item(goal, by=person.id)
    assert goal.deleted_by == team.de["editor"].id
    restore_item(goal, by=team.de["editor"].id)
    db.session.refresh(first)
    assert first.deleted_at is None


def test_a_closed_sheet_says_that_it_is_closed(client: ProofReader, team: Team, first: Measure) -> None:
    lock_item(first, "We vote now", by="Somebody")
    client.login(team.partner["editor"])
    assert "closed for editing" in client.post(f"/items/{first.id}/delete").text


def test_the_one_measure_that_stays_open_is_not_deleted_since_it_could_not_come_back(
    client: ProofReader, team: Team, programme: Programme, first: Measure
) -> None:
    lock_service.lock(programme, "We write one", lock_service.LockHolder(name="Moderator"), except_id=first.id)
    client.login(team.partner["editor"])
    refused = client.post(f"/items/{first.id}/delete")
    assert refused.status_code == 423
    assert "The programme is closed for editing. Moderator: We write one." in refused.text
    assert client.get(f"/measures/{first.id}").status_code == 200
    lock_service.end_locks_of(programme)
    assert client.post(f"/items/{first.id}/delete").status_code == 303


def test_the_bin_can_be_read_while_the_programme_is_closed(
    client: ProofReader, team: Team, programme: Programme, first: Measure
) -> None:
    delete_item(first, by=team.de["editor"].id)
    client.login(team.partner["editor"])
    address, restore_path = f"/programmes/{programme.id}/bin", f"/items/{first.id}/restore"
    assert restore_path in client.get(address).text
    lock_service.lock(programme, "We vote now", lock_service.LockHolder(name="Moderator"))
    page = client.get(address)
    assert page.status_code == 200
    assert "Green bins" in page.text
    assert "Moderator: We vote now." in page.text
    assert restore_path not in page.text
    assert client.post(restore_path).status_code == 423
    client.login(team.partner["observer"])
    assert client.get(address).status_code == 403
