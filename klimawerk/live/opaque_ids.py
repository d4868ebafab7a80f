"""Opaque ids of persons, which do not disclose their number."""

from __future__ import annotations

import hashlib
import hmac

from flask import current_app


def opaque_id(person_id: int, where: str) -> str:
    """16 hexadecimal digits: equal for all devices of a person in one place (`where`), different in every other
    place."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, f"{where}|{person_id}".encode(), hashlib.sha256).hexdigest()[:16]
