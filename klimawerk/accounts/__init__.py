"""People, their logins and links, and the record of who signed in and who changed rights."""

from __future__ import annotations

from flask import Flask

from klimawerk.accounts import pages, routes, sessions
from klimawerk.accounts.access import current_person
from klimawerk.web.places import know_reader


def init_app(app: Flask) -> None:
    sessions.init_app(app)
    pages.init_app(app)
    app.register_blueprint(routes.blueprint)
    app.context_processor(lambda: {"person": current_person()})
    know_reader(app, current_person)
