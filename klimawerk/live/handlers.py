"""Event handlers: every client event is checked (signed in, rate limit, form) and answered, also after an error."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from flask import Flask

from klimawerk import pycrdt_errors
from klimawerk.live import events
from klimawerk.live.open_pages import OpenPage, OpenPages
from klimawerk.live.packet_filter import contains_nesting
from klimawerk.text import is_all_text

log = logging.getLogger(__name__)
Payload = dict[str, Any]
Handler = Callable[[OpenPage, Payload], Payload | None]
Respond = Callable[[Payload], None]
COMMIT_TIMEOUT = 10.0  # seconds until a request that waits for the disk is answered with "unavailable"


class EventRefused(Exception):
    """The client's request is refused; `code` is one of the error codes in events.py."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class EventReply:
    """The answer to one request, given once, now or later."""

    def __init__(self, respond: Respond) -> None:
        self._respond: Respond | None = respond

    def ok(self, **more: Any) -> None:
        self._answer_once({"ok": True, **more})

    def refuse(self, code: str) -> None:
        self._answer_once(_error(code))

    def _answer_once(self, payload: Payload) -> None:
        respond, self._respond = self._respond, None
        if respond is not None:
            respond(payload)


LightHandler = Callable[[OpenPage, Payload, EventReply], None]
LightEndpoint = Callable[[str, Any, Respond], None]


def add_handler(
    app: Flask,
    server: Any,
    pages: OpenPages,
    event: str,
    handler: Handler,
    message_cost: Callable[[Payload], float] = lambda _payload: 1.0,
) -> None:
    """Answer `event` with what `handler` returns, and "ok". Without a request context, so no session is loaded.

    `message_cost`: as how many ordinary messages a payload counts for the rate limit.
    """

    def socketio_handler(sid: str, payload: Any = None, *_more: Any) -> Payload:
        page = pages.get(sid)
        if page is None:
            return _error(events.LOGIN_REQUIRED)
        refused = _refusal(pages, page, payload, message_cost)
        return _error(refused) if refused else _call_handler(app, event, handler, page, payload)

    server.on(event, socketio_handler)


def add_light_handler(server: Any, pages: OpenPages, event: str, handler: LightHandler) -> LightEndpoint:
    """`add_handler` for keystrokes and carets: without an app context, which `handler` enters where it needs the
    database, and without a greenlet that waits for the answer. Returns the endpoint for the fast path (`fast_path.py`).
    With long-polling the event comes through Socket.IO, whose greenlet waits."""

    def endpoint(sid: str, payload: Any, respond: Respond) -> None:
        page, reply = pages.get(sid), EventReply(respond)
        if page is None:
            reply.refuse(events.LOGIN_REQUIRED)
        elif error := _refusal(pages, page, payload, _single_cost):
            reply.refuse(error)
        else:
            _call_light_handler(event, handler, page, payload, reply)

    def socketio_handler(sid: str, payload: Any = None, *_more: Any) -> Payload:
        answers: list[Payload] = []
        answered = threading.Event()

        def respond(answer: Payload) -> None:
            answers.append(answer)
            answered.set()

        endpoint(sid, payload, respond)
        return answers[0] if answered.wait(COMMIT_TIMEOUT) else _error(events.UNAVAILABLE)

    server.on(event, socketio_handler)
    return endpoint


def _single_cost(_payload: Payload) -> float:
    return 1.0


def _refusal(pages: OpenPages, page: OpenPage, payload: Any, message_cost: Callable[[Payload], float]) -> str:
    """The error code of a payload that is not handled at all; empty when it is."""
    if (
        not isinstance(payload, dict)
        or any(contains_nesting(value) for value in payload.values())
        or not is_all_text(payload)
    ):
        return events.INVALID
    return "" if pages.may_send(page, _size(payload), message_cost(payload)) else events.RATE


def _call_light_handler(event: str, handler: LightHandler, page: OpenPage, payload: Payload, reply: EventReply) -> None:
    try:
        with pycrdt_errors.panics_as_exceptions():
            handler(page, payload, reply)
    except EventRefused as refusal:
        reply.refuse(refusal.code)
    except Exception:
        log.exception("%s could not be answered", event)
        reply.refuse(events.UNAVAILABLE)


def _call_handler(app: Flask, event: str, handler: Handler, page: OpenPage, payload: Payload) -> Payload:
    try:
        with pycrdt_errors.panics_as_exceptions(), app.app_context():
            return {"ok": True, **(handler(page, payload) or {})}
    except EventRefused as refusal:
        return _error(refusal.code)
    except Exception:
        log.exception("%s could not be answered", event)
        return _error(events.UNAVAILABLE)


def _error(code: str) -> Payload:
    return {"ok": False, "error": code}


def _size(payload: Payload) -> int:
    return 50 + sum(len(value) for value in payload.values() if isinstance(value, str | list))


def require_text(payload: Payload, key: str, max_length: int, default: str | None = None) -> str:
    """A text of at most `max_length` characters; EventRefused("invalid") for anything else."""
    value = payload.get(key, default)
    if not isinstance(value, str) or len(value) > max_length:
        raise EventRefused(events.INVALID)
    return value
