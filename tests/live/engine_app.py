"""The engine under gunicorn for tests of several processes: identity comes from a header, everyone may edit."""

from __future__ import annotations

from flask import Flask

from klimawerk import create_app
from tests.live import engine_server


def make() -> Flask:
    app = create_app()
    engine_server.replace_domains(
        app, lambda person, _doc: engine_server.editor(person), lambda _kind, _person, _number: True
    )
    return app
