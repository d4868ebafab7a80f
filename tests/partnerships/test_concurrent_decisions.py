"""Concurrent decisions in one partnership: the second transaction sees the first one's result."""

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
    """A partnership with a topic, as after its first change: concurrent transactions wait for the topic's row."""
    team = factories.partnership()
    with writing():
        note(topic(team.partnership.id))
    return team


@pytest.fixture
def server(any_database: str, app: Flask, tmp_path: Path) -> Iterator[ConcurrentServer]:
    if any_database.startswith("sqlite"):
        yield Threads(app)
        return
    processes = Processes(tmp_path, any_database)
    yield processes
    processes.close()
    assert "Traceback" not in processes.log()


def coordinator_of(team: Team, side: str) -> Member:
    member = member_of(getattr(team, side)["coordinator"], team.partnership.id)
    assert member
    return member


def test_a_coordinator_who_is_no_member_any_more_confirms_nothing(server: ConcurrentServer, team: Team) -> None:
    programme = factories.programme(team)
    base = f"/partnerships/{team.partnership.id}"
    colleague = factories.member(team.partnership, "partner", "coordinator")
    request = joint_requests.ask_other_side(coordinator_of(team, "de"), "delete", {}, programme_id=programme.id)
    ending = Request(colleague, f"{base}/members/{coordinator_of(team, 'partner').membership.id}/end", {})
    confirming = Request(team.partner["coordinator"], f"{base}/joint/{request.id}/confirm", {})
    server.cross(ending, confirming)
    db.session.refresh(programme)
    assert programme.deleted_at is None
    assert server.ask(Request(colleague, confirming.path, {})).status == 302
    db.session.refresh(programme)
    assert programme.deleted_at is not None, "the control: another coordinator of that side does"


def test_a_side_keeps_one_of_two_municipalities_that_two_remove(server: ConcurrentServer, team: Team) -> None:
    base = f"/partnerships/{team.partnership.id}/municipalities"
    colleague = factories.member(team.partnership, "de", "coordinator")
    with writing():
        first = db.session.query(Municipality).filter_by(side="de").one()
        second = Municipality(
            position=2, side="de", name="Other", country="DE", language="de", timezone="Europe/Berlin"
        )
        second.partnership_id = first.partnership_id
        db.session.add(second)
        for membership in db.session.query(Membership).filter_by(municipality_id=first.id):
            membership.municipality_id = None
    requests = [
        Request(person, f"{base}/{municipality.id}/remove", {})
        for person, municipality in ((colleague, first), (team.de["coordinator"], second))
    ]
    assert [answer.status for answer in server.cross(*requests)] == [302, 302]
    assert [municipality.name for municipality in db.session.query(Municipality).filter_by(side="de")] == ["Other"]


def test_an_invitation_that_is_accepted_is_not_withdrawn_nor_sent_again(server: ConcurrentServer, team: Team) -> None:
    for action in ("withdraw", "resend"):
        guest = factories.person()
        invitation = invitations.Invitation(guest.email, "de", "editor", "en")
        link, token = invitations.invite(coordinator_of(team, "de"), invitation)
        accepting = Request(guest, f"/link/invitation/{token}", {})
        changing = Request(
            team.de["coordinator"], f"/partnerships/{team.partnership.id}/invitations/{link.id}/{action}", {}
        )
        key = link.key
        assert [answer.status for answer in server.cross(accepting, changing)] == [302, 302]
        assert member_of(guest, team.partnership.id) is not None
        db.session.refresh(link)
        assert link.key == key, action
