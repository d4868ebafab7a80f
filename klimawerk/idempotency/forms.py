"""The hidden field of a form that creates something, and the key of the request that comes back with it."""

from __future__ import annotations

import hashlib
import json
import secrets

from flask import g, request

from klimawerk.accounts.access import signed_in

FIELD = "request_key"
LONGEST = 200  # characters of a key; the rest is ignored
_NOT_CONTENT = {"csrf_token"}


def request_key() -> str:
    """A random value for the hidden field; the same for all forms of one page, since each form has its own address."""
    if "request_key" not in g:
        g.request_key = secrets.token_urlsafe(6)
    return str(g.request_key)


def form_key(name: str = FIELD) -> str | None:
    """The idempotency key of the form that is being handled, by its field `name`; None for a form without the field.

    It covers who sends it, the address and everything that was filled in, so that a form whose content was changed
    before it is sent again is another request and nothing of it is lost.
    """
    sent = request.form.get(name, "")[:LONGEST]
    if not sent:
        return None
    content = [[name, value] for name, value in request.form.items(multi=True) if name not in _NOT_CONTENT]
    parts = [signed_in().id, request.path, sent, content]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
