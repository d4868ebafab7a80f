"""Pages that a browser fetches before anybody asked for them."""

from __future__ import annotations

from flask import request


def is_prefetch() -> bool:
    """Whether nobody may ever look at the answer: it was fetched in case it is wanted."""
    return "prefetch" in request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
