"""The history of a deleted item can be read, and does not change."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from klimawerk.editions import service as editions
from klimawerk.editions.models import Edition
from klimawerk.extensions import db
from klimawerk.overview.recycle_bin import delete_item
from klimawerk.partnerships import joint_requests
from klimawerk.partnerships.access import Member, member_of
from klimawerk.versions import service as versions
from klimawerk.versions.models import Version
from tests import factories
from tests.client import ProofReader
from tests.factories import Team

NEW = {"label": "changed", "note": "changed", "name": "changed"}


def coordinator(team: Team, side: str) -> Member:
    member = member_of((team.de if side == "de" else team.partner)["coordinator"], team.partnership.id)
    assert member
    return member


@pytest.mark.parametrize("how", ["jointly", "into the bin", "not at all"])
def test_a_version_of_what_is_deleted_is_not_renamed(client: ProofReader, how: str) -> None:
    team = factories.partnership()
    programme = factories.programme(team)
    measure = factories.measure(programme)
    by = coordinator(team, "de")
    versions.keep_version(measure.id, by=by, label="Kept", remark="")
    if how == "jointly":
        delete_jointly(team, programme.id)
    elif how == "into the bin":
        delete_item(measure, by=by.person.id)
    client.login(team.de["coordinator"])
    page = client.get(f"/items/{measure.id}/history")
    renamable = how == "not at all"
    assert (page.status_code, f"/items/{measure.id}/versions/1/name" in page.text) == (200, renamable)
    assert client.post(f"/items/{measure.id}/versions/1/name", data=NEW).status_code == (303 if renamable else 404)
    db.session.expire_all()
    (label,) = db.session.scalars(select(Version.label).where(Version.item_id == measure.id, Version.number == 1))
    assert label == ("changed" if renamable else "Kept")


def test_a_fixed_copy_of_a_deleted_programme_is_not_renamed(client: ProofReader) -> None:
    team = factories.partnership()
    programme = factories.programme(team)
    editions.create_edition(programme, by=coordinator(team, "de"), name="Fixed", purpose="mission")
    client.login(team.de["coordinator"])
    address = f"/programmes/{programme.id}/editions"
    assert f"{address}/1/name" in client.get(address).text
    delete_jointly(team, programme.id)
    page = client.get(address)
    assert (page.status_code, f"{address}/1/name" in page.text) == (200, False)
    assert client.post(f"{address}/1/name", data=NEW).status_code == 404
    db.session.expire_all()
    assert db.session.scalars(select(Edition.name)).all() == ["Fixed"]


def delete_jointly(team: Team, programme: int) -> None:
    asked = joint_requests.ask_other_side(coordinator(team, "de"), "delete", {}, programme_id=programme)
    joint_requests.answer_request(coordinator(team, "partner"), asked.id, yes=True)
    db.session.expire_all()
