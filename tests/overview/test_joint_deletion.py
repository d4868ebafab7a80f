"""Joint deletion of a programme: it can be restored only as a whole, by undoing the joint decision."""

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


class PartnershipSetup:
    """A partnership with one programme, its goal Z1 and the measures WA-01 and WA-02."""

    def __init__(self) -> None:
        self.team: Team = factories.partnership()
        self.programme: Programme = factories.programme(self.team)

    def item(self, name: str) -> Item:
        """The item of that kind or with that code."""
        items = db.session.query(Item).filter_by(frame_id=self.programme.frame_id)
        return next(item for item in items if name in (item.kind, item.code))

    def coordinator(self, side: str) -> Member:
        member = member_of(getattr(self.team, side)["coordinator"], self.team.partnership.id)
        assert member is not None
        return member

    def delete_jointly(self) -> JointRequest:
        request = joint_requests.ask_other_side(self.coordinator("de"), "delete", {}, programme_id=self.programme.id)
        return joint_requests.answer_request(self.coordinator("partner"), request.id, yes=True)

    def deleted(self) -> set[str]:
        """Codes of the deleted items; "" is the programme."""
        db.session.expire_all()
        items = db.session.query(Item).filter_by(frame_id=self.programme.frame_id)
        return {item.code for item in items if item.deleted_at is not None}


ALL = {"", "Z1", "WA-01", "WA-02"}


@pytest.fixture
def setup(app: object) -> PartnershipSetup:
    return PartnershipSetup()


@pytest.mark.parametrize("role", ["editor", "coordinator"])
def test_nobody_alone_brings_back_anything_of_it(
    any_database: str, setup: PartnershipSetup, client: ProofReader, role: str
) -> None:
    setup.delete_jointly()
    client.login(setup.team.de[role])
    for name, status in (("programme", 404), ("goal", 409), ("WA-01", 409)):
        item = setup.item(name)
        assert client.post(f"/items/{item.id}/restore").status_code == status, name
        assert setup.deleted() == ALL, name
        assert client.get(f"/{item.kind}s/{item.id}").status_code == 404, name
        assert document_store.find_document(item.name).deleted, name


def test_who_tries_with_a_goal_is_told_what_can_be_done(setup: PartnershipSetup, client: ProofReader) -> None:
    setup.delete_jointly()
    client.login(setup.team.partner["editor"])
    assert "Joint decisions" in client.post(f"/items/{setup.item('goal').id}/restore").text


def test_nor_after_the_thirty_days(setup: PartnershipSetup, client: ProofReader) -> None:
    request = setup.delete_jointly()
    with writing():
        long_ago = now() - timedelta(days=31)
        db.session.get_one(JointRequest, request.id).answered_at = long_ago
        for name in ALL - {""} | {"programme"}:
            setup.item(name).deleted_at = long_ago
    client.login(setup.team.de["editor"])
    for name in ITEMS:
        assert client.post(f"/items/{setup.item(name).id}/restore").status_code in (404, 409)
    assert setup.deleted() == ALL


def test_a_programme_that_is_not_deleted_has_no_such_door_either(setup: PartnershipSetup, client: ProofReader) -> None:
    client.login(setup.team.de["coordinator"])
    assert client.post(f"/items/{setup.programme.id}/restore").status_code == 404


def test_what_one_deletes_alone_one_brings_back_alone(setup: PartnershipSetup, client: ProofReader) -> None:
    """Negative control: the bin works as before, also in a programme that was deleted and restored."""
    request = setup.delete_jointly()
    joint_requests.undo_request(setup.coordinator("de"), request.id)
    assert setup.deleted() == set()
    delete_item(setup.item("goal"), by=setup.team.de["editor"].id)
    client.login(setup.team.partner["editor"])
    assert client.post(f"/items/{setup.item('goal').id}/restore").status_code == 303
    assert setup.deleted() == set()


def test_undoing_brings_back_all_that_went_and_leaves_in_the_bin_what_lay_there(
    any_database: str, setup: PartnershipSetup
) -> None:
    delete_item(setup.item("WA-02"), by=setup.team.de["editor"].id)
    request = setup.delete_jointly()
    assert setup.deleted() == ALL
    joint_requests.undo_request(setup.coordinator("de"), request.id)
    assert setup.deleted() == {"WA-02"}
    assert [document_store.find_document(setup.item(name).name).deleted for name in (*ITEMS, "WA-02")] == [
        False,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize("back", [("programme",), ("programme", "goal"), ("goal", "WA-01")])
def test_undoing_brings_back_the_rest_where_a_part_came_back_alone(
    setup: PartnershipSetup, back: tuple[str, ...]
) -> None:
    """Earlier versions allowed that, so there may be such programmes."""
    request = setup.delete_jointly()
    _restore_directly(setup, *back)
    joint_requests.undo_request(setup.coordinator("partner"), request.id)
    assert setup.deleted() == set()


def test_of_an_older_version_too_where_deleting_came_a_moment_after_confirming(setup: PartnershipSetup) -> None:
    request = setup.delete_jointly()
    with writing():
        for name in ALL - {""} | {"programme"}:
            item = setup.item(name)
            assert item.deleted_at
            item.deleted_at += timedelta(milliseconds=70)
    joint_requests.undo_request(setup.coordinator("de"), request.id)
    assert setup.deleted() == set()


def test_an_undoing_that_finds_nothing_says_so_and_is_not_used_up(setup: PartnershipSetup, client: ProofReader) -> None:
    request = setup.delete_jointly()
    _restore_directly(setup, "programme", "goal", "WA-01", "WA-02")
    client.login(setup.team.de["coordinator"])
    path = f"/partnerships/{setup.team.partnership.id}/joint"
    page = client.get(client.post(f"{path}/{request.id}/undo").location).text
    assert "Nichts ist zurückzuholen" in page
    assert "Es ist wieder wie vorher" not in page
    assert db.session.get_one(JointRequest, request.id).outcome == joint_requests.CONFIRMED


def test_what_was_deleted_after_it_had_come_back_stays_deleted(setup: PartnershipSetup) -> None:
    request = setup.delete_jointly()
    _restore_directly(setup, "programme", "goal", "WA-01")
    assert request.answered_at
    with writing():
        setup.item("WA-01").deleted_at = request.answered_at + timedelta(hours=1)
    joint_requests.undo_request(setup.coordinator("de"), request.id)
    assert setup.deleted() == {"WA-01"}


def test_what_is_deleted_already_is_not_deleted_again(setup: PartnershipSetup) -> None:
    request = setup.delete_jointly()
    second_request = joint_requests.ask_other_side(
        setup.coordinator("de"), "delete", {}, programme_id=setup.programme.id
    )
    with pytest.raises(ActionRefused):
        joint_requests.answer_request(setup.coordinator("partner"), second_request.id, yes=True)
    joint_requests.undo_request(setup.coordinator("de"), request.id)
    assert setup.deleted() == set()


def _restore_directly(setup: PartnershipSetup, *names: str) -> None:
    with writing():
        for name in names:
            setup.item(name).deleted_at = None
