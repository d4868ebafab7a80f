"""Machine translation of comments, by a service of the operator with LibreTranslate's API.

Off unless `KLIMAWERK_TRANSLATE_URL` is set. Only the text and the two languages are sent. The original is always shown
first. Translations are stored, so each is requested once.
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
LARGEST = 200_000  # bytes of a response


class TranslationUnavailable(Exception):
    """The service returned no translation; the message gives the reason, without the text."""


def is_available() -> bool:
    """Whether the operator has configured a service."""
    return bool(current_app.extensions["klimawerk"].translate_url)


def translate(comment: Comment, language: str) -> None:
    """Store a translation of the comment into that language. Raises ActionRefused if the service returns none.

    The service is called outside of any transaction.
    """
    id_, text, source = comment.id, comment.words, comment.language
    if comment.deleted_at is not None or source == language or stored_translations([id_], language):
        return
    db.session.rollback()
    try:
        translated = _request_translation(text, source, language)
    except TranslationUnavailable as problem:
        log.warning("comment %s was not translated: %s", id_, problem)
        raise ActionRefused(_("There is no translation at the moment. Please try again later.")) from None
    with writing() as session:
        # Locked until the commit: a concurrent edit either came before, or deletes the translation afterwards.
        current = session.get(Comment, id_, populate_existing=True, with_for_update=True)
        if current is not None and current.words == text:
            add_missing(CommentTranslation, comment_id=id_, language=language, words=translated)


def stored_translations(comment_ids: Iterable[int], language: str) -> dict[int, str]:
    """Stored translations by the comment's id."""
    if not is_available():
        return {}
    query = select(CommentTranslation.comment_id, CommentTranslation.words)
    wanted = CommentTranslation.comment_id.in_(list(comment_ids)), CommentTranslation.language == language
    return dict(db.session.execute(query.where(*wanted)).all())


def delete_translations(comment_id: int) -> None:
    """Delete the translations of a comment whose text changes. Inside `writing()`."""
    db.session.execute(delete(CommentTranslation).where(CommentTranslation.comment_id == comment_id))


def _request_translation(text: str, source: str, target: str) -> str:
    config = current_app.extensions["klimawerk"]
    payload = {"q": text, "source": source, "target": target, "format": "text"}
    if config.translate_key:
        payload["api_key"] = config.translate_key
    try:
        answer = safe_json.loads(_post(f"{config.translate_url}/translate", json.dumps(payload).encode()))
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise TranslationUnavailable(type(problem).__name__) from None
    translated = answer.get("translatedText") if isinstance(answer, dict) else None
    if not isinstance(translated, str) or not clean(translated).strip():
        raise TranslationUnavailable("the answer holds no translation")
    return clean(translated)


def _post(address: str, body: bytes) -> bytes:
    """One request: no redirects, no proxies, a response of bounded size within a bounded time."""
    parts, deadline = urlsplit(address), time.monotonic() + TOTAL_TIMEOUT
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=CONNECT, context=context)
    else:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=CONNECT)
    try:
        connection.connect()
        connection.sock.settimeout(TOTAL_TIMEOUT)
        connection.request("POST", parts.path, body, {"Content-Type": "application/json", "Accept": "application/json"})
        response = connection.getresponse()
        if response.status != 200:
            raise TranslationUnavailable(f"status {response.status}")
        return _read_body(response, connection, deadline)
    finally:
        connection.close()


def _read_body(response: http.client.HTTPResponse, connection: http.client.HTTPConnection, deadline: float) -> bytes:
    body = b""
    while piece := response.read1(65_536):
        body += piece
        remaining = deadline - time.monotonic()
        if len(body) > LARGEST or remaining <= 0:
            raise TranslationUnavailable("too large" if remaining > 0 else "too slow")
        if connection.sock is not None:
            connection.sock.settimeout(remaining)
    return body
