"""Presence: who is where, for those who may know; connections, watching and their limits."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
import requests
import socketio

from klimawerk.database import writing
from klimawerk.live import changes, sockets
from tests.live.engine_server import EngineServer, SocketTestClient, editor, until


def here(client: SocketTestClient, **where: object) -> dict[str, object]:
    return client.ask("here", programme=5, **where)


def shown(client: SocketTestClient) -> list[tuple[str, str, str]]:
    payloads = client.get("people")
    return [(p["name"], p["item"], p["field"]) for p in payloads[-1]["people"]] if payloads else []


def test_watchers_of_a_programme_see_who_is_where(engine: EngineServer) -> None:
    akosua, jan = engine.client(1), engine.client(2)
    jan.ask("watch", topics=["programme:5"])
    assert here(akosua, item="measure:7", field="title.en")["ok"]
    until(lambda: shown(jan) == [("Person 1", "measure:7", "title.en")])
    here(akosua, item="measure:8")
    until(lambda: shown(jan) == [("Person 1", "measure:8", "")])
    akosua.close()
    until(lambda: shown(jan) == [], 3)


def test_the_same_person_on_two_devices_is_there_once(engine: EngineServer) -> None:
    laptop, phone, jan = engine.client(1), engine.client(1), engine.client(2)
    jan.ask("watch", topics=["programme:5"])
    here(laptop, item="measure:7")
    here(phone, item="measure:8")
    until(lambda: shown(jan) == [("Person 1", "measure:8", "")])
    phone.close()
    until(lambda: shown(jan) == [("Person 1", "measure:7", "")], 3)


def test_no_name_reaches_another_partnership(engine: EngineServer) -> None:
    engine.rights[9, "programme:5"] = None
    engine.watchers.add((9, "programme:5"))
    akosua, stranger = engine.client(1), engine.client(9)
    assert stranger.ask("watch", topics=["programme:5"])["refused"] == ["programme:5"]
    assert here(stranger)["error"] == "not_found"
    here(akosua, item="measure:7")
    time.sleep(0.3)
    assert stranger.get("people") == []


def test_names_come_from_the_server_and_words_of_a_client_are_not_shown(engine: EngineServer) -> None:
    akosua, jan = engine.client(1), engine.client(2)
    jan.ask("watch", topics=["programme:5"])
    assert here(akosua, item="Come and see http://example.org")["error"] == "invalid"
    assert here(akosua, item="measure:7", name="The Mayor", side="partner")["ok"]
    until(lambda: shown(jan) == [("Person 1", "measure:7", "")])


def test_who_begins_to_watch_is_told_who_is_there(engine: EngineServer) -> None:
    here(engine.client(1), item="measure:7")
    jan = engine.client(2)
    jan.ask("watch", topics=["programme:5"])
    until(lambda: shown(jan) == [("Person 1", "measure:7", "")], 2)


def test_many_moves_are_told_at_most_once_a_second(engine: EngineServer) -> None:
    akosua, jan = engine.client(1), engine.client(2)
    jan.ask("watch", topics=["programme:5"])
    began = time.monotonic()
    for number in range(30):
        here(akosua, item=f"measure:{number}")
        time.sleep(0.05)
    until(lambda: shown(jan) == [("Person 1", "measure:29", "")], 3)
    assert len(jan.get("people")) <= time.monotonic() - began + 2


@pytest.mark.slow
def test_a_closed_lid_is_gone_within_ten_seconds_and_back_with_the_first_sign(engine: EngineServer) -> None:
    akosua, jan = engine.client(1), engine.client(2)
    jan.ask("watch", topics=["programme:5"])
    here(akosua, item="measure:7")
    until(lambda: shown(jan) != [])
    send, akosua.socket.eio._send_packet = akosua.socket.eio._send_packet, lambda packet: None
    closed = time.monotonic()
    until(lambda: shown(jan) == [], 11)
    assert time.monotonic() - closed < 10
    assert here(jan, item="measure:7")["ok"]
    akosua.socket.eio._send_packet = send


def test_nobody_connects_without_a_login(engine: EngineServer) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError):
        SocketTestClient(engine.url, None)
    assert engine.client(1).socket.connected


def test_another_site_cannot_connect(engine: EngineServer) -> None:
    address = f"{engine.url}/socket.io/?EIO=4&transport=polling"
    assert requests.get(address, headers={"Origin": "http://evil.example"}, timeout=5).status_code == 400
    assert requests.get(address, headers={"Origin": engine.url}, timeout=5).status_code == 200


def test_watching_answers_revisions_and_refuses_the_unknown(engine: EngineServer) -> None:
    engine.watchers.add((1, "measure:8"))
    with writing():
        changes.note("measure:7")
    answer = engine.client(1).ask("watch", topics=["measure:7", "measure:8", "person:2", "nonsense"])
    assert answer == {"ok": True, "revs": {"measure:7": 1}, "refused": ["measure:8", "person:2", "nonsense"]}


def test_a_change_reaches_those_who_watch_and_no_longer_those_who_may_not(engine: EngineServer) -> None:
    akosua, jan = engine.client(1), engine.client(2)
    for client in (akosua, jan):
        client.ask("watch", topics=["measure:7"])
    engine.watchers.add((1, "measure:7"))
    sockets.recheck(1)
    until(lambda: all("measure:7" not in p.topics for p in engine.app.extensions["live"].pages.of_person(1)))
    with writing():
        changes.note("measure:7")
    assert jan.wait_for("changed")["topics"] == {"measure:7": 1}
    assert akosua.get("changed") == []
    jan.ask("unwatch", topics=["measure:7"])
    with writing():
        changes.note("measure:7")
    time.sleep(0.2)
    assert len(jan.get("changed")) == 1


def test_signing_out_ends_the_pages_of_that_login_alone(engine: EngineServer) -> None:
    laptop, phone = engine.client(1, login="laptop"), engine.client(1, login="phone")
    sockets.sign_out(login="laptop")
    laptop.wait_for("signed-out")
    until(lambda: not laptop.socket.connected)
    assert phone.ask("watch", topics=[])["ok"]
    sockets.sign_out(person_id=1)
    until(lambda: not phone.socket.connected)


def test_a_page_that_floods_is_slowed_and_others_are_not(engine: EngineServer) -> None:
    loud, calm = engine.client(1), engine.client(2)
    answers: list[dict[str, object]] = []
    for _ in range(250):
        loud.socket.emit("watch", {"topics": []}, callback=answers.append)
    until(lambda: len(answers) == 250, 10)
    assert {"ok": False, "error": "rate"} in answers
    assert calm.ask("watch", topics=[])["ok"]


@pytest.mark.parametrize("payload", [None, 7, "x", [], {"topics": "measure:7"}, {"topics": [{}]}])
def test_every_wish_is_answered_also_an_ill_formed_one(engine: EngineServer, payload: object) -> None:
    client = engine.client(1)
    assert client.socket.call("watch", payload, timeout=5) == {"ok": False, "error": "invalid"}


def test_a_message_over_the_limit_ends_that_connection_and_no_other(engine: EngineServer) -> None:
    loud, calm = engine.client(1), engine.client(2)
    loud.socket.emit("watch", {"topics": ["x" * 300_000]})
    until(lambda: not loud.socket.connected)
    assert calm.ask("watch", topics=[])["ok"]


def test_renaming_shows(engine: EngineServer) -> None:
    akosua, jan = engine.client(1), engine.client(2)
    jan.ask("watch", topics=["programme:5"])
    here(akosua)
    until(lambda: shown(jan))
    engine.rights[1, "programme:5"] = replace(editor(1), name="Akosua Boateng")
    sockets.recheck(1)
    until(lambda: shown(jan) == [("Akosua Boateng", "", "")], 3)


def test_a_login_that_ran_out_ends_its_pages(engine: EngineServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "LOGINS_EVERY", 0.5)
    laptop, phone = engine.client(1, login="laptop"), engine.client(1, login="phone")
    engine.ended_logins.add("laptop")
    laptop.wait_for("signed-out")
    until(lambda: not laptop.socket.connected)
    assert phone.ask("watch", topics=[])["ok"]
