"""What one keystroke costs: SQL statements and bytes, counted. Who changes a number here says why in the commit."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pycrdt import Doc, XmlFragment

from tests.live.engine_server import EngineServer, ReplicaClient, element, run
from tests.sql_trace import traced

KEYS = "quietly"
INSERT = 'INSERT INTO "update"'


def test_a_keystroke_is_one_transaction_of_two_statements(
    engine: EngineServer, writer: Callable[..., ReplicaClient]
) -> None:
    with traced() as trace:
        author, _reader = _author(writer), writer(2)
        author.type("a")
        trace.clear()
        for key in KEYS:
            assert _press(author, key)["ok"]
    assert trace.counts_beside(INSERT) == {
        "BEGIN IMMEDIATE": len(KEYS),
        INSERT: len(KEYS),
        "UPDATE document SET": len(KEYS),
        "COMMIT": len(KEYS),
    }


def test_a_keystroke_is_these_bytes_on_the_wire(engine: EngineServer, writer: Callable[..., ReplicaClient]) -> None:
    author, reader = _author(writer), writer(2)
    author.type("a")
    reader.client.wait_for("doc:update")
    reader.client.heard.clear()
    update = author.edit(lambda fragment: run(element(fragment)).__iadd__("b"))
    answer = author.send(update)
    relayed = reader.client.wait_for("doc:update")
    # the update, the answer to its author, what a reader gets
    assert (len(update), _size(answer), _size(relayed)) == (18, 19, 69)


def _author(writer: Callable[..., ReplicaClient]) -> ReplicaClient:
    author = writer(1)
    document: Doc[XmlFragment] = Doc(client_id=1_559_127_781)  # five bytes, as most of them
    document.apply_update(author.doc.get_update())
    author.doc = document
    return author


def _press(author: ReplicaClient, key: str) -> dict[str, Any]:
    return author.send(author.edit(lambda fragment: run(element(fragment)).__iadd__(key)))


def _size(payload: dict[str, Any]) -> int:
    """Bytes of a payload as JSON without blanks."""
    return len(json.dumps(payload, separators=(",", ":")).encode())
