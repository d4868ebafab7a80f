"""Operations on digest preferences: set, disable and enable again."""

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
"""A person who starts to get digests is informed of the last day at most."""


def preference_of(person: Person, moment: datetime | None = None) -> DigestChoice:
    """The person's preference, or the default (not stored)."""
    choice: DigestChoice | None = db.session.get(DigestChoice, person.id)
    return choice or DigestChoice(**_default_preference(person, moment or now()))


def set_preference(person: Person, *, frequency: str, hour: int, weekday: int, moment: datetime | None = None) -> None:
    """Set frequency, hour and weekday. Raises ValueError for values that are not offered."""
    if frequency not in FREQUENCIES or not 0 <= hour <= 23 or not 0 <= weekday <= 6:
        raise ValueError(frequency, hour, weekday)
    moment = moment or now()
    with writing():
        choice = _stored_preference(person, moment)
        if choice.frequency == NEVER and frequency != NEVER:
            _limit_lookback(person, moment)
        choice.frequency, choice.hour, choice.weekday, choice.before = frequency, hour, weekday, ""
        _schedule(choice, person, moment)


def disable_digests(person: Person, moment: datetime | None = None) -> None:
    """Unsubscribe. Mails that wait are dropped when they would be sent."""
    with writing():
        choice = _stored_preference(person, moment or now())
        if choice.frequency != NEVER:
            choice.before, choice.frequency = choice.frequency, NEVER
            choice.rev += 1


def enable_digests(person: Person, moment: datetime | None = None) -> None:
    """Restore the preference from before `disable_digests`; does nothing if it was changed since."""
    moment = moment or now()
    with writing():
        choice = _stored_preference(person, moment)
        if choice.frequency == NEVER and choice.before:
            _limit_lookback(person, moment)
            choice.frequency, choice.before = choice.before, ""
            _schedule(choice, person, moment)


def mark_new_memberships(moment: datetime) -> None:
    """Store the default preference and a mark for members who have no mark in their partnership yet.

    The mark is one day back at most, and not before the membership began.
    """
    has_mark = exists().where(
        DigestMark.person_id == Membership.person_id, DigestMark.partnership_id == Membership.partnership_id
    )
    query = select(Membership).join(Person).where(~has_mark, Person.ended_at.is_(None), Person.demo.is_(False))
    newcomers = [membership for membership in db.session.scalars(query) if is_current(membership, moment)]
    if newcomers:
        with suppress(IntegrityError), writing():  # another process was faster
            existing = existing_accounts.lock_existing(membership.person_id for membership in newcomers)
            for membership in newcomers:
                if membership.person_id not in existing:
                    continue
                _stored_preference(membership.person, moment)
                _add_mark(membership, moment)


def reschedule_for_zone(person_id: int) -> None:
    """Plan the next digest again, since the hour is one in the person's time zone. Inside `writing()`."""
    choice = db.session.get(DigestChoice, person_id)
    if choice is not None:
        db.session.flush()
        _schedule(choice, choice.person, now())


def _stored_preference(person: Person, moment: datetime) -> DigestChoice:
    """The stored preference, with the account locked until the commit. Raises AccountDeleted."""
    existing_accounts.lock_account(person.id)
    return add_missing(DigestChoice, **_default_preference(person, moment))


def _add_mark(membership: Membership, moment: datetime) -> None:
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


def _schedule(choice: DigestChoice, person: Person, moment: datetime) -> None:
    choice.due_at = next_due(choice.frequency, choice.hour, choice.weekday, person.timezone, moment)
    choice.rev += 1


def _limit_lookback(person: Person, moment: datetime) -> None:
    earliest = moment - MAX_LOOKBACK
    for mark in db.session.scalars(select(DigestMark).where(DigestMark.person_id == person.id)):
        mark.told_until = max(mark.told_until, earliest)
        mark.called_until = max(mark.called_until, earliest)
