"""A programme that both sides have deleted comes back whole, by undoing that, and in no other way."""

from __future__ import annotations

from datetime import timedelta

import pytest

from klimawerk.clock import now
from klimawerk.collab.storage import document_store
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.overview.recycle_bin import delete_item
from klimawerk.partnerships import joint_requests
from klimawerk.partnerships.access import Member, member_of
from klimawerk.partnerships.models import JointRequest
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.programmes.models import Programme
from klimawerk.sheets.models import Item
from tests import factories
from tests.client import ProofReader
from tests.factories import Team

ITEMS = ("programme", "goal", "WA-01")


class House:
    """A partnership with one programme, its goal Z1 and the measures WA-01 and WA-02."""

    def __init__(self) -> None:
        self.team: Team = factories.partnership()
        self.programme: Programme = factories.programme(self.team)

    def item(self, which: str) -> Item:
        """By kind or by code."""
        found = db.session.query(Item).filter_by(frame_id=self.programme.frame_id)
        return next(one for one in found if which in (one.kind, one.code))

    def coordinator(self, side: str) -> Member:
        found = member_of(getattr(self.team, side)["coordinator"], self.team.partnership.id)
        assert found is not None
        return found

    def deleted_by_both(self) -> JointRequest:
        asked = joint_requests.ask_other_side(self.coordinator("de"), "delete", {}, programme_id=self.programme.id)
        return joint_requests.answer_request(self.coordinator("partner"), asked.id, yes=True)

    def deleted(self) -> set[str]:
        """What is deleted, by code; "" is the programme."""
        db.session.expire_all()
        found = db.session.query(Item).filter_by(frame_id=self.programme.frame_id)
        return {one.code for one in found if one.deleted_at is not None}


ALL = {"", "Z1", "WA-01", "WA-02"}


@pytest.fixture
def house(app: object) -> House:
    return House()


@pytest.mark.parametrize("role", ["editor", "coordinator"])
def test_nobody_alone_brings_back_anything_of_it(
    any_database: str, house: House, client: ProofReader, role: str
) -> None:
    house.deleted_by_both()
    client.login(house.team.de[role])
    for which, status in (("programme", 404), ("goal", 409), ("WA-01", 409)):
        item = house.item(which)
        assert client.post(f"/items/{item.id}/restore").status_code == status, which
        assert house.deleted() == ALL, which
        assert client.get(f"/{item.kind}s/{item.id}").status_code == 404, which
        assert document_store.find_document(item.name).deleted, which


def test_who_tries_with_a_goal_is_told_what_can_be_done(house: House, client: ProofReader) -> None:
    house.deleted_by_both()
    client.login(house.team.partner["editor"])
    assert "Joint decisions" in client.post(f"/items/{house.item('goal').id}/restore").text


def test_nor_after_the_thirty_days(house: House, client: ProofReader) -> None:
    done = house.deleted_by_both()
    with writing():
        long_ago = now() - timedelta(days=31)
        db.session.get_one(JointRequest, done.id).answered_at = long_ago
        for which in ALL - {""} | {"programme"}:
            house.item(which).deleted_at = long_ago
    client.login(house.team.de["editor"])
    for which in ITEMS:
        assert client.post(f"/items/{house.item(which).id}/restore").status_code in (404, 409)
    assert house.deleted() == ALL


def test_a_programme_that_is_not_deleted_has_no_such_door_either(house: House, client: ProofReader) -> None:
    client.login(house.team.de["coordinator"])
    assert client.post(f"/items/{house.programme.id}/restore").status_code == 404


def test_what_one_deletes_alone_one_brings_back_alone(house: House, client: ProofReader) -> None:
    """The control: the bin works as ever, also in a programme that was deleted and is back."""
    done = house.deleted_by_both()
    joint_requests.undo_request(house.coordinator("de"), done.id)
    assert house.deleted() == set()
    delete_item(house.item("goal"), by=house.team.de["editor"].id)
    client.login(house.team.partner["editor"])
    assert client.post(f"/items/{house.item('goal').id}/restore").status_code == 303
    assert house.deleted() == set()


def test_undoing_brings_back_all_that_went_and_leaves_in_the_bin_what_lay_there(
    any_database: str, house: House
) -> None:
    delete_item(house.item("WA-02"), by=house.team.de["editor"].id)
    done = house.deleted_by_both()
    assert house.deleted() == ALL
    joint_requests.undo_request(house.coordinator("de"), done.id)
    assert house.deleted() == {"WA-02"}
    assert [document_store.find_document(house.item(which).name).deleted for which in (*ITEMS, "WA-02")] == [
        False,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize("back", [("programme",), ("programme", "goal"), ("goal", "WA-01")])
def test_undoing_brings_back_the_rest_where_a_part_came_back_alone(house: House, back: tuple[str, ...]) -> None:
    """As it was possible until now: there may be such programmes."""
    done = house.deleted_by_both()
    _came_back_alone(house, *back)
    joint_requests.undo_request(house.coordinator("partner"), done.id)
    assert house.deleted() == set()


def test_of_an_older_version_too_where_deleting_came_a_moment_after_confirming(house: House) -> None:
    done = house.deleted_by_both()
    with writing():
        for which in ALL - {""} | {"programme"}:
            item = house.item(which)
            assert item.deleted_at
            item.deleted_at += timedelta(milliseconds=70)
    joint_requests.undo_request(house.coordinator("de"), done.id)
    assert house.deleted() == set()


def test_an_undoing_that_finds_nothing_says_so_and_is_not_used_up(house: House, client: ProofReader) -> None:
    done = house.deleted_by_both()
    _came_back_alone(house, "programme", "goal", "WA-01", "WA-02")
    client.login(house.team.de["coordinator"])
    at = f"/partnerships/{house.team.partnership.id}/joint"
    told = client.get(client.post(f"{at}/{done.id}/undo").location).text
    assert "Nichts ist zurückzuholen" in told
    assert "Es ist wieder wie vorher" not in told
    assert db.session.get_one(JointRequest, done.id).outcome == joint_requests.CONFIRMED


def test_what_was_deleted_after_it_had_come_back_stays_deleted(house: House) -> None:
    done = house.deleted_by_both()
    _came_back_alone(house, "programme", "goal", "WA-01")
    assert done.answered_at
    with writing():
        house.item("WA-01").deleted_at = done.answered_at + timedelta(hours=1)
    joint_requests.undo_request(house.coordinator("de"), done.id)
    assert house.deleted() == {"WA-01"}


def test_what_is_deleted_already_is_not_deleted_again(house: House) -> None:
    done = house.deleted_by_both()
    again = joint_requests.ask_other_side(house.coordinator("de"), "delete", {}, programme_id=house.programme.id)
    with pytest.raises(ActionRefused):
        joint_requests.answer_request(house.coordinator("partner"), again.id, yes=True)
    joint_requests.undo_request(house.coordinator("de"), done.id)
    assert house.deleted() == set()


def _came_back_alone(house: House, *which: str) -> None:
    with writing():
        for one in which:
            house.item(one).deleted_at = None
