"""The table of completed requests: a request that is sent again gets its first result."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from klimawerk.clock import UtcTime, now
from klimawerk.extensions import Model


class CompletedRequest(Model):
    """One completed request. `digest`: its idempotency key (SHA-256, hex); `result`: what `once` returned.

    The row holds no name and nothing that was typed. It is deleted after `service.KEPT`.
    """

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    result: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime] = mapped_column(UtcTime, default=now, index=True)
