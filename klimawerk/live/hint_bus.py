"""Hints from process to process. A lost hint loses nothing: whoever needs to be sure looks at the database."""

from __future__ import annotations

import json
import logging
import queue
import secrets
import time
from collections.abc import Callable
from typing import Any

import redis

from klimawerk import safe_json

log = logging.getLogger(__name__)
CHANNEL = "klimawerk-hints"
MAX_QUEUED_HINTS = 10_000  # hints that may wait
Hint = dict[str, Any]


class HintBus:
    """Publishes small JSON hints to all other processes; without a message queue there are none, and it is silent.

    Once started, hints leave in a thread of their own: a slow queue holds up nobody.
    """

    def __init__(self, url: str | None, spawn: Callable[[Callable[[], None]], object]) -> None:
        self._spawn = spawn
        self._me = secrets.token_hex(8)
        self._client = redis.Redis.from_url(url, socket_connect_timeout=2) if url else None
        self._outbox: queue.Queue[Hint] = queue.Queue(MAX_QUEUED_HINTS)
        self._listeners: dict[str, Callable[[Hint], None]] = {}
        self._running = False

    @property
    def me(self) -> str:
        """This process's name among the others."""
        return self._me

    def on(self, kind: str, listener: Callable[[Hint], None]) -> None:
        self._listeners[kind] = listener

    def tell(self, kind: str, **hint: Any) -> None:
        """Tell all other processes; never fails, never waits for an answer."""
        if self._client is None:
            return
        message = {"kind": kind, "process": self._me, **hint}
        if not self._running:
            self._publish(message)
            return
        try:
            self._outbox.put_nowait(message)
        except queue.Full:
            log.warning("the message queue is too slow; a hint is left out")

    def _publish(self, hint: Hint) -> None:
        assert self._client is not None
        try:
            self._client.publish(CHANNEL, json.dumps(hint))
        except redis.RedisError as error:
            log.warning("the message queue took no hint: %s", type(error).__name__)

    def start(self) -> None:
        if self._client is not None and not self._running:
            self._running = True
            self._spawn(self._listen)
            self._spawn(self._send)

    def stop(self) -> None:
        self._running = False

    def _send(self) -> None:
        while self._running:
            try:
                self._publish(self._outbox.get(timeout=1.0))
            except queue.Empty:
                continue

    def _listen(self) -> None:
        while self._running:
            try:
                self._read()
            except redis.RedisError as error:
                log.warning("the message queue is away: %s", type(error).__name__)
                time.sleep(1)

    def _read(self) -> None:
        assert self._client is not None
        with self._client.pubsub(ignore_subscribe_messages=True) as line:  # type: ignore[no-untyped-call]
            line.subscribe(CHANNEL)
            while self._running:
                message = line.get_message(timeout=1.0)
                if message is not None:
                    self._hear(message["data"])

    def _hear(self, data: bytes) -> None:
        try:
            hint = safe_json.loads(data)
            listener = self._listeners.get(hint["kind"])
            if hint["process"] != self._me and listener is not None:
                listener(hint)
        except (ValueError, KeyError, TypeError):
            log.warning("a hint could not be read")
        except Exception:
            log.exception("a hint's listener failed")
