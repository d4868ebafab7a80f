"""The door of every client event: who is it, not too fast, well-formed; and an answer in every case."""

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
COMMIT_TIMEOUT = 10.0  # seconds until a wish that waits for the disk is answered with "unavailable"


class EventRefused(Exception):
    """A client's wish that is not granted; `code` is one of the error codes in events.py."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class EventReply:
    """The answer to one wish: given once, now or later."""

    def __init__(self, say: Respond) -> None:
        self._say: Respond | None = say

    def ok(self, **more: Any) -> None:
        self._give({"ok": True, **more})

    def no(self, code: str) -> None:
        self._give(_error(code))

    def _give(self, payload: Payload) -> None:
        say, self._say = self._say, None
        if say is not None:
            say(payload)


LightHandler = Callable[[OpenPage, Payload, EventReply], None]
LightEndpoint = Callable[[str, Any, Respond], None]


def add_handler(
    app: Flask,
    server: Any,
    pages: OpenPages,
    event: str,
    handler: Handler,
    weigh: Callable[[Payload], float] = lambda _payload: 1.0,
) -> None:
    """Answer `event` with what `handler` returns, and "ok"; without a request context, so no session is loaded.

    `weigh`: as how many ordinary messages one counts.
    """

    def door(sid: str, payload: Any = None, *_more: Any) -> Payload:
        page = pages.get(sid)
        if page is None:
            return _error(events.LOGIN_REQUIRED)
        refused = _refusal(pages, page, payload, weigh)
        return _error(refused) if refused else _answer(app, event, handler, page, payload)

    server.on(event, door)


def add_light_handler(server: Any, pages: OpenPages, event: str, handler: LightHandler) -> LightEndpoint:
    """The same for what comes with every letter: without the app's context, which `handler` enters by itself where it
    asks the database, and without anybody who waits for the answer. Returns what the short way calls (fast_path.py);
    on the long way, of long-polling, somebody does wait."""

    def light(sid: str, payload: Any, say: Respond) -> None:
        page, reply = pages.get(sid), EventReply(say)
        if page is None:
            reply.no(events.LOGIN_REQUIRED)
        elif refused := _refusal(pages, page, payload, _once):
            reply.no(refused)
        else:
            _call_light_handler(event, handler, page, payload, reply)

    def door(sid: str, payload: Any = None, *_more: Any) -> Payload:
        answers: list[Payload] = []
        answered = threading.Event()

        def say(answer: Payload) -> None:
            answers.append(answer)
            answered.set()

        light(sid, payload, say)
        return answers[0] if answered.wait(COMMIT_TIMEOUT) else _error(events.UNAVAILABLE)

    server.on(event, door)
    return light


def _once(_payload: Payload) -> float:
    return 1.0


def _refusal(pages: OpenPages, page: OpenPage, payload: Any, weigh: Callable[[Payload], float]) -> str:
    """Why the wish is not even looked at; empty when it is."""
    if (
        not isinstance(payload, dict)
        or any(contains_nesting(value) for value in payload.values())
        or not is_all_text(payload)
    ):
        return events.INVALID
    return "" if pages.may_speak(page, _size(payload), weigh(payload)) else events.RATE


def _call_light_handler(event: str, handler: LightHandler, page: OpenPage, payload: Payload, reply: EventReply) -> None:
    try:
        with pycrdt_errors.panics_as_exceptions():
            handler(page, payload, reply)
    except EventRefused as refusal:
        reply.no(refusal.code)
    except Exception:
        log.exception("%s could not be answered", event)
        reply.no(events.UNAVAILABLE)


def _answer(app: Flask, event: str, handler: Handler, page: OpenPage, payload: Payload) -> Payload:
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


def require_text(payload: Payload, key: str, longest: int, default: str | None = None) -> str:
    """A text of at most `longest` characters; Refused("invalid") for anything else."""
    value = payload.get(key, default)
    if not isinstance(value, str) or len(value) > longest:
        raise EventRefused(events.INVALID)
    return value
