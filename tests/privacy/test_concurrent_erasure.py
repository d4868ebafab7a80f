"""Somebody is erased while something else goes on: nothing of them comes back, and those who must stay do."""

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

LATE: dict[str, Callable[[Person, Workshop], object]] = {
    "profile": lambda who, _work: service.change_profile(who, name="Zebedaeus", language="de", timezone="UTC"),
    "password": lambda who, _work: service.set_password(who, "another long password", by=who),
    "operator": lambda who, _work: service.set_operator(who, True, by=None),
    "end": lambda who, _work: service.end_person(who, by=None),
    "confirm": lambda who, _work: service.confirm(who, by=None),
    "link": lambda who, _work: expiring_links.reset_link(who, by=None),
    "digest": lambda who, _work: preferences.set_preference(who, frequency="daily", hour=7, weekday=0),
    "practice": lambda who, _work: practice.ensure_practice(who),
    "visit": lambda who, work: visits.record_visits([(who.id, work.measure.name)]),
    "seen": lambda who, work: seen_marks.mark_seen([work.measure.id], by=who.id, at=now()),
    "read": lambda who, work: read_marks.mark_read([work.measure.id], by=who.id),
}
ROWS = (FormerName, Link, DigestChoice, Visit, SeenMark, CommentsRead, KnownBrowser, Login)


@pytest.mark.parametrize("verb", LATE)
def test_what_began_before_writes_nothing_back(app: Flask, workshop: Workshop, verb: str) -> None:
    held = db.session.get_one(Person, workshop.zeb.id)
    erasure.erase_person(held, by=None)
    before = row(held.id)
    with suppress(AccountDeleted):
        LATE[verb](held, workshop)
    db.session.expire_all()
    assert row(held.id) == before
    assert kept(held.id) == 0


@pytest.mark.parametrize("verb", LATE)
def test_whoever_is_there_is_written_for(app: Flask, workshop: Workshop, verb: str) -> None:
    """The control: the same verbs for somebody who stays."""
    LATE[verb](workshop.zeb, workshop)
    assert kept(workshop.zeb.id) > 0


def test_a_browser_and_a_session_of_somebody_erased_are_not_kept(app: Flask, workshop: Workshop) -> None:
    held = service.sign_in(workshop.zeb.email, factories.PASSWORD)
    assert held
    erasure.erase_person(db.session.get_one(Person, held.id), by=None)
    with app.test_request_context("/login"):
        sessions.begin_session(held)
        known_browsers.remember_browser(held)
        app.process_response(app.response_class())
    db.session.expire_all()
    assert kept(held.id) == 0


def test_a_page_of_somebody_erased_asks_to_sign_in(client: ProofReader, monkeypatch: pytest.MonkeyPatch) -> None:
    person = factories.person()
    client.login(person)
    client.get("/account")
    real = service.clean_zone

    def erased_meanwhile(zone: str) -> str:
        erasure.erase_person(db.session.get_one(Person, person.id), by=None)
        return real(zone)

    monkeypatch.setattr(service, "clean_zone", erased_meanwhile)
    words = {"name": "Back again", "language": "de", "timezone": "Europe/Berlin"}
    assert client.post("/account", data=words).status_code == 401
    db.session.expire_all()
    assert db.session.get_one(Person, person.id).name == ""


def both(app: Flask, monkeypatch: pytest.MonkeyPatch, *verbs: Callable[[], object]) -> list[str]:
    """Run them at once; where they can, both have been found allowed before either goes on."""
    barrier, real = threading.Barrier(2), members.check_side_keeps_coordinator
    checked, done = erasure.check_erasable, []

    def meet() -> None:
        with suppress(threading.BrokenBarrierError):  # the other one waits for this one's commit: as it should
            barrier.wait(1)

    def check(person: Person) -> None:
        checked(person)
        meet()

    def keeps(theirs: Membership) -> None:
        real(theirs)
        if threading.current_thread().name != "erasing":
            meet()

    monkeypatch.setattr(erasure, "check_erasable", check)
    monkeypatch.setattr(members, "check_side_keeps_coordinator", keeps)

    def run(verb: Callable[[], object]) -> None:
        with app.app_context():
            try:
                verb()
                done.append("done")
            except ActionRefused:
                done.append("refused")
            finally:
                db.session.remove()

    names = ["erasing" if verb.__name__ == "erases" else "leaving" for verb in verbs]
    threads = [threading.Thread(target=run, args=(verb,), name=name) for verb, name in zip(verbs, names, strict=True)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    db.session.rollback()
    db.session.expire_all()
    return sorted(done)


def erasing(number: int) -> Callable[[], object]:
    def erases() -> None:
        erasure.erase_person(db.session.get_one(Person, number), by=None)

    return erases


@pytest.mark.slow
@pytest.mark.parametrize("other", ["erased", "leaves"])
def test_a_side_keeps_one_of_two_coordinators(
    postgresql_address: str, app: Flask, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    team = factories.partnership()
    first, second = team.de["coordinator"], factories.member(team.partnership, "de", "coordinator")
    numbers, place = (first.id, second.id), team.partnership.id

    def leaves() -> None:
        member = member_of(db.session.get_one(Person, numbers[1]), place)
        assert member
        members.leave_partnership(member)

    db.session.commit()
    verbs = erasing(numbers[0]), erasing(numbers[1]) if other == "erased" else leaves
    assert both(app, monkeypatch, *verbs) == ["done", "refused"]
    left = select(Membership).where(
        Membership.partnership_id == place, Membership.side == "de", Membership.role == "coordinator"
    )
    assert len([one for one in db.session.scalars(left) if is_current(one) and not one.person.ended_at]) == 1


@pytest.mark.slow
def test_one_of_two_operators_stays(postgresql_address: str, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [factories.person(operator=True).id for _one in range(2)]
    db.session.commit()
    assert both(app, monkeypatch, *map(erasing, numbers)) == ["done", "refused"]
    assert db.session.scalar(select(func.count()).where(Person.operator)) == 1


def row(number: int) -> tuple[object, ...]:
    person = db.session.get_one(Person, number)
    practised = db.session.scalar(select(func.count()).where(Partnership.practice_of == number))
    return person.name, person.password_hash, person.operator, person.ended_at, person.confirmed_at, practised


def kept(number: int) -> int:
    with writing() as session:
        return sum(session.scalar(select(func.count()).where(one.person_id == number)) or 0 for one in ROWS)
