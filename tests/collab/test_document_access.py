"""Access to documents is decided by the server, also while clients are connected."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from klimawerk.collab import access
from klimawerk.collab.access import DocumentAccess
from klimawerk.collab.models import Update
from klimawerk.collab.storage import document_store
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.live import events, sockets
from tests.live.engine_server import EngineServer, ReplicaClient, editor, element, until

Write = Callable[..., ReplicaClient]
READER = replace(editor(3), write=False, reason="role", role="reviewer")


def count() -> int:
    db.session.rollback()
    return db.session.query(Update).count()


def test_who_may_not_know_of_a_document_gets_the_same_answer_as_for_none(engine: EngineServer, doc: str) -> None:
    engine.rights[3, doc] = None
    outsider = engine.client(3)
    assert outsider.ask("doc:join", doc=doc) == {"ok": False, "error": "not_found"}
    assert outsider.ask("doc:join", doc="measure:999") == {"ok": False, "error": "not_found"}
    assert outsider.ask("doc:update", doc=doc, u="AAA=") == {"ok": False, "error": "not_found"}
    assert outsider.ask("doc:awareness", doc=doc, a="x") == {"ok": False, "error": "not_found"}
    assert engine.client(4).ask("doc:join", doc=doc)["ok"]


def test_nothing_is_taken_from_who_has_not_joined(engine: EngineServer, doc: str) -> None:
    client = engine.client(1)
    assert client.ask("doc:update", doc=doc, u="AAA=") == {"ok": False, "error": "not_joined"}
    client.ask("doc:join", doc=doc)
    assert client.ask("doc:leave", doc=doc) == {"ok": True}
    assert client.ask("doc:update", doc=doc, u="AAA=") == {"ok": False, "error": "not_joined"}


def test_a_reader_reads_along_and_writes_nothing(engine: EngineServer, writer: Write, doc: str) -> None:
    engine.rights[3, doc] = READER
    akosua, reader = writer(1), writer(3)
    akosua.type("lesbar")
    until(lambda: reader.plain() == "lesbar")
    assert reader.type("nein") == {"ok": False, "error": "forbidden"}
    assert count() == 1
    joined = engine.client(3).ask("doc:join", doc=doc)
    assert (joined["write"], joined["reason"]) == (False, "role")


def test_a_closed_document_says_so_at_once_and_opens_again(any_database: str, writer: Write, doc: str) -> None:
    akosua, jan = writer(1), writer(2)
    with writing():
        document_store.close_documents([doc], "Abstimmung", "Miriam Osei-Lang")
    notice = akosua.client.wait_for("doc:access")
    assert notice == {"doc": doc, "write": False, "reason": "Abstimmung", "by": "Miriam Osei-Lang"}
    assert akosua.type("zu spät") == {"ok": False, "error": "locked"}
    assert count() == 0
    with writing():
        document_store.open_documents([doc])
    assert jan.client.wait_for("doc:access", 2)["write"] is True
    assert jan.type("wieder offen")["ok"]


def test_a_lock_that_is_not_yet_noticed_holds_all_the_same(engine: EngineServer, writer: Write, doc: str) -> None:
    akosua = writer(1)
    engine.app.extensions["live"].background.stop()  # as if the hint were lost and the next poll far away
    with writing():
        document_store.close_documents([doc], "Abstimmung", "Miriam")
    assert akosua.type("dazwischen")["error"] in ("unavailable", "locked")
    assert count() == 0


def test_rights_that_end_while_connected_end_at_once(
    any_database: str, engine: EngineServer, writer: Write, doc: str
) -> None:
    akosua, jan = writer(1), writer(2)
    engine.rights[1, doc] = None
    engine.watchers.add((1, doc))
    akosua.client.ask("watch", topics=["measure:8"])
    sockets.recheck(1)
    assert akosua.client.wait_for("doc:closed") == {"doc": doc, "reason": "revoked"}
    assert akosua.type("noch einer")["ok"] is False
    jan.type("geheim")
    jan.client.wait_for("doc:update")
    assert akosua.client.get("doc:update") == []
    assert count() == 1
    assert [p["name"] for p in jan.client.wait_for("doc:people")["people"]][-1] == "Person 2"


def test_becoming_a_reader_is_told_and_counts(engine: EngineServer, writer: Write, doc: str) -> None:
    akosua = writer(1)
    engine.rights[1, doc] = READER
    with writing():
        document_store.recheck_access([doc])
    assert akosua.client.wait_for("doc:access") == {"doc": doc, "write": False, "reason": "role", "by": ""}
    assert akosua.type("nein")["error"] == "forbidden"
    assert count() == 0


def test_a_lost_hint_about_rights_is_made_good_within_seconds(engine: EngineServer, writer: Write, doc: str) -> None:
    from klimawerk.live import changes

    akosua = writer(1)
    akosua.type("vorher")
    until(lambda: engine.app.extensions["live"]._person_revs)
    engine.rights[1, doc] = None
    with writing():
        changes.note("person:1")
    assert akosua.client.wait_for("doc:closed")["reason"] == "revoked"


def test_a_deleted_document_closes_and_comes_back(engine: EngineServer, writer: Write, doc: str) -> None:
    akosua = writer(1)
    akosua.type("bleibt")
    with writing():
        document_store.mark_deleted([doc])
    assert akosua.client.wait_for("doc:closed")["reason"] == "deleted"
    assert engine.client(2).ask("doc:join", doc=doc)["error"] == "not_found"
    with writing():
        document_store.mark_restored([doc])
    assert writer(2).plain() == "bleibt"


def test_after_a_restore_from_backup_every_document_is_another_one(
    engine: EngineServer, writer: Write, doc: str
) -> None:
    akosua = writer(1)
    gen = akosua.join()["gen"]
    with writing():
        document_store.new_generations()
    assert akosua.client.wait_for("doc:closed")["reason"] == "restored"
    assert engine.client(2).ask("doc:join", doc=doc)["gen"] != gen


def test_an_older_editor_is_told_to_reload_and_reads_nothing(engine: EngineServer, doc: str) -> None:
    old = engine.client(1, schema=0)
    assert old.wait_for("reload") == {"schema": events.SCHEMA}
    assert old.ask("doc:join", doc=doc) == {"ok": False, "error": "outdated"}
    assert engine.client(1, schema=None).ask("doc:join", doc=doc)["ok"]


def test_an_editor_that_only_lacks_attributes_is_told_to_reload_and_may_write(engine: EngineServer, doc: str) -> None:
    former = engine.client(1, schema=events.OLDEST_SCHEMA)
    assert former.wait_for("reload") == {"schema": events.SCHEMA}
    assert former.ask("doc:join", doc=doc)["write"]
    current = engine.client(1, schema=events.SCHEMA)
    assert current.ask("doc:join", doc=doc)["ok"]
    assert current.get("reload") == []


def test_words_that_somebody_else_makes_the_server_write_arrive_in_open_editors(writer: Write, doc: str) -> None:
    from klimawerk.collab import rich_text
    from tests.live.engine_server import FRAGMENT

    akosua = writer(1)
    akosua.type("alt")
    with writing():
        document_store.replace_contents(doc, {FRAGMENT: rich_text.from_plain_text("neu\n\nganz")})
        document_store.add_fragments(doc, ["description.fr"])
    until(lambda: akosua.plain() == "neu\n\nganz")
    update = akosua.edit(lambda f: element(f).children.append("bonjour"), "description.fr")
    until(lambda: akosua.send(update)["ok"])


def test_too_fast_is_told_and_passes(engine: EngineServer, writer: Write, doc: str) -> None:
    akosua = writer(1)
    answers: list[dict[str, object]] = []
    for _ in range(260):
        akosua.client.socket.emit("doc:leave", {"doc": "measure:1"}, callback=answers.append)
    until(lambda: len(answers) == 260, 10)
    assert any(answer.get("error") == "rate" for answer in answers)
    until(lambda: akosua.type("geht wieder")["ok"], 10)


def test_a_failed_commit_refuses_what_was_under_way_and_nobody_saw_it(
    engine: EngineServer, writer: Write, doc: str
) -> None:
    akosua, jan = writer(1), writer(2)
    committer = engine.app.extensions["collab"].committer
    write = committer._write

    def fail(groups: object) -> object:
        raise OSError("no space left on device")

    committer._write = fail
    update = akosua.edit(lambda f: element(f).children.append("bleibt hier"))
    assert akosua.send(update) == {"ok": False, "error": "unavailable"}
    assert jan.client.get("doc:update") == []
    assert engine.client(3).ask("doc:join", doc=doc)["seq"] == 0
    committer._write = write
    assert akosua.send(update) == {"ok": True, "seq": 1}
    until(lambda: jan.plain() == "bleibt hier")


def test_whose_rights_end_while_they_wait_for_the_room_does_not_get_in_and_the_others_do(
    engine: EngineServer, doc: str, writer: Write
) -> None:
    writer(1)
    hub, room = engine.app.extensions["collab"], engine.app.extensions["collab"].rooms.get(doc)
    ending, staying = engine.client(2), engine.client(3)
    answers: dict[int, dict[str, Any]] = {}
    asked = set[int]()

    def access_of(person: int, name: str) -> DocumentAccess | None:
        document_access = engine.access(person, name)
        asked.add(person)
        return document_access

    access.resolvers.of(engine.app)["measure"] = access_of
    people = {2: ending, 3: staying}

    def join(person: int) -> None:
        answers[person] = people[person].ask("doc:join", doc=doc)

    threads = [threading.Thread(target=join, args=[person]) for person in people]
    with room.lock:
        for thread in threads:
            thread.start()
        until(lambda: asked == {2, 3})
        engine.rights[2, doc] = None
        with engine.app.app_context():
            hub.live.recheck(2)
    for thread in threads:
        thread.join(20)
    assert answers[2] == {"ok": False, "error": "not_found"}
    assert answers[3]["ok"]
    assert {member.person_id for member in room.members.values()} == {1, 3}
