"""Two people decide about one partnership at the same moment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.live.changes import note
from klimawerk.partnerships import invitations, joint_requests
from klimawerk.partnerships.access import Member, member_of
from klimawerk.partnerships.models import Membership, Municipality
from klimawerk.partnerships.service import topic
from tests import factories
from tests.factories import Team
from tests.sheets.concurrent_requests import ConcurrentServer, Processes, Request, Threads


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def any_database(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_address"))


@pytest.fixture
def team(app: Flask) -> Team:
    """With a topic, as after the first change of anything: two who meet at it wait for its row."""
    made = factories.partnership()
    with writing():
        note(topic(made.partnership.id))
    return made


@pytest.fixture
def house(any_database: str, app: Flask, tmp_path: Path) -> Iterator[ConcurrentServer]:
    if any_database.startswith("sqlite"):
        yield Threads(app)
        return
    processes = Processes(tmp_path, any_database)
    yield processes
    processes.close()
    assert "Traceback" not in processes.log()


def place(team: Team, side: str) -> Member:
    found = member_of(getattr(team, side)["coordinator"], team.partnership.id)
    assert found
    return found


def test_a_coordinator_who_is_no_member_any_more_confirms_nothing(house: ConcurrentServer, team: Team) -> None:
    programme = factories.programme(team)
    at = f"/partnerships/{team.partnership.id}"
    colleague = factories.member(team.partnership, "partner", "coordinator")
    asked = joint_requests.ask_other_side(place(team, "de"), "delete", {}, programme_id=programme.id)
    ending = Request(colleague, f"{at}/members/{place(team, 'partner').membership.id}/end", {})
    confirming = Request(team.partner["coordinator"], f"{at}/joint/{asked.id}/confirm", {})
    house.cross(ending, confirming)
    db.session.refresh(programme)
    assert programme.deleted_at is None
    assert house.ask(Request(colleague, confirming.path, {})).status == 302
    db.session.refresh(programme)
    assert programme.deleted_at is not None, "the control: another coordinator of that side does"


def test_a_side_keeps_one_of_two_municipalities_that_two_remove(house: ConcurrentServer, team: Team) -> None:
    at = f"/partnerships/{team.partnership.id}/municipalities"
    colleague = factories.member(team.partnership, "de", "coordinator")
    with writing():
        own = db.session.query(Municipality).filter_by(side="de").one()
        more = Municipality(position=2, side="de", name="Other", country="DE", language="de", timezone="Europe/Berlin")
        more.partnership_id = own.partnership_id
        db.session.add(more)
        for one in db.session.query(Membership).filter_by(municipality_id=own.id):
            one.municipality_id = None
    both = [
        Request(who, f"{at}/{town.id}/remove", {}) for who, town in ((colleague, own), (team.de["coordinator"], more))
    ]
    assert [answer.status for answer in house.cross(*both)] == [302, 302]
    assert [one.name for one in db.session.query(Municipality).filter_by(side="de")] == ["Other"]


def test_an_invitation_that_is_accepted_is_not_withdrawn_nor_sent_again(house: ConcurrentServer, team: Team) -> None:
    for what in ("withdraw", "resend"):
        guest = factories.person()
        wanted = invitations.Invitation(guest.email, "de", "editor", "en")
        link, token = invitations.invite(place(team, "de"), wanted)
        accepting = Request(guest, f"/link/invitation/{token}", {})
        taking_back = Request(
            team.de["coordinator"], f"/partnerships/{team.partnership.id}/invitations/{link.id}/{what}", {}
        )
        key = link.key
        assert [answer.status for answer in house.cross(accepting, taking_back)] == [302, 302]
        assert member_of(guest, team.partnership.id) is not None
        db.session.refresh(link)
        assert link.key == key, what
