"""Tables of partnerships: municipalities on two sides, memberships, joint requests."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from klimawerk.accounts.models import Person
from klimawerk.clock import UtcTime, now
from klimawerk.extensions import Model

SIDES = ("de", "partner")


class Partnership(Model):
    """`name` and `agreement["text"]` hold one text per language. `practice_of`: owner of a practice partnership."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    kind: Mapped[str] = mapped_column(String(40), default="")
    since: Mapped[int | None]
    agreement: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    practice_of: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime)
    municipalities: Mapped[list[Municipality]] = relationship(
        order_by="Municipality.position", back_populates="partnership", cascade="all, delete-orphan"
    )
    memberships: Mapped[list[Membership]] = relationship(
        order_by="Membership.id", back_populates="partnership", cascade="all, delete-orphan"
    )


class Municipality(Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    partnership_id: Mapped[int] = mapped_column(ForeignKey("partnership.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    side: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(120))
    country: Mapped[str] = mapped_column(String(2), default="")
    region: Mapped[str] = mapped_column(String(120), default="")
    population: Mapped[int | None]
    timezone: Mapped[str] = mapped_column(String(64), default="Europe/Berlin")
    language: Mapped[str] = mapped_column(String(8), default="de")
    profile: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    partnership: Mapped[Partnership] = relationship(back_populates="municipalities")


class Membership(Model):
    """A person's membership: side ("de", "partner", "neutral"), role (key of `rights.RIGHTS`), first and last day."""

    id: Mapped[int] = mapped_column(primary_key=True)
    partnership_id: Mapped[int] = mapped_column(ForeignKey("partnership.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    municipality_id: Mapped[int | None] = mapped_column(ForeignKey("municipality.id", ondelete="SET NULL"))
    side: Mapped[str] = mapped_column(String(10))
    role: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(8), default="en")
    timezone: Mapped[str] = mapped_column(String(64), default="Europe/Berlin")
    from_date: Mapped[date]
    to_date: Mapped[date | None]
    partnership: Mapped[Partnership] = relationship(back_populates="memberships")
    person: Mapped[Person] = relationship()
    municipality: Mapped[Municipality | None] = relationship()


class JointRequest(Model):
    """A request that needs a coordinator of each side: asked by one (of `side`), confirmed by one of the other.

    `kind` and its payload: "rate" {rate, date, remark}, "languages" {languages, lead}, "delete" {}.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    partnership_id: Mapped[int] = mapped_column(ForeignKey("partnership.id", ondelete="CASCADE"), index=True)
    programme_id: Mapped[int | None] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    side: Mapped[str] = mapped_column(String(10))
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    asked_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    answered_at: Mapped[datetime | None] = mapped_column(UtcTime)
    outcome: Mapped[str] = mapped_column(String(20), default="")
