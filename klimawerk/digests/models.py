"""Database tables: digest preferences, marks up to when people were informed, and the mails."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from klimawerk.accounts.models import Person
from klimawerk.clock import UtcTime, now
from klimawerk.extensions import Model

AT_ONCE, DAILY, WEEKLY, NEVER = "at_once", "daily", "weekly", "never"
FREQUENCIES = (AT_ONCE, DAILY, WEEKLY, NEVER)

WAITING, SENDING, SENT, FAILED, DROPPED = "waiting", "sending", "sent", "failed", "dropped"


class DigestChoice(Model):
    """A person's preference: `hour` (0 to 23) and `weekday` (0 is Monday) in the time zone of their account.

    `due_at`: when the next digest is due. `before`: the frequency before they unsubscribed, to be restored. `rev`
    counts digests that were built and changes of the preference; a digest is built only if it is still the number that
    was read.
    """

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    frequency: Mapped[str] = mapped_column(String(10), default=DAILY)
    weekday: Mapped[int] = mapped_column(default=0)
    hour: Mapped[int] = mapped_column(default=7)
    before: Mapped[str] = mapped_column(String(10), default="")
    due_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    rev: Mapped[int] = mapped_column(default=0)
    person: Mapped[Person] = relationship()


class DigestMark(Model):
    """Up to when a person was informed of a partnership; `called_until`: the same for mentions and tasks."""

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    partnership_id: Mapped[int] = mapped_column(ForeignKey("partnership.id", ondelete="CASCADE"), primary_key=True)
    told_until: Mapped[datetime] = mapped_column(UtcTime)
    called_until: Mapped[datetime] = mapped_column(UtcTime)


class DigestMail(Model):
    """One mail. `message_id` is made with it and stays the same in all attempts; `covers` lists its activities.

    `state`: "waiting", "sending" (a process claimed it at `claimed_at` under the name `claim`; if that process died, it
    is in doubt whether the mail was sent), "sent", "failed" (given up), "dropped" (not to be sent any more). Its
    content is stored until it is sent or dropped. `error` holds no secrets.
    """

    __table_args__ = (Index("ix_digest_mail_due", "state", "next_try_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    until: Mapped[datetime] = mapped_column(UtcTime)
    partnerships: Mapped[list[int]] = mapped_column(JSON, default=list)
    covers: Mapped[list[str]] = mapped_column(JSON, default=list)
    language: Mapped[str] = mapped_column(String(8))
    subject: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default=WAITING)
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    claim: Mapped[str] = mapped_column(String(32), default="")
    claimed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcTime)
    error: Mapped[str] = mapped_column(String(300), default="")
    person: Mapped[Person] = relationship()


def new_claim() -> str:
    """A random name under which one process claims one mail."""
    return secrets.token_hex(16)
