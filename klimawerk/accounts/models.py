"""Tables of accounts: people, server-side sessions, expiring links, the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from klimawerk.clock import UtcTime, now
from klimawerk.extensions import Model


class Person(Model):
    """An account. `email` is stored in lower case; one field for the full name, no first and last name.

    `confirmed_at`: when it was proved that the address is this person's; None for an account that was made with a link
    shown to another person. An address has at most one confirmed account, and any number of unconfirmed ones.
    `erased_at`: the row stays for its id, without name, address and password; shown as "Former member"
    (`person_names.py`).
    """

    __table_args__ = (
        Index(
            "uq_person_email_confirmed",
            "email",
            unique=True,
            sqlite_where=text("confirmed_at IS NOT NULL"),
            postgresql_where=text("confirmed_at IS NOT NULL"),
        ),
        Index("ix_person_email", "email"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    language: Mapped[str] = mapped_column(String(8), default="en")
    timezone: Mapped[str] = mapped_column(String(64), default="Europe/Berlin")
    operator: Mapped[bool] = mapped_column(default=False)
    demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcTime, default=now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    erased_at: Mapped[datetime | None] = mapped_column(UtcTime)


class FormerName(Model):
    """A former name of the person: others may have mentioned them by it, and erasing has to find it."""

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(120), primary_key=True)


class Login(Model):
    """A server-side session. The cookie holds a random id, the database only its SHA-256."""

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    person: Mapped[Person | None] = relationship()


class Link(Model):
    """An expiring single-use link. The database holds only the token's SHA-256.

    `purpose` is "reset" or "confirm" (person_id set), or "invitation" (payload: partnership_id, side, role,
    municipality_id, language, email, name). payload["mailed"]: it was mailed to the address and not shown to
    anyone else, so that its bearer can read that mailbox.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[str] = mapped_column(String(20))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    partnership_id: Mapped[int | None] = mapped_column(ForeignKey("partnership.id", ondelete="CASCADE"))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)


class AuditEntry(Model):
    """An entry of the audit log: sign-ins, rights and deletions, for the operator; no content, no secrets."""

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcTime, default=now, index=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    action: Mapped[str] = mapped_column(String(60))
    partnership_id: Mapped[int | None]
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
