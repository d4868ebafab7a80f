"""Large files on their way in: so many at a time of one person and of all, since each takes memory and disk."""

from __future__ import annotations

from collections import Counter

from flask import g
from flask_babel import gettext as _
from werkzeug.exceptions import TooManyRequests

from klimawerk.web import localisation

LARGE_UPLOAD = 1_000_000  # bytes of a request
MOST_OF_PERSON, MOST = 2, 20
RETRY_AFTER = 10  # seconds

_running: Counter[object] = Counter()


def begin_upload() -> None:
    """The request that is being read is a large one. Raises TooManyRequests before anything of it is read; its place
    is given back at its end."""
    if "upload_of" in g:
        return
    whose = getattr(localisation.current_reader(), "id", None)
    if _running[whose] >= MOST_OF_PERSON or _running.total() >= MOST:
        sentence = _("Other large files are on their way. Send this one again when they have arrived.")
        raise TooManyRequests(sentence, retry_after=RETRY_AFTER)
    _running[whose] += 1
    g.upload_of = whose


def end_upload(_error: BaseException | None = None) -> None:
    """At the end of any request."""
    if "upload_of" in g:
        whose = g.pop("upload_of")
        _running[whose] -= 1
        if not _running[whose]:
            del _running[whose]
