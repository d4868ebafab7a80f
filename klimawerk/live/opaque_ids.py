"""Names that stand for a person without giving their number away."""

from __future__ import annotations

import hashlib
import hmac

from flask import current_app


def opaque_id(person_id: int, where: str) -> str:
    """The same for a person's devices in one place, different in every other place; 16 hex digits."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, f"{where}|{person_id}".encode(), hashlib.sha256).hexdigest()[:16]
