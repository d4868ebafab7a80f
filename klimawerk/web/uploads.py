"""Limits on concurrent large uploads, per user and in total, since each takes memory and disk."""

from __future__ import annotations

from collections import Counter

from flask import current_app, g
from flask_babel import gettext as _
from werkzeug.exceptions import TooManyRequests

from klimawerk.web import localisation

LARGE_UPLOAD = 1_000_000  # bytes of a request
MOST_OF_PERSON, MOST = 2, 20
RETRY_AFTER = 10  # seconds


def running() -> Counter[object]:
    """The running large uploads to the current app, by person."""
    counts: Counter[object] = current_app.extensions.setdefault("uploads", Counter())
    return counts


def begin_upload() -> None:
    """Count the current request as a large upload until it ends. Raises TooManyRequests before the body is read."""
    if "upload_of" in g:
        return
    person_id = getattr(localisation.current_reader(), "id", None)
    counts = running()
    if counts[person_id] >= MOST_OF_PERSON or counts.total() >= MOST:
        message = _("Other large files are on their way. Send this one again when they have arrived.")
        raise TooManyRequests(message, retry_after=RETRY_AFTER)
    counts[person_id] += 1
    g.upload_of = person_id


def end_upload(_error: BaseException | None = None) -> None:
    """Release the upload's count; registered as teardown of every request."""
    if "upload_of" in g:
        person_id, counts = g.pop("upload_of"), running()
        counts[person_id] -= 1
        if not counts[person_id]:
            del counts[person_id]
