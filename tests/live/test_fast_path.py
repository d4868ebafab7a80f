"""What comes with every letter goes the short way; whatever is unusual about it goes the long one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from klimawerk.live.fast_path import FastPath
from klimawerk.live.handlers import Respond


@pytest.fixture
def heard() -> list[Any]:
    return []


@pytest.fixture
def shortcut(heard: list[Any]) -> FastPath:
    manager = SimpleNamespace(sid_from_eio_sid=lambda eio_sid, _space: {"engine": "sid"}.get(eio_sid))
    shortcut = FastPath(SimpleNamespace(eio=SimpleNamespace(), manager=manager))

    def door(sid: str, payload: Any, say: Respond) -> None:
        heard.append((sid, payload))
        say({"ok": True})

    shortcut.register("doc:update", door)
    return shortcut


def socket(sent: list[Any], sid: str = "engine") -> SimpleNamespace:
    queue = SimpleNamespace(put=lambda packet: sent.append(packet.encode()))
    return SimpleNamespace(sid=sid, closed=False, queue=queue)


def test_a_letter_reaches_its_door_and_the_answer_its_sender(shortcut: FastPath, heard: list[Any]) -> None:
    sent: list[Any] = []
    assert shortcut._handle_message(socket(sent), '4217["doc:update",{"doc":"measure:1"}]')
    assert heard == [("sid", {"doc": "measure:1"})]
    assert sent == ['4317[{"ok":true}]']
    assert shortcut._handle_message(socket(sent), '42["doc:update",{}]')
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
def test_anything_else_goes_the_long_way(shortcut: FastPath, heard: list[Any], message: str) -> None:
    sent: list[Any] = []
    assert not shortcut._handle_message(socket(sent), message)
    assert (heard, sent) == ([], [])


def test_who_has_not_connected_is_not_heard(shortcut: FastPath, heard: list[Any]) -> None:
    assert not shortcut._handle_message(socket([], sid="stranger"), '4217["doc:update",{}]')
    assert heard == []
