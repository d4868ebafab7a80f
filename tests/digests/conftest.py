"""Fixture: members of both sides, a mail server, and sending rounds at moments chosen by the test."""

from __future__ import annotations

import dataclasses
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select, update

from klimawerk.accounts.models import Person
from klimawerk.comments import service
from klimawerk.comments.models import Comment, CommentEvent, Thread
from klimawerk.comments.service import CommentInput, ThreadSubject
from klimawerk.database import writing
from klimawerk.digests import preferences, sending
from klimawerk.digests.models import DigestMail, DigestMark
from klimawerk.extensions import db
from klimawerk.measures.models import Measure
from klimawerk.partnerships.access import Member, member_of
from klimawerk.programmes.models import Programme
from tests import factories
from tests.factories import Team
from tests.mailbox import Mailbox

BERLIN, ACCRA = ZoneInfo("Europe/Berlin"), ZoneInfo("Africa/Accra")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""A Tuesday; Berlin's clock shows 13:00, Accra's 12:00."""


def clock(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    """The moment at which the clock in `zone` shows `text` ("2026-11-25 07:00")."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@dataclass
class DigestMailing:
    """A measure, members who comment on it, and the mails that the server received."""

    team: Team
    programme: Programme
    measure: Measure
    box: Mailbox
    app: Flask
    keys: list[str] = field(default_factory=list)

    def person(self, role: str = "editor", side: str = "de") -> Person:
        people: dict[str, Person] = getattr(self.team, side)
        return people[role]

    def member(self, person: Person) -> Member:
        member = member_of(person, self.team.partnership.id)
        assert member is not None
        return member

    def comment(
        self, person: Person, words: str, at: datetime, *, thread: int = 0, side: str = "", kind: str = "question"
    ) -> Comment:
        """Open a thread, or reply in one, at that moment."""
        comment_input, member = CommentInput(words, person.language, str(uuid.uuid4())), self.member(person)
        if thread:
            existing = db.session.get_one(Thread, thread)
            comment = service.reply(existing, comment_input, by=member)
        else:
            comment = service.open_thread(
                self.measure, comment_input, kind=kind, side=side, subject=ThreadSubject(), by=member
            )
        with writing():
            db.session.execute(update(Comment).where(Comment.id == comment.id).values(at=at))
            db.session.execute(update(CommentEvent).where(CommentEvent.comment_id == comment.id).values(at=at))
        return db.session.get_one(Comment, comment.id, populate_existing=True)

    def send_due(self, at: datetime) -> Counter[str]:
        """One round of sending at that moment, as from cron."""
        return sending.send_due(at)

    def choose(self, person: Person, frequency: str, hour: int = 7, weekday: int = 0, at: datetime = NOON) -> None:
        preferences.set_preference(person, frequency=frequency, hour=hour, weekday=weekday, moment=at)

    def mails_to(self, person: Person) -> list[EmailMessage]:
        """The mails to this person."""
        return [message for message in self.box.messages if message["To"] == person.email]

    @property
    def mails(self) -> list[DigestMail]:
        db.session.rollback()
        db.session.expire_all()
        return list(db.session.scalars(select(DigestMail).order_by(DigestMail.id)))

    def disable_others(self, *people: Person) -> None:
        """Disable the mails of all others."""
        for person in self.team.everybody():
            if person not in people:
                self.choose(person, "never")


def with_mail(app: Flask, url: str | None) -> None:
    """Configure the app to send to that server."""
    app.extensions["klimawerk"] = dataclasses.replace(app.extensions["klimawerk"], smtp_url=url)


def words(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


@pytest.fixture
def mailing(app: Flask, smtp: Mailbox) -> DigestMailing:
    """All are informed up to `NOON`, a Tuesday."""
    with_mail(app, smtp.url)
    team = factories.partnership("Wiesenbrück", "Abenkrom")
    programme = factories.programme(team)
    preferences.mark_new_memberships(NOON)
    with writing():
        db.session.execute(update(DigestMark).values(told_until=NOON, called_until=NOON))
    return DigestMailing(team, programme, factories.measure(programme), smtp, app)


def later(moment: datetime, **more: float) -> datetime:
    return moment + timedelta(**more)
