"""Idempotency keys: a form that is sent twice takes effect once. See README.md."""

from __future__ import annotations

from flask import Flask

from klimawerk.idempotency.forms import form_key, request_key
from klimawerk.idempotency.service import earlier, once

__all__ = ["earlier", "form_key", "init_app", "once"]


def init_app(app: Flask) -> None:
    """Register the template function `request_key()` for the hidden field of forms that create something."""
    app.add_template_global(request_key)
