"""Verbs on what somebody chose: how often, at which hour, and not at all."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError

from klimawerk.accounts import existing_accounts
from klimawerk.accounts.models import Person
from klimawerk.clock import now
from klimawerk.database import add_missing, writing
from klimawerk.digests.due_times import next_due, zone_of
from klimawerk.digests.models import DAILY, FREQUENCIES, NEVER, DigestChoice, DigestMark
from klimawerk.extensions import db
from klimawerk.partnerships.access import is_current
from klimawerk.partnerships.models import Membership

MAX_LOOKBACK = timedelta(days=1)
"""Whoever starts to get digests hears of what happened since then, not of years."""


def preference_of(person: Person, moment: datetime | None = None) -> DigestChoice:
    """What the person chose; what holds for everybody until they choose (not stored)."""
    found: DigestChoice | None = db.session.get(DigestChoice, person.id)
    return found or DigestChoice(**_default_preference(person, moment or now()))


def set_preference(person: Person, *, frequency: str, hour: int, weekday: int, moment: datetime | None = None) -> None:
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


def disable_digests(person: Person, moment: datetime | None = None) -> None:
    """No digests any more; what waits to be sent is dropped by whoever comes to send it."""
    with writing():
        choice = _stored(person, moment or now())
        if choice.frequency != NEVER:
            choice.before, choice.frequency = choice.frequency, NEVER
            choice.rev += 1


def enable_digests(person: Person, moment: datetime | None = None) -> None:
    """As it was before `unsubscribe`; nothing where that was not the last choice."""
    moment = moment or now()
    with writing():
        choice = _stored(person, moment)
        if choice.frequency == NEVER and choice.before:
            _begin_again(person, moment)
            choice.frequency, choice.before = choice.before, ""
            _plan(choice, person, moment)


def mark_new_memberships(moment: datetime) -> None:
    """Whoever belongs to a partnership and is seen there for the first time gets the usual choice, and a mark.

    The mark stands a day back at most, and not before the person belonged to it.
    """
    known = exists().where(
        DigestMark.person_id == Membership.person_id, DigestMark.partnership_id == Membership.partnership_id
    )
    query = select(Membership).join(Person).where(~known, Person.ended_at.is_(None), Person.demo.is_(False))
    newcomers = [one for one in db.session.scalars(query) if is_current(one, moment)]
    if newcomers:
        with suppress(IntegrityError), writing():  # another process was faster
            there = existing_accounts.lock_existing(membership.person_id for membership in newcomers)
            for membership in newcomers:
                if membership.person_id not in there:
                    continue
                _stored(membership.person, moment)
                _mark(membership, moment)


def reschedule_for_zone(_sender: object, person_id: int) -> None:
    """The hour is one of the person's clock, so it moves with their zone. Inside `writing()`."""
    choice = db.session.get(DigestChoice, person_id)
    if choice is not None:
        db.session.flush()
        _plan(choice, choice.person, now())


def _stored(person: Person, moment: datetime) -> DigestChoice:
    """Kept from others until the commit. Raises AccountGone."""
    existing_accounts.lock_account(person.id)
    return add_missing(DigestChoice, **_default_preference(person, moment))


def _mark(membership: Membership, moment: datetime) -> None:
    key = (membership.person_id, membership.partnership_id)
    if db.session.get(DigestMark, key) is None:
        joined = datetime.combine(membership.from_date, time(), zone_of(membership.timezone)).astimezone(UTC)
        begin = min(max(joined, moment - MAX_LOOKBACK), moment)
        person, partnership = key
        db.session.add(DigestMark(person_id=person, partnership_id=partnership, told_until=begin, called_until=begin))
        db.session.flush()


def _default_preference(person: Person, moment: datetime) -> dict[str, Any]:
    due = next_due(DAILY, 7, 0, person.timezone, moment)
    return {
        "person_id": person.id, "frequency": DAILY, "hour": 7, "weekday": 0, "before": "", "due_at": due, "rev": 0
    }  # fmt: skip


def _plan(choice: DigestChoice, person: Person, moment: datetime) -> None:
    choice.due_at = next_due(choice.frequency, choice.hour, choice.weekday, person.timezone, moment)
    choice.rev += 1


def _begin_again(person: Person, moment: datetime) -> None:
    earliest = moment - MAX_LOOKBACK
    for mark in db.session.scalars(select(DigestMark).where(DigestMark.person_id == person.id)):
        mark.told_until = max(mark.told_until, earliest)
        mark.called_until = max(mark.called_until, earliest)
