"""Templates that yield to the event loop while they are rendered: a long page takes a tenth of a second. Compiling them
takes longer, so the server does that when it starts, not for its first readers."""

from __future__ import annotations

import logging
from itertools import islice
from typing import Any

from flask import Flask
from jinja2 import Template

from klimawerk.cooperative import yield_to_loop
from klimawerk.database import yield_if_due

log = logging.getLogger(__name__)

PIECES = 20  # rendered between two looks at the clock; together a fraction of a millisecond


class CooperativeTemplate(Template):
    """A Jinja template that is rendered piece by piece, with the same result."""

    def render(self, *args: Any, **kwargs: Any) -> str:
        pieces: list[str] = []
        rendering = iter(self.generate(*args, **kwargs))
        while some := list(islice(rendering, PIECES)):
            pieces += some
            yield_if_due()
        return "".join(pieces)


def start_compiling(app: Flask) -> None:
    """Compile all templates in the background, whenever the event loop has nothing more urgent."""
    app.extensions["live"].server.start_background_task(compile_all, app)


def compile_all(app: Flask) -> None:
    """Compile all templates; one that cannot be compiled is logged and left to the page that needs it."""
    for name in app.jinja_env.list_templates():
        try:
            app.jinja_env.get_template(name)
        except Exception:
            log.exception("the template %s could not be compiled", name)
        yield_to_loop()
