"""Erasure concurrent with other transactions: no personal data comes back, and the last coordinator stays."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

import pytest
from flask import Flask
from sqlalchemy import func, select

from klimawerk.accounts import expiring_links, known_browsers, service, sessions
from klimawerk.accounts.existing_accounts import AccountDeleted
from klimawerk.accounts.known_browsers import KnownBrowser
from klimawerk.accounts.models import FormerName, Link, Login, Person
from klimawerk.clock import now
from klimawerk.comments import read_marks
from klimawerk.comments.models import CommentsRead
from klimawerk.database import writing
from klimawerk.digests import preferences
from klimawerk.digests.models import DigestChoice
from klimawerk.exchange import practice
from klimawerk.extensions import db
from klimawerk.news import seen_marks
from klimawerk.news.models import SeenMark
from klimawerk.partnerships import members
from klimawerk.partnerships.access import is_current, member_of
from klimawerk.partnerships.models import Membership, Partnership
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.privacy import erasure
from klimawerk.versions import visits
from klimawerk.versions.models import Visit
from tests import factories
from tests.client import ProofReader
from tests.privacy.conftest import Workshop

OPERATIONS: dict[str, Callable[[Person, Workshop], object]] = {
    "profile": lambda person, _data: service.change_profile(person, name="Zebedaeus", language="de", timezone="UTC"),
    "password": lambda person, _data: service.set_password(person, "another long password", by=person),
    "operator": lambda person, _data: service.set_operator(person, True, by=None),
    "end": lambda person, _data: service.end_person(person, by=None),
    "confirm": lambda person, _data: service.confirm(person, by=None),
    "link": lambda person, _data: expiring_links.reset_link(person, by=None),
    "digest": lambda person, _data: preferences.set_preference(person, frequency="daily", hour=7, weekday=0),
    "practice": lambda person, _data: practice.ensure_practice(person),
    "visit": lambda person, data: visits.record_visits([(person.id, data.measure.name)]),
    "seen": lambda person, data: seen_marks.mark_seen([data.measure.id], by=person.id, at=now()),
    "read": lambda person, data: read_marks.mark_read([data.measure.id], by=person.id),
}
ROWS = (FormerName, Link, DigestChoice, Visit, SeenMark, CommentsRead, KnownBrowser, Login)


@pytest.mark.parametrize("verb", OPERATIONS)
def test_what_began_before_writes_nothing_back(app: Flask, workshop: Workshop, verb: str) -> None:
    loaded = db.session.get_one(Person, workshop.zeb.id)
    erasure.erase_person(loaded, by=None)
    before = person_row(loaded.id)
    with suppress(AccountDeleted):
        OPERATIONS[verb](loaded, workshop)
    db.session.expire_all()
    assert person_row(loaded.id) == before
    assert row_count(loaded.id) == 0


@pytest.mark.parametrize("verb", OPERATIONS)
def test_whoever_is_there_is_written_for(app: Flask, workshop: Workshop, verb: str) -> None:
    """Negative control: the same operations for a person who stays."""
    OPERATIONS[verb](workshop.zeb, workshop)
    assert row_count(workshop.zeb.id) > 0


def test_a_browser_and_a_session_of_somebody_erased_are_not_kept(app: Flask, workshop: Workshop) -> None:
    loaded = service.sign_in(workshop.zeb.email, factories.PASSWORD)
    assert loaded
    erasure.erase_person(db.session.get_one(Person, loaded.id), by=None)
    with app.test_request_context("/login"):
        sessions.begin_session(loaded)
        known_browsers.remember_browser(loaded)
        app.process_response(app.response_class())
    db.session.expire_all()
    assert row_count(loaded.id) == 0


def test_a_page_of_somebody_erased_asks_to_sign_in(client: ProofReader, monkeypatch: pytest.MonkeyPatch) -> None:
    person = factories.person()
    client.login(person)
    client.get("/account")
    clean_zone = service.clean_zone

    def erased_meanwhile(zone: str) -> str:
        erasure.erase_person(db.session.get_one(Person, person.id), by=None)
        return clean_zone(zone)

    monkeypatch.setattr(service, "clean_zone", erased_meanwhile)
    data = {"name": "Back again", "language": "de", "timezone": "Europe/Berlin"}
    assert client.post("/account", data=data).status_code == 401
    db.session.expire_all()
    assert db.session.get_one(Person, person.id).name == ""


def run_concurrently(app: Flask, monkeypatch: pytest.MonkeyPatch, *operations: Callable[[], object]) -> list[str]:
    """Run two operations concurrently: where possible, both pass their check before either goes on."""
    barrier, check_coordinator = threading.Barrier(2), members.check_side_keeps_coordinator
    check_erasable, outcomes = erasure.check_erasable, []

    def meet() -> None:
        with suppress(threading.BrokenBarrierError):  # the other one waits for this one's commit, as it should
            barrier.wait(1)

    def check_and_meet(person: Person) -> None:
        check_erasable(person)
        meet()

    def check_coordinator_and_meet(membership: Membership) -> None:
        check_coordinator(membership)
        if threading.current_thread().name != "erasing":
            meet()

    monkeypatch.setattr(erasure, "check_erasable", check_and_meet)
    monkeypatch.setattr(members, "check_side_keeps_coordinator", check_coordinator_and_meet)

    def run(operation: Callable[[], object]) -> None:
        with app.app_context():
            try:
                operation()
                outcomes.append("done")
            except ActionRefused:
                outcomes.append("refused")
            finally:
                db.session.remove()

    names = ["erasing" if operation.__name__ == "erases" else "leaving" for operation in operations]
    threads = [
        threading.Thread(target=run, args=(operation,), name=name)
        for operation, name in zip(operations, names, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    db.session.rollback()
    db.session.expire_all()
    return sorted(outcomes)


def eraser(person_id: int) -> Callable[[], object]:
    def erases() -> None:
        erasure.erase_person(db.session.get_one(Person, person_id), by=None)

    return erases


@pytest.mark.slow
@pytest.mark.parametrize("other", ["erased", "leaves"])
def test_a_side_keeps_one_of_two_coordinators(
    postgresql_address: str, app: Flask, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    team = factories.partnership()
    first, second = team.de["coordinator"], factories.member(team.partnership, "de", "coordinator")
    ids, partnership_id = (first.id, second.id), team.partnership.id

    def leaves() -> None:
        member = member_of(db.session.get_one(Person, ids[1]), partnership_id)
        assert member
        members.leave_partnership(member)

    db.session.commit()
    operations = eraser(ids[0]), eraser(ids[1]) if other == "erased" else leaves
    assert run_concurrently(app, monkeypatch, *operations) == ["done", "refused"]
    coordinators = select(Membership).where(
        Membership.partnership_id == partnership_id, Membership.side == "de", Membership.role == "coordinator"
    )
    assert (
        len([each for each in db.session.scalars(coordinators) if is_current(each) and not each.person.ended_at]) == 1
    )


@pytest.mark.slow
def test_one_of_two_operators_stays(postgresql_address: str, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [factories.person(operator=True).id for _one in range(2)]
    db.session.commit()
    assert run_concurrently(app, monkeypatch, *map(eraser, ids)) == ["done", "refused"]
    assert db.session.scalar(select(func.count()).where(Person.operator)) == 1


def person_row(person_id: int) -> tuple[object, ...]:
    person = db.session.get_one(Person, person_id)
    practice_count = db.session.scalar(select(func.count()).where(Partnership.practice_of == person_id))
    return person.name, person.password_hash, person.operator, person.ended_at, person.confirmed_at, practice_count


def row_count(person_id: int) -> int:
    with writing() as session:
        return sum(session.scalar(select(func.count()).where(model.person_id == person_id)) or 0 for model in ROWS)
