"""Detection of prefetch requests, which a browser sends before the user follows a link."""

from __future__ import annotations

from flask import request


def is_prefetch() -> bool:
    """Whether the request is a prefetch, whose response the user may never see."""
    return "prefetch" in request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
