"""Templates that yield to the event loop while they are rendered: a long page takes a tenth of a second."""

from __future__ import annotations

from itertools import islice
from typing import Any

from jinja2 import Template

from klimawerk.database import yield_if_due

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
