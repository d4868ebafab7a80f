"""Keystrokes and carets take the fast path; any unusual message goes through Socket.IO."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from klimawerk.live.fast_path import FastPath
from klimawerk.live.handlers import Respond


@pytest.fixture
def received() -> list[Any]:
    return []


@pytest.fixture
def fast_path(received: list[Any]) -> FastPath:
    manager = SimpleNamespace(sid_from_eio_sid=lambda eio_sid, _space: {"engine": "sid"}.get(eio_sid))
    fast_path = FastPath(SimpleNamespace(eio=SimpleNamespace(), manager=manager))

    def endpoint(sid: str, payload: Any, respond: Respond) -> None:
        received.append((sid, payload))
        respond({"ok": True})

    fast_path.register("doc:update", endpoint)
    return fast_path


def socket(sent: list[Any], sid: str = "engine") -> SimpleNamespace:
    queue = SimpleNamespace(put=lambda packet: sent.append(packet.encode()))
    return SimpleNamespace(sid=sid, closed=False, queue=queue)


def test_a_letter_reaches_its_door_and_the_answer_its_sender(fast_path: FastPath, received: list[Any]) -> None:
    sent: list[Any] = []
    assert fast_path._handle_message(socket(sent), '4217["doc:update",{"doc":"measure:1"}]')
    assert received == [("sid", {"doc": "measure:1"})]
    assert sent == ['4317[{"ok":true}]']
    assert fast_path._handle_message(socket(sent), '42["doc:update",{}]')
    assert len(sent) == 1, "who asks for no answer gets none"


@pytest.mark.parametrize(
    "message",
    [
        '4217["doc:join",{}]',
        '42/other,17["doc:update",{}]',
        '42017["doc:update",{}]',
        '4217 ["doc:update",{}]',
        '42١["doc:update",{}]',
        '421234567890123456["doc:update",{}]',
        '4217["doc:update",{}',
        '4217["doc:update"]',
        '4217["doc:update",{},{}]',
        '4217{"doc:update":["doc:update",{}]}',
        '45117["doc:update",{}]',
        "2",
    ],
)
def test_anything_else_goes_the_long_way(fast_path: FastPath, received: list[Any], message: str) -> None:
    sent: list[Any] = []
    assert not fast_path._handle_message(socket(sent), message)
    assert (received, sent) == ([], [])


def test_who_has_not_connected_is_not_heard(fast_path: FastPath, received: list[Any]) -> None:
    assert not fast_path._handle_message(socket([], sid="stranger"), '4217["doc:update",{}]')
    assert received == []
