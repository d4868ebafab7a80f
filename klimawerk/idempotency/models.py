"""Requests that created something, so that the same request sent again gets the same answer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from klimawerk.clock import UtcTime, now
from klimawerk.extensions import Model


class CompletedRequest(Model):
    """One request that was carried out. `digest` names it (SHA-256, hex); `result` is what `once` answered.

    It holds nobody's name and nothing that was typed, and goes after `service.KEPT`.
    """

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    result: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime] = mapped_column(UtcTime, default=now, index=True)
