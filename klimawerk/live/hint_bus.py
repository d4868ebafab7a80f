"""Hint bus: lossy messages from process to process over Redis or Valkey. The database is what counts; a hint only says
when to look."""

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
MAX_QUEUED_HINTS = 10_000  # hints that wait to be sent
Hint = dict[str, Any]


class HintBus:
    """Publishes small JSON hints to all other processes; without a message queue it does nothing.

    Once started, a thread of its own publishes, so a slow queue delays no request.
    """

    def __init__(self, url: str | None, spawn: Callable[[Callable[[], None]], object]) -> None:
        self._spawn = spawn
        self._process_id = secrets.token_hex(8)
        self._client = redis.Redis.from_url(url, socket_connect_timeout=2) if url else None
        self._outbox: queue.Queue[Hint] = queue.Queue(MAX_QUEUED_HINTS)
        self._listeners: dict[str, Callable[[Hint], None]] = {}
        self._running = False

    @property
    def me(self) -> str:
        """The id of this process among the others."""
        return self._process_id

    def on(self, kind: str, listener: Callable[[Hint], None]) -> None:
        self._listeners[kind] = listener

    def send(self, kind: str, **hint: Any) -> None:
        """Send a hint to all other processes; never fails, never waits for an answer."""
        if self._client is None:
            return
        message = {"kind": kind, "process": self._process_id, **hint}
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
            self._spawn(self._send_queued)

    def stop(self) -> None:
        self._running = False

    def _send_queued(self) -> None:
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
        with self._client.pubsub(ignore_subscribe_messages=True) as subscription:  # type: ignore[no-untyped-call]
            subscription.subscribe(CHANNEL)
            while self._running:
                message = subscription.get_message(timeout=1.0)
                if message is not None:
                    self._receive(message["data"])

    def _receive(self, data: bytes) -> None:
        try:
            hint = safe_json.loads(data)
            listener = self._listeners.get(hint["kind"])
            if hint["process"] != self._process_id and listener is not None:
                listener(hint)
        except (ValueError, KeyError, TypeError):
            log.warning("a hint could not be read")
        except Exception:
            log.exception("a hint's listener failed")
