"""Builds digest mails: stores a mail with what a person missed, and moves their marks, in one transaction.

A crash therefore neither loses nor doubles anything: either both are stored, or neither.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import and_, or_, select, update

from klimawerk.accounts.models import Person
from klimawerk.comments.models import CommentEvent, CommentMention
from klimawerk.comments.read_marks import joined_at
from klimawerk.comments.service import ASSIGNED
from klimawerk.database import WRITE_FAILURES, writing
from klimawerk.digests import missed_activity, rendering
from klimawerk.digests.due_times import next_due
from klimawerk.digests.missed_activity import DigestWindow
from klimawerk.digests.models import AT_ONCE, NEVER, DigestChoice, DigestMail, DigestMark
from klimawerk.digests.pause_rules import is_paused
from klimawerk.extensions import db
from klimawerk.news.activity import memberships

log = logging.getLogger(__name__)
SETTLE_SECONDS = timedelta(seconds=30)
"""Newer activity waits for the next mail: its transaction may still be open, and it would be skipped for good."""


def make_due_digests(moment: datetime, yield_if_due: Callable[[], None]) -> int:
    """Build the mails that are due. Returns how many were built."""
    due = and_(DigestChoice.frequency != NEVER, DigestChoice.due_at <= moment)
    query = select(DigestChoice.person_id).join(Person).where(Person.ended_at.is_(None), Person.demo.is_(False))
    query = query.where(Person.confirmed_at.is_not(None))
    count = 0
    for person_id in db.session.scalars(query.where(or_(due, DigestChoice.frequency == AT_ONCE))).all():
        try:
            count += make_digest(person_id, moment)
        except WRITE_FAILURES:
            raise
        except Exception:  # one failed digest must not stop the others; it stays due
            log.exception("the digest of person %s was not made", person_id)
            db.session.rollback()
        yield_if_due()
    return count


def make_digest(person_id: int, moment: datetime) -> bool:
    """Build one person's mail. Returns whether there was anything to send."""
    db.session.expire_all()
    choice = db.session.get_one(DigestChoice, person_id)
    person, rev, is_due = choice.person, choice.rev, choice.due_at <= moment
    windows = _digest_windows(person, moment)
    if not is_due and not _may_be_mentioned(person, windows):
        return False
    missed = missed_activity.missed_activity(windows, only_calls=not is_due)
    if not is_due and not missed:
        return False
    rendered = rendering.render_digest(person, missed, windows) if missed else None
    mail = _new_mail(person, rendered, windows, missed, moment) if rendered else None
    with writing():
        if not _claim(choice, rev, moment, is_due):
            return False
        if mail:
            db.session.add(mail)
        _move_marks(person, windows, is_due)
    return mail is not None


def _digest_windows(person: Person, moment: datetime) -> dict[int, DigestWindow]:
    """Windows of unsent activity, by partnership that the person may read and that is not paused."""
    until = moment - SETTLE_SECONDS
    marks = {
        mark.partnership_id: mark
        for mark in db.session.scalars(select(DigestMark).where(DigestMark.person_id == person.id))
    }
    windows = {}
    for member in memberships(person):
        key = member.membership.partnership_id
        if is_paused(key, moment):
            continue
        mark = marks.get(key)
        # A member who has come back starts again.
        told_until = max(mark.told_until, joined_at(member)) if mark else until
        if mark and told_until < until:
            windows[key] = DigestWindow(member, told_until, max(mark.called_until, told_until), until)
    return windows


def _may_be_mentioned(person: Person, windows: Mapping[int, DigestWindow]) -> bool:
    """Whether there may be a mention or task: a cheap check, made each minute for all who chose mails at once."""
    if not windows:
        return False
    since = min(window.mentions_until for window in windows.values())
    mentions = select(CommentMention.comment_id).where(CommentMention.person_id == person.id)
    concerns_person = or_(CommentEvent.kind == ASSIGNED, CommentEvent.comment_id.in_(mentions))
    return (
        db.session.scalar(select(CommentEvent.id).where(CommentEvent.at > since, concerns_person).limit(1)) is not None
    )


def _new_mail(
    person: Person,
    rendered: rendering.RenderedDigest,
    windows: Mapping[int, DigestWindow],
    missed: missed_activity.MissedActivity,
    moment: datetime,
) -> DigestMail:
    host = urlsplit(current_app.extensions["klimawerk"].public_url).hostname or "localhost"
    return DigestMail(
        person_id=person.id,
        message_id=f"<digest.{secrets.token_hex(16)}@{host}>",
        made_at=moment,
        next_try_at=moment,
        until=max(window.until for window in windows.values()),
        partnerships=sorted(missed),
        covers=[activity.id for activities in missed.values() for activity in activities],
        language=person.language,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
    )


def _claim(choice: DigestChoice, rev: int, moment: datetime, is_due: bool) -> bool:
    """Whether no other process built this digest meanwhile, and the preference is unchanged."""
    unchanged = update(DigestChoice).where(DigestChoice.person_id == choice.person_id, DigestChoice.rev == rev)
    due_at = choice.due_at
    if is_due:
        due_at = next_due(choice.frequency, choice.hour, choice.weekday, choice.person.timezone, moment)
    result = db.session.execute(
        unchanged.values(rev=rev + 1, due_at=due_at).execution_options(synchronize_session=False)
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def _move_marks(person: Person, windows: Mapping[int, DigestWindow], is_due: bool) -> None:
    for key, window in windows.items():
        told_until = window.until if is_due else window.informed_until
        mark = db.session.get_one(DigestMark, (person.id, key))
        mark.told_until, mark.called_until = told_until, window.until
