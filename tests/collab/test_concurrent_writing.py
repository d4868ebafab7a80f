"""Several people write in one document at the same time."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable

import pytest
from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment

from klimawerk.collab import rich_text
from klimawerk.collab.models import Document, Update
from klimawerk.collab.storage import document_store, projection
from klimawerk.extensions import db
from tests.collab.yjs import YjsWriter
from tests.live.engine_server import (
    FRAGMENT,
    EngineServer,
    ReplicaClient,
    append,
    b64,
    element,
    paragraph,
    random_edit,
    run,
    until,
)

Write = Callable[..., ReplicaClient]


def rows() -> list[Update]:
    db.session.rollback()
    return list(db.session.query(Update).order_by(Update.seq))


def test_what_one_types_the_other_sees_and_it_is_on_disk(any_database: str, writer: Write, doc: str) -> None:
    akosua, jan = writer(1), writer(2)
    answer = akosua.type("Wärme für alle 😀")
    assert answer == {"ok": True, "seq": 1}
    until(lambda: jan.plain() == "Wärme für alle 😀")
    assert jan.client.get("doc:update")[-1]["from"] == 0
    assert jan.client.get("doc:update")[-1]["seq"] == 1
    db.session.rollback()
    assert rich_text.to_plain_text(document_store.contents(doc)[FRAGMENT]) == "Wärme für alle 😀"


def test_a_writer_gets_the_frame_without_the_own_updates(writer: Write) -> None:
    akosua = writer(1)
    akosua.type("allein")
    frame = akosua.client.wait_for("doc:update")
    assert (frame["from"], frame["seq"], frame["u"]) == (0, 1, [])


def test_a_doubled_update_is_acknowledged_and_not_logged_again(writer: Write) -> None:
    akosua = writer(1)
    update = akosua.edit(lambda fragment: append(fragment, "einmal"))
    assert akosua.send(update) == {"ok": True, "seq": 1}
    assert akosua.send(update) == {"ok": True, "seq": 1}
    assert len(rows()) == 1
    akosua.type(" und noch eins")
    assert len(rows()) == 2


def test_an_update_that_builds_on_something_missing_is_refused_and_never_stored(writer: Write) -> None:
    akosua = writer(1)
    first = akosua.edit(lambda fragment: append(fragment, "eins"))
    second = akosua.edit(lambda fragment: append(fragment, "zwei"))
    assert akosua.send(second) == {"ok": False, "error": "resync"}
    assert rows() == []
    assert akosua.send(first)["ok"]
    assert akosua.send(second)["ok"]


def test_deleting_what_the_server_does_not_have_is_refused(writer: Write) -> None:
    akosua = writer(1)
    akosua.edit(lambda fragment: append(fragment, "ungesendet"))
    deletion = akosua.edit(lambda fragment: run(element(fragment)).clear())
    assert akosua.send(deletion)["error"] == "resync"


@pytest.mark.parametrize("payload", ["", "not base64!", b64(b"garbage"), b64(b"\xff" * 40), 7, None])
def test_garbage_is_refused_and_harms_nobody(writer: Write, doc: str, payload: object) -> None:
    akosua = writer(1)
    answer = akosua.client.ask("doc:update", doc=doc, u=payload)
    assert answer == {"ok": False, "error": "invalid"}
    assert akosua.type("danach")["ok"]


def test_random_damage_to_updates_neither_harms_the_document_nor_the_server(writer: Write, doc: str) -> None:
    akosua, dice = writer(1), random.Random(20261124)
    for _ in range(60):
        update = bytearray(akosua.edit(lambda fragment: random_edit(fragment, dice)))
        for _ in range(dice.randint(1, 3)):
            update[dice.randrange(len(update))] = dice.randrange(256)
        assert "ok" in akosua.send(bytes(update))
    jan = writer(2)
    assert jan.type("heil")["ok"]
    db.session.rollback()
    assert "heil" in rich_text.to_plain_text(document_store.contents(doc)[FRAGMENT])


def test_a_client_writes_into_existing_fragments_only(writer: Write) -> None:
    akosua = writer(1)
    update = akosua.edit(lambda fragment: fragment.children.append(paragraph("x")), "secret.en")
    assert akosua.send(update)["error"] == "invalid"


@pytest.mark.parametrize("tag", ["script", "image", "doc"])
def test_elements_outside_the_schema_are_refused(writer: Write, tag: str) -> None:
    akosua = writer(1)
    assert akosua.send(akosua.edit(lambda f: f.children.append(XmlElement(tag))))["error"] == "invalid"


def test_the_wrong_kind_of_root_is_refused(writer: Write, doc: str) -> None:
    akosua = writer(1)
    for wrong in (Text("abc"), Array([1, 2]), Map({"a": 1})):
        other: Doc[Text | Array[int] | Map[int]] = Doc()
        other[FRAGMENT] = wrong
        assert akosua.send(other.get_update())["error"] == "invalid"
    assert akosua.type("weiter")["ok"]


def test_deep_nesting_is_refused_before_it_is_applied(writer: Write) -> None:
    akosua = writer(1)

    def nest(fragment: XmlFragment, levels: int) -> None:
        innermost: XmlFragment | XmlElement = fragment
        for _ in range(levels):
            innermost = innermost.children.append(XmlElement("list_item"))

    other: Doc[XmlFragment] = Doc()
    nest(other.get(FRAGMENT, type=XmlFragment), 2_000)
    assert akosua.send(other.get_update())["error"] == "invalid"
    assert akosua.send(akosua.edit(lambda fragment: nest(fragment, 30)))["ok"]


def test_nesting_step_by_step_comes_to_the_same_end(writer: Write) -> None:
    akosua = writer(1)
    answers = []

    def deeper(fragment: XmlFragment) -> None:
        innermost = element(fragment)
        while len(innermost.children):
            innermost = element(innermost)
        innermost.children.append(XmlElement("list_item"))

    for _ in range(45):
        answers.append(akosua.send(akosua.edit(deeper)).get("error"))
    assert answers[:35] == [None] * 35
    assert "invalid" in answers


def test_an_update_in_parts_is_logged_as_one(writer: Write, doc: str) -> None:
    akosua = writer(1)
    update = akosua.edit(lambda fragment: [fragment.children.append(paragraph("ä" * 900)) for _ in range(60)])
    assert akosua.client.ask("doc:update", doc=doc, u=b64(update))["error"] == "too_large"
    parts = [update[i : i + 30_000] for i in range(0, len(update), 30_000)]
    answers = [
        akosua.client.ask("doc:update", doc=doc, u=b64(part), id="a", part=index, of=len(parts))
        for index, part in enumerate(parts)
    ]
    assert [answer.get("seq") for answer in answers] == [None] * (len(parts) - 1) + [1]
    assert len(rows()) == 1
    assert writer(2).plain() == akosua.plain()


def test_replicas_catch_up_both_ways_after_a_gap(writer: Write, engine: EngineServer, doc: str) -> None:
    akosua, jan = writer(1), writer(2)
    akosua.type("eins ")
    until(lambda: jan.plain() == "eins ")
    jan.client.close()
    offline = jan.edit(lambda fragment: fragment.children.append(paragraph("offline")))
    akosua.type("zwei")
    jan.client = engine.client(2)
    jan.client.socket.on("doc:update", jan._take)
    jan.join()
    missing = jan.doc.get_update(jan.sv)
    assert missing
    assert offline
    assert jan.send(missing)["ok"]
    until(lambda: akosua.plain() == jan.plain() == "eins zwei\n\noffline")


def test_a_large_document_can_be_fetched_by_http(writer: Write, engine: EngineServer, doc: str) -> None:
    import requests

    akosua = writer(1)
    for _ in range(3):
        akosua.send(akosua.edit(lambda f: [f.children.append(paragraph("ab" * 1000)) for _ in range(12)]))
    answer = engine.client(2).ask("doc:join", doc=doc, http=True)
    assert "u" not in answer
    response = requests.get(engine.url + answer["url"], headers={"X-Person": "2"}, timeout=5)
    assert response.headers["Content-Encoding"] == "gzip"
    replica: Doc[XmlFragment] = Doc()
    replica.apply_update(response.content)
    assert rich_text.to_plain_text(replica.get(FRAGMENT, type=XmlFragment)) == akosua.plain()
    engine.rights[3, doc] = None
    assert not requests.get(engine.url + answer["url"], headers={"X-Person": "3"}, timeout=5).ok
    assert not requests.get(engine.url + answer["url"], timeout=5).ok


def test_another_generation_gets_the_whole_document(writer: Write, engine: EngineServer, doc: str) -> None:
    akosua = writer(1)
    akosua.type("da")
    state = b64(akosua.doc.get_state())
    same = engine.client(2).ask("doc:join", doc=doc, sv=state, gen=akosua.join()["gen"])
    other = engine.client(2).ask("doc:join", doc=doc, sv=state, gen="elsewhere")
    assert len(base64.b64decode(same["u"])) < 5 < len(base64.b64decode(other["u"]))


def test_the_projection_follows_within_seconds_and_says_so(writer: Write, engine: EngineServer, doc: str) -> None:
    akosua, reader = writer(1), engine.client(2)
    before = reader.ask("watch", topics=[doc])["revs"][doc]
    akosua.type("<b>sicher</b>")
    changed = reader.wait_for("changed", seconds=8)
    db.session.rollback()
    text = document_store.texts([doc])[doc][FRAGMENT]
    assert text.html == "<p>&lt;b&gt;sicher&lt;/b&gt;</p>"
    assert text.rev == changed["topics"][doc] == before + 1
    row = document_store.find_document(doc)
    assert (row.projected_seq, row.dirty_since) == (1, None)
    assert document_store.texts([doc])[doc]["title.en"].rev == before


def test_an_export_need_not_wait_for_the_projection(writer: Write, doc: str) -> None:
    writer(1).type("eben erst")
    db.session.rollback()
    assert document_store.texts([doc])[doc][FRAGMENT].plain == ""
    projection.project_now(doc)
    assert document_store.texts([doc])[doc][FRAGMENT].plain == "eben erst"


def test_compaction_changes_nothing_for_anybody(writer: Write, doc: str) -> None:
    from klimawerk.database import writing

    akosua = writer(1)
    for number in range(20):
        akosua.type(f"{number} ")
    with writing():
        document_store.compact(document_store.find_document(doc).id)
    assert rows() == []
    akosua.type("danach")
    assert writer(2).plain() == akosua.plain()
    assert [row.seq for row in rows()] == [21]


def test_log_numbers_have_no_gaps_when_many_write_at_once(writer: Write, doc: str) -> None:
    import threading

    writers = [writer(number) for number in range(1, 6)]
    threads = [threading.Thread(target=lambda w=w: [w.type("x") for _ in range(10)]) for w in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.seq for row in rows()] == list(range(1, 51))
    assert db.session.query(Document.seq).filter_by(name=doc).scalar() == 50
    until(lambda: {w.plain().count("x") for w in writers} == {50})


def test_nothing_comes_between_the_two_halves_of_a_letter(engine: EngineServer, writer: Write, doc: str) -> None:
    """Yjs and pycrdt would disagree on what remains of it, and replicas diverge."""
    akosua = writer(1)
    akosua.type("a😀b")
    for op in ("insert", "remove"):
        jan = YjsWriter(engine.client(2), doc)
        jan.join()
        cut = base64.b64decode(jan.doc._do(op, place=2))
        assert jan.send(cut) == {"ok": False, "error": "invalid"}
        whole = YjsWriter(engine.client(2), doc)
        whole.join()
        assert whole.send(base64.b64decode(whole.doc._do(op, place=3 if op == "insert" else 0)))["ok"]
        jan.close()
        whole.close()
    until(lambda: akosua.plain() == "😀xb")


def test_a_room_that_lags_behind_a_compaction_misses_nothing(engine: EngineServer, writer: Write, doc: str) -> None:
    from klimawerk.database import writing

    akosua = writer(1)
    akosua.type("eins")
    engine.app.extensions["live"].background.stop()  # as if this process had been suspended
    with writing():
        document_store.replace_contents(doc, {FRAGMENT: rich_text.from_plain_text("ganz anders")})
        document_store.compact(document_store.find_document(doc).id)
    assert rows() == []
    assert writer(2).plain() == "ganz anders"
    until(lambda: akosua.plain() == "ganz anders")
    assert akosua.client.get("doc:update")[-1]["seq"] == 2
