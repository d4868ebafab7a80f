"""Making mails: what somebody missed becomes one, and their marks move, in one transaction.

So a crash loses nothing and doubles nothing: either both are on disk, or neither.
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
"""What is younger waits for the next mail: its transaction may not have ended, and it would be passed over for good."""


def make_due_digests(moment: datetime, yield_if_due: Callable[[], None]) -> int:
    """Make the mails of everybody for whom one is due. Returns how many were made."""
    due = and_(DigestChoice.frequency != NEVER, DigestChoice.due_at <= moment)
    query = select(DigestChoice.person_id).join(Person).where(Person.ended_at.is_(None), Person.demo.is_(False))
    query = query.where(Person.confirmed_at.is_not(None))
    made = 0
    for person_id in db.session.scalars(query.where(or_(due, DigestChoice.frequency == AT_ONCE))).all():
        try:
            made += make_digest(person_id, moment)
        except WRITE_FAILURES:
            raise
        except Exception:  # one person's trouble is not everybody's: theirs stays due
            log.exception("the digest of person %s was not made", person_id)
            db.session.rollback()
        yield_if_due()
    return made


def make_digest(person_id: int, moment: datetime) -> bool:
    """One person's mail, if there is something to tell; whether there was."""
    db.session.expire_all()
    choice = db.session.get_one(DigestChoice, person_id)
    person, rev, whole = choice.person, choice.rev, choice.due_at <= moment
    windows = _digest_windows(person, moment)
    if not whole and not _is_mentioned(person, windows):
        return False
    found = missed_activity.missed_activity(windows, only_calls=not whole)
    if not whole and not found:
        return False
    said = rendering.render_digest(person, found, windows) if found else None
    mail = _mail(person, said, windows, found, moment) if said else None
    with writing():
        if not _claim(choice, rev, moment, whole):
            return False
        if mail:
            db.session.add(mail)
        _move(person, windows, whole)
    return mail is not None


def _digest_windows(person: Person, moment: datetime) -> dict[int, DigestWindow]:
    """For each partnership that the person reads and that is not silent now: what lies untold, and until when."""
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
        told = max(mark.told_until, joined_at(member)) if mark else until  # who has come back begins anew
        if mark and told < until:
            windows[key] = DigestWindow(member, told, max(mark.called_until, told), until)
    return windows


def _is_mentioned(person: Person, windows: Mapping[int, DigestWindow]) -> bool:
    """Whether anything may mean the person: asked each minute for everybody who wants to hear of it at once."""
    if not windows:
        return False
    since = min(window.called for window in windows.values())
    mentions = select(CommentMention.comment_id).where(CommentMention.person_id == person.id)
    meant = or_(CommentEvent.kind == ASSIGNED, CommentEvent.comment_id.in_(mentions))
    return db.session.scalar(select(CommentEvent.id).where(CommentEvent.at > since, meant).limit(1)) is not None


def _mail(
    person: Person,
    said: rendering.RenderedDigest,
    windows: Mapping[int, DigestWindow],
    found: missed_activity.MissedActivity,
    moment: datetime,
) -> DigestMail:
    host = urlsplit(current_app.extensions["klimawerk"].public_url).hostname or "localhost"
    return DigestMail(
        person_id=person.id,
        message_id=f"<digest.{secrets.token_hex(16)}@{host}>",
        made_at=moment,
        next_try_at=moment,
        until=max(window.until for window in windows.values()),
        partnerships=sorted(found),
        covers=[one.id for some in found.values() for one in some],
        language=person.language,
        subject=said.subject,
        text=said.text,
        html=said.html,
    )


def _claim(choice: DigestChoice, rev: int, moment: datetime, whole: bool) -> bool:
    """Whether nobody else made this one meanwhile, and the person chose nothing else."""
    mine = update(DigestChoice).where(DigestChoice.person_id == choice.person_id, DigestChoice.rev == rev)
    due_at = choice.due_at
    if whole:
        due_at = next_due(choice.frequency, choice.hour, choice.weekday, choice.person.timezone, moment)
    done = db.session.execute(mine.values(rev=rev + 1, due_at=due_at).execution_options(synchronize_session=False))
    return bool(done.rowcount)  # type: ignore[attr-defined]


def _move(person: Person, windows: Mapping[int, DigestWindow], whole: bool) -> None:
    for key, window in windows.items():
        told = window.until if whole else window.told
        mark = db.session.get_one(DigestMark, (person.id, key))
        mark.told_until, mark.called_until = told, window.until
