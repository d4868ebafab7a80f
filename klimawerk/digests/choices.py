"""Verbs on what somebody chose: how often, at which hour, and not at all."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from klimawerk.accounts.models import Person
from klimawerk.clock import now
from klimawerk.database import writing
from klimawerk.digests.models import DAILY, FREQUENCIES, NEVER, DigestChoice, DigestMark
from klimawerk.digests.times import next_due
from klimawerk.extensions import db
from klimawerk.partnerships.models import Membership

AT_MOST_BEFORE = timedelta(days=1)
"""Whoever starts to get digests hears of what happened since then, not of years."""


def choice_of(person: Person, moment: datetime | None = None) -> DigestChoice:
    """What the person chose; what holds for everybody until they choose (not stored)."""
    found: DigestChoice | None = db.session.get(DigestChoice, person.id)
    return found or _usual(person, moment or now())


def choose(person: Person, *, frequency: str, hour: int, weekday: int, moment: datetime | None = None) -> None:
    """Set how often and when. ValueError for what cannot be chosen."""
    if frequency not in FREQUENCIES or not 0 <= hour <= 23 or not 0 <= weekday <= 6:
        raise ValueError(frequency, hour, weekday)
    moment = moment or now()
    with writing():
        choice = _stored(person, moment)
        if choice.frequency == NEVER and frequency != NEVER:
            _begin_again(person, moment)
        choice.frequency, choice.hour, choice.weekday, choice.before = frequency, hour, weekday, ""
        _plan(choice, person, moment)


def unsubscribe(person: Person, moment: datetime | None = None) -> None:
    """No digests any more; what waits to be sent is dropped by whoever comes to send it."""
    with writing():
        choice = _stored(person, moment or now())
        if choice.frequency != NEVER:
            choice.before, choice.frequency = choice.frequency, NEVER
            choice.rev += 1


def subscribe_again(person: Person, moment: datetime | None = None) -> None:
    """As it was before `unsubscribe`; nothing where that was not the last choice."""
    moment = moment or now()
    with writing():
        choice = _stored(person, moment)
        if choice.frequency == NEVER and choice.before:
            _begin_again(person, moment)
            choice.frequency, choice.before = choice.before, ""
            _plan(choice, person, moment)


def welcome(moment: datetime) -> None:
    """Everybody who belongs to a partnership and has not chosen yet gets the usual choice."""
    known = select(DigestChoice.person_id)
    members = select(Membership.person_id)
    query = select(Person).where(
        Person.id.in_(members), Person.id.not_in(known), Person.ended_at.is_(None), Person.demo.is_(False)
    )
    if newcomers := db.session.scalars(query).all():
        with writing():
            for person in newcomers:
                _stored(person, moment)


def follow_zone(_sender: object, person_id: int) -> None:
    """The hour is one of the person's clock, so it moves with their zone. Inside `writing()`."""
    choice = db.session.get(DigestChoice, person_id)
    if choice is not None:
        db.session.flush()
        _plan(choice, choice.person, now())


def _stored(person: Person, moment: datetime) -> DigestChoice:
    found: DigestChoice | None = db.session.get(DigestChoice, person.id)
    if found is None:
        found = _usual(person, moment)
        db.session.add(found)
        db.session.flush()
    return found


def _usual(person: Person, moment: datetime) -> DigestChoice:
    due = next_due(DAILY, 7, 0, person.timezone, moment)
    return DigestChoice(person_id=person.id, frequency=DAILY, hour=7, weekday=0, before="", due_at=due, rev=0)


def _plan(choice: DigestChoice, person: Person, moment: datetime) -> None:
    choice.due_at = next_due(choice.frequency, choice.hour, choice.weekday, person.timezone, moment)
    choice.rev += 1


def _begin_again(person: Person, moment: datetime) -> None:
    earliest = moment - AT_MOST_BEFORE
    for mark in db.session.scalars(select(DigestMark).where(DigestMark.person_id == person.id)):
        mark.told_until = max(mark.told_until, earliest)
        mark.called_until = max(mark.called_until, earliest)
