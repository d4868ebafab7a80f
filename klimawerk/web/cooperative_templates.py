"""Templates that yield to the event loop while they are rendered: a long page takes a tenth of a second."""

from __future__ import annotations

from typing import Any

from jinja2 import Template

from klimawerk.database import yield_if_due


class CooperativeTemplate(Template):
    """A Jinja template that is rendered piece by piece, with the same result."""

    def render(self, *args: Any, **kwargs: Any) -> str:
        pieces = []
        for piece in self.generate(*args, **kwargs):
            pieces.append(piece)
            yield_if_due()
        return "".join(pieces)
