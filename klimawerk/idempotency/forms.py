"""Idempotency keys of forms: the value of the hidden field, and the key computed from a submitted form."""

from __future__ import annotations

import hashlib
import json
import secrets

from flask import g, request

from klimawerk.accounts.access import signed_in

FIELD = "request_key"
MAX_VALUE_LENGTH = 200  # characters of the hidden field that count; the rest is ignored
_EXCLUDED_FIELDS = {"csrf_token"}


def request_key() -> str:
    """A random value for the hidden field; one per request, since the path of each form is part of its key."""
    if "request_key" not in g:
        g.request_key = secrets.token_urlsafe(6)
    return str(g.request_key)


def form_key(name: str = FIELD) -> str | None:
    """The idempotency key of the submitted form, from its hidden field `name`; None for a form without that field.

    A SHA-256 digest (hex) of the user, the path, the field and everything that was filled in. A form that is changed
    before it is sent again is therefore a new request, and nothing of it is lost.
    """
    field_value = request.form.get(name, "")[:MAX_VALUE_LENGTH]
    if not field_value:
        return None
    content = [[name, value] for name, value in request.form.items(multi=True) if name not in _EXCLUDED_FIELDS]
    parts = [signed_in().id, request.path, field_value, content]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
