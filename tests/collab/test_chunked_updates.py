"""Chunked updates: buffered only for those who may write, within bounds per person, and never acknowledged when
dropped."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from pycrdt import XmlFragment

from klimawerk.collab.access import DocumentAccess
from klimawerk.collab.room import chunked_updates
from klimawerk.collab.storage import document_store
from klimawerk.database import writing
from tests.live.engine_server import EngineServer, ReplicaClient, SocketTestClient, b64, paragraph, until

Write = Callable[..., ReplicaClient]
PART = 60_000
_ids = count()


def buffered_bytes(engine: EngineServer) -> int:
    """Bytes of unfinished updates."""
    size: int = engine.app.extensions["collab"].parts.size
    return size


def begin(client: SocketTestClient, doc: str, size: int = PART) -> dict[str, Any]:
    """Send the first of two parts, and never the second."""
    return client.ask("doc:update", doc=doc, u=b64(b"x" * size), id=f"a{next(_ids)}", part=0, of=2)


def test_nothing_is_kept_of_somebody_who_may_only_read(writer: Write, engine: EngineServer, doc: str) -> None:
    """An observer held 175 MB that way."""
    engine.rights[3, doc] = DocumentAccess(True, False, name="Observer", side="de", role="observer")
    observer = writer(3)
    assert begin(observer.client, doc)["error"] == "forbidden"
    assert buffered_bytes(engine) == 0
    editor = writer(1)
    assert begin(editor.client, doc)["ok"]
    assert buffered_bytes(engine) == PART


def test_nothing_is_kept_for_a_text_that_is_closed(writer: Write, engine: EngineServer, doc: str) -> None:
    editor = writer(1)
    with writing():
        document_store.close_documents([doc], "Abstimmung", "Miriam Osei-Lang")
    editor.client.wait_for("doc:access")
    assert begin(editor.client, doc)["error"] == "locked"
    assert buffered_bytes(engine) == 0


def test_one_person_keeps_so_much_over_all_their_sockets_and_others_go_on(
    writer: Write, engine: EngineServer, doc: str
) -> None:
    greedy = [writer(1) for _ in range(6)]
    answers = [begin(replica.client, doc) for replica in greedy for _ in range(8)]
    assert {answer.get("error") for answer in answers} == {None, "rate"}
    assert 0 < buffered_bytes(engine) <= chunked_updates.MAX_BYTES_PER_PERSON
    other = writer(2)
    assert large(other, doc)["seq"] == 1
    greedy[0].client.close()
    until(lambda: buffered_bytes(engine) <= chunked_updates.MAX_BYTES_PER_PERSON - 7 * PART)


def test_one_socket_begins_so_many_and_no_more(writer: Write, engine: EngineServer, doc: str) -> None:
    editor = writer(1)
    answers = [begin(editor.client, doc, 100) for _ in range(chunked_updates.MAX_BUFFERS_PER_SOCKET + 1)]
    assert [answer["ok"] for answer in answers] == [True] * chunked_updates.MAX_BUFFERS_PER_SOCKET + [False]
    assert answers[-1]["error"] == "rate"


def test_the_rest_of_what_was_dropped_is_never_acknowledged(writer: Write, engine: EngineServer, doc: str) -> None:
    """Parts were dropped meanwhile: an "ok" for the last one would be taken for "stored"."""
    editor = writer(1)
    pieces = in_pieces(editor)
    send = [{"doc": doc, "u": b64(piece), "id": "late", "part": n, "of": len(pieces)} for n, piece in enumerate(pieces)]
    assert editor.client.ask("doc:update", **send[0])["ok"]
    editor.client.ask("doc:leave", doc=doc)
    assert buffered_bytes(engine) == 0
    assert editor.client.ask("doc:join", doc=doc)["ok"]
    assert [editor.client.ask("doc:update", **message).get("error") for message in send[2:]] == ["resync"] * (
        len(send) - 2
    )
    assert [editor.client.ask("doc:update", **message).get("seq") for message in send][-1] == 1


def test_what_all_keep_is_bounded_and_whoever_keeps_most_loses_first(engine: EngineServer) -> None:
    """Sixteen people who fill their limit leave room for one who does not."""
    buffers, part = chunked_updates.ChunkBuffers(), b"x" * PART
    modest = buffers.add(("modest", "measure:7", "a"), 99, 0, 2, part)
    greedy = range(1, 2 + chunked_updates.MAX_BYTES_TOTAL // chunked_updates.MAX_BYTES_PER_PERSON)
    for person in greedy:
        for n in range(chunked_updates.MAX_BYTES_PER_PERSON // PART):
            buffers.add((f"{person}-{n}", "measure:7", "a"), person, 0, 2, part)
    assert buffers.size <= chunked_updates.MAX_BYTES_TOTAL < len(greedy) * chunked_updates.MAX_BYTES_PER_PERSON
    assert modest is None
    assert buffers.add(("modest", "measure:7", "a"), 99, 1, 2, b"y") == part + b"y"


def in_pieces(writer: ReplicaClient) -> list[bytes]:
    update = writer.edit(fill)
    return [update[at : at + 48_000] for at in range(0, len(update), 48_000)]


def fill(fragment: XmlFragment) -> None:
    for _ in range(80):
        fragment.children.append(paragraph("ä" * 900))


def large(writer: ReplicaClient, doc: str) -> dict[str, Any]:
    pieces = in_pieces(writer)
    for n, piece in enumerate(pieces):
        answer = writer.client.ask("doc:update", doc=doc, u=b64(piece), id="b", part=n, of=len(pieces))
    return answer
