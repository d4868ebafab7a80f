"""Tests of `sheets.document_access`: who may join an item's live document, and who may watch its topic."""

from __future__ import annotations

import pytest
from flask import Flask

from klimawerk.clock import now
from klimawerk.collab import access
from klimawerk.collab.access import DocumentAccess
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.live import topic_access
from klimawerk.measures.models import Measure
from klimawerk.overview.recycle_bin import delete_item
from klimawerk.partnerships.access import member_of
from klimawerk.partnerships.models import Membership, Municipality
from klimawerk.programmes.models import Programme
from klimawerk.sheets.document_access import document_access, item_reader, may_watch, municipality_name
from klimawerk.sheets.item_kinds import item_kinds
from klimawerk.sheets.lock_service import LockHolder, lock
from tests import factories
from tests.sheets.verbs.conftest import People


def test_an_editor_reads_and_writes_and_is_shown_with_name_side_and_place(people: People, measure: Measure) -> None:
    assert document_access(people.akosua.id, measure.name) == DocumentAccess(
        read=True, write=True, reason="", name="Editor partner", side="partner", place="Abenkrom", role="editor"
    )


@pytest.mark.parametrize("role", ["reviewer", "observer"])
def test_who_may_not_edit_reads_along_and_the_reason_is_the_role(people: People, measure: Measure, role: str) -> None:
    result = document_access(people[role, "de"].id, measure.name)
    assert result
    assert (result.read, result.write, result.reason, result.role) == (True, False, "role", role)


def test_every_kind_of_item_has_a_document_under_its_own_name_alone(
    people: People, programme: Programme, goal: Goal, measure: Measure
) -> None:
    jan = people.jan.id
    for item in (programme, goal, measure):
        assert document_access(jan, item.name)
        for kind in item_kinds:
            assert (document_access(jan, f"{kind}:{item.id}") is not None) == (kind == item.kind)
    for name in (
        "", "measure", "measure:", "measure:x", f"measure:0{measure.id}", f"measure: {measure.id}", f"row:{measure.id}",
        "measure:999999", "measure:-1", f"measure:{2**40}", f"{measure.name}:1",
    ):  # fmt: skip
        assert document_access(jan, name) is None, name


def test_nobody_joins_a_document_in_the_bin_and_its_topic_can_still_be_watched(
    people: People, measure: Measure
) -> None:
    """Open pages are notified when it is restored."""
    delete_item(measure, by=people.jan.id)
    assert document_access(people.jan.id, measure.name) is None
    assert may_watch(people.jan.id, measure.id)
    reader = item_reader(people.jan.id, measure.id)
    assert reader
    assert (reader.kind.name, reader.deleted, reader.member.role) == ("measure", True, "editor")


def test_a_lock_is_not_asked_about_here(people: People, measure: Measure) -> None:
    """The lock state is stored with the document, and checked when an update is stored."""
    lock(measure, "We vote", LockHolder(name="The council"))
    result = document_access(people.jan.id, measure.name)
    assert result
    assert result.write


def test_who_has_no_place_may_not_know_of_it(people: People, measure: Measure) -> None:
    outsiders = [factories.partnership().de["coordinator"].id, factories.person(operator=True).id, 999_999]
    for outsider in outsiders:
        assert document_access(outsider, measure.name) is None
        assert not may_watch(outsider, measure.id)
        assert item_reader(outsider, measure.id) is None
    assert may_watch(people.jan.id, measure.id)
    assert not may_watch(people.jan.id, 999_999)


def test_who_has_left_or_whose_partnership_is_gone_neither(
    people: People, measure: Measure, programme: Programme
) -> None:
    jan, akosua = people.jan, people.akosua
    with writing():
        jan.ended_at = now()
    assert item_reader(jan.id, measure.id) is None
    assert item_reader(akosua.id, measure.id)
    with writing():
        programme.frame.partnership.deleted_at = now()
    assert item_reader(akosua.id, measure.id) is None


def test_of_two_places_the_one_with_more_rights_counts(people: People, measure: Measure, programme: Programme) -> None:
    observer = people["observer", "de"]
    factories.member(programme.frame.partnership, "de", "editor", who=observer)
    result = document_access(observer.id, measure.name)
    assert result
    assert (result.write, result.role) == (True, "editor")


def test_a_place_is_ones_own_municipality_else_the_first_of_ones_side_else_none(
    people: People, programme: Programme
) -> None:
    partnership = programme.frame.partnership
    with writing():
        added = Municipality(position=2, side="partner", name="Tema", country="GH", language="en", timezone="UTC")
        partnership.municipalities.append(added)
        db.session.flush()
        memberships = {membership.person_id: membership for membership in db.session.query(Membership)}
        memberships[people.akosua.id].municipality_id = added.id
        memberships[people["reviewer", "partner"].id].municipality_id = None
    db.session.expire_all()

    def name_shown(role: str, side: str) -> str:
        member = member_of(people[role, side], partnership.id)
        assert member
        return municipality_name(member)

    assert name_shown("editor", "partner") == "Tema"
    assert name_shown("reviewer", "partner") == "Abenkrom"
    assert name_shown("moderator", "neutral") == ""


def test_the_answers_are_those_that_documents_and_topics_get(app: Flask, people: People, measure: Measure) -> None:
    assert access.access_of(people.jan.id, measure.name) == document_access(people.jan.id, measure.name)
    assert set(item_kinds) <= topic_access.rules.keys()
