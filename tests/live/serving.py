"""The engine under gunicorn for tests of several processes: who somebody is comes from a header, all may edit."""

from __future__ import annotations

from flask import Flask

from klimawerk import create_app
from klimawerk.collab import access
from klimawerk.live import identity, topics
from tests.live import house


def make() -> Flask:
    app = create_app()
    identity.register(house._who)
    access.register(lambda person, _doc: house.editor(person))
    for kind in ("measure", "programme"):
        topics.register(kind, lambda _person, _number: True)
    return app
