"""The engine under gunicorn for tests of several processes: identity comes from a header, everyone may edit."""

from __future__ import annotations

from flask import Flask

from klimawerk import create_app
from klimawerk.collab import access
from klimawerk.live import identity, topic_access
from tests.live import engine_server


def make() -> Flask:
    app = create_app()
    identity.register(engine_server._who)
    access.register(lambda person, _doc: engine_server.editor(person))
    for kind in ("measure", "programme"):
        topic_access.register(kind, lambda _person, _number: True)
    return app
