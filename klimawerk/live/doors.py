"""The door of every client event: who is it, not too fast, well-formed; and an answer in every case."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from flask import Flask

from klimawerk import panics
from klimawerk.live import events
from klimawerk.live.pages import Page, Pages
from klimawerk.live.speech import nested

log = logging.getLogger(__name__)
Payload = dict[str, Any]
Handler = Callable[[Page, Payload], Payload | None]


class Refused(Exception):
    """A client's wish that is not granted; `code` is one of the error codes in events.py."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def open_door(
    app: Flask,
    server: Any,
    pages: Pages,
    event: str,
    handler: Handler,
    weigh: Callable[[Payload], float] = lambda _payload: 1.0,
    *,
    light: bool = False,
) -> None:
    """Answer `event` with what `handler` returns, and "ok"; without a request context, so no session is loaded.

    `weigh`: as how many ordinary messages one counts. `light`: without the app's context either, for what comes with
    every letter; such a handler enters it by itself where it asks the database.
    """
    surroundings = nullcontext if light else app.app_context

    def door(sid: str, payload: Any = None, *_more: Any) -> Payload:
        page = pages.get(sid)
        if page is None:
            return _no(events.LOGIN_REQUIRED)
        if not isinstance(payload, dict):
            return _no(events.INVALID)
        if any(nested(value) for value in payload.values()):
            return _no(events.INVALID)
        if not pages.may_speak(page, _size(payload), weigh(payload)):
            return _no(events.RATE)
        return _answer(surroundings, event, handler, page, payload)

    server.on(event, door)


def _answer(
    surroundings: Callable[[], AbstractContextManager[object]],
    event: str,
    handler: Handler,
    page: Page,
    payload: Payload,
) -> Payload:
    try:
        with panics.as_exception(), surroundings():
            return {"ok": True, **(handler(page, payload) or {})}
    except Refused as refusal:
        return _no(refusal.code)
    except Exception:
        log.exception("%s could not be answered", event)
        return _no(events.UNAVAILABLE)


def _no(code: str) -> Payload:
    return {"ok": False, "error": code}


def _size(payload: Payload) -> int:
    return 50 + sum(len(value) for value in payload.values() if isinstance(value, str | list))


def text(payload: Payload, key: str, longest: int, default: str | None = None) -> str:
    """A text of at most `longest` characters; Refused("invalid") for anything else."""
    value = payload.get(key, default)
    if not isinstance(value, str) or len(value) > longest:
        raise Refused(events.INVALID)
    return value
