"""A comment in the reader's language, by a service of the operator's own that speaks LibreTranslate's API.

Off unless `KLIMAWERK_TRANSLATE_URL` is set. Only the words and the two languages are sent. The original always stands
first; what the machine made of it is kept, so nobody waits for it twice.
"""

from __future__ import annotations

import http.client
import json
import logging
import ssl
import time
from collections.abc import Iterable
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import delete, select

from klimawerk import safe_json
from klimawerk.comments.models import Comment, CommentTranslation
from klimawerk.database import add_missing, writing
from klimawerk.extensions import db
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.text import clean

log = logging.getLogger(__name__)
CONNECT, TOTAL_TIMEOUT = 3.0, 15.0  # seconds
LARGEST = 200_000  # bytes of an answer


class TranslationUnavailable(Exception):
    """The service gave no translation; the text says why, without what was to be translated."""


def is_available() -> bool:
    """Whether the operator has set up a service."""
    return bool(current_app.extensions["klimawerk"].translate_url)


def translate(comment: Comment, language: str) -> None:
    """Have the comment in that language kept. Raises Refused with one calm sentence when there is none to be had.

    The service is asked outside of any transaction.
    """
    id_, words, source = comment.id, comment.words, comment.language
    if comment.deleted_at is not None or source == language or stored_translations([id_], language):
        return
    db.session.rollback()
    try:
        made = _request_translation(words, source, language)
    except TranslationUnavailable as problem:
        log.warning("comment %s was not translated: %s", id_, problem)
        raise ActionRefused(_("There is no translation at the moment. Please try again later.")) from None
    with writing() as session:
        # Kept until the commit: whoever edits it at this moment takes the translation away afterwards, or was before.
        now = session.get(Comment, id_, populate_existing=True, with_for_update=True)
        if now is not None and now.words == words:
            add_missing(CommentTranslation, comment_id=id_, language=language, words=made)


def stored_translations(comment_ids: Iterable[int], language: str) -> dict[int, str]:
    """{comment: its translation}, of those that there are."""
    if not is_available():
        return {}
    query = select(CommentTranslation.comment_id, CommentTranslation.words)
    wanted = CommentTranslation.comment_id.in_(list(comment_ids)), CommentTranslation.language == language
    return dict(db.session.execute(query.where(*wanted)).all())


def delete_translations(comment_id: int) -> None:
    """The comment says something else now, or nothing any more. Inside `writing()`."""
    db.session.execute(delete(CommentTranslation).where(CommentTranslation.comment_id == comment_id))


def _request_translation(words: str, source: str, target: str) -> str:
    config = current_app.extensions["klimawerk"]
    question = {"q": words, "source": source, "target": target, "format": "text"}
    if config.translate_key:
        question["api_key"] = config.translate_key
    try:
        answer = safe_json.loads(_post(f"{config.translate_url}/translate", json.dumps(question).encode()))
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise TranslationUnavailable(type(problem).__name__) from None
    made = answer.get("translatedText") if isinstance(answer, dict) else None
    if not isinstance(made, str) or not clean(made).strip():
        raise TranslationUnavailable("the answer holds no translation")
    return clean(made)


def _post(address: str, body: bytes) -> bytes:
    """One request: no redirects, no proxies, an answer of bounded size within a bounded time."""
    parts, end = urlsplit(address), time.monotonic() + TOTAL_TIMEOUT
    line: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        line = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=CONNECT, context=context)
    else:
        line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=CONNECT)
    try:
        line.connect()
        line.sock.settimeout(TOTAL_TIMEOUT)
        line.request("POST", parts.path, body, {"Content-Type": "application/json", "Accept": "application/json"})
        answer = line.getresponse()
        if answer.status != 200:
            raise TranslationUnavailable(f"status {answer.status}")
        return _read(answer, line, end)
    finally:
        line.close()


def _read(answer: http.client.HTTPResponse, line: http.client.HTTPConnection, end: float) -> bytes:
    found = b""
    while piece := answer.read1(65_536):
        found += piece
        left = end - time.monotonic()
        if len(found) > LARGEST or left <= 0:
            raise TranslationUnavailable("too large" if left > 0 else "too slow")
        if line.sock is not None:
            line.sock.settimeout(left)
    return found
