"""A socket belongs to a login: refused without one, closed with it."""

from __future__ import annotations

import threading

import pytest
import socketio

from tests import factories
from tests.servers import KlimawerkServer


def test_nobody_connects_without_a_login(live_server: KlimawerkServer) -> None:
    client = socketio.Client(reconnection=False)
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(live_server.url, transports=["websocket"], auth={"v": 1})


def test_signing_out_everywhere_closes_the_other_devices_page_not_this_one(live_server: KlimawerkServer) -> None:
    person = factories.person()
    left_open, here = live_server.socket(person), live_server.socket(person)
    told, gone, still_here = threading.Event(), threading.Event(), threading.Event()
    left_open.on("signed-out", lambda *_: told.set())
    left_open.on("disconnect", lambda *_: gone.set())
    here.on("disconnect", lambda *_: still_here.set())
    answer = here.eio.http.post(f"{live_server.url}/logout/everywhere", headers={"Referer": live_server.url})
    assert answer.ok
    assert told.wait(5)
    assert gone.wait(5)
    assert not still_here.wait(0.5)
    assert here.connected
    here.disconnect()


def test_the_server_answers_while_it_checks_several_passwords(live_server: KlimawerkServer) -> None:
    """Hashing happens in threads: the server goes on answering meanwhile."""
    person = factories.person()
    sessions = [live_server.session(person) for _ in range(2)]
    results: list[int] = []

    def change() -> None:
        data = {"present_password": "wrong wrong wrong", "new_password": "another passphrase"}
        results.append(sessions[0].post(f"{live_server.url}/account/password", data=data, timeout=30).status_code)

    threads = [threading.Thread(target=change) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert live_server.answers()
    for thread in threads:
        thread.join()
    assert results == [422] * 4
