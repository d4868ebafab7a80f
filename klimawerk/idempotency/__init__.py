"""Idempotency keys: a form that is sent twice does its work once."""

from __future__ import annotations

from flask import Flask

from klimawerk.idempotency.forms import form_key, request_key
from klimawerk.idempotency.service import earlier, once

__all__ = ["earlier", "form_key", "init_app", "once"]


def init_app(app: Flask) -> None:
    """Give templates `request_key()`, the value of each creating form's hidden field."""
    app.add_template_global(request_key)
