"""Health check for the launcher, the proxy and monitoring: whether this process and its database answer."""

from __future__ import annotations

import logging

from flask import Blueprint, Flask
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from klimawerk.config import VERSION
from klimawerk.extensions import db

blueprint = Blueprint("health", __name__)
log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)


@blueprint.get("/healthz")
def show() -> tuple[dict[str, object], int]:
    """200 with `{"ok": true, "version"}`, or 503 with `{"ok": false, "error"}` when the database does not answer."""
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        log.exception("the database does not answer")
        return {"ok": False, "version": VERSION, "error": "database"}, 503
    return {"ok": True, "version": VERSION}, 200
