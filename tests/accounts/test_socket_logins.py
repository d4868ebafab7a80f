"""A socket needs a session: refused without one, closed at its end."""

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
    other_socket, own_socket = live_server.socket(person), live_server.socket(person)
    signed_out, other_closed, own_closed = threading.Event(), threading.Event(), threading.Event()
    other_socket.on("signed-out", lambda *_: signed_out.set())
    other_socket.on("disconnect", lambda *_: other_closed.set())
    own_socket.on("disconnect", lambda *_: own_closed.set())
    answer = own_socket.eio.http.post(f"{live_server.url}/logout/everywhere", headers={"Referer": live_server.url})
    assert answer.ok
    assert signed_out.wait(5)
    assert other_closed.wait(5)
    assert not own_closed.wait(0.5)
    assert own_socket.connected
    own_socket.disconnect()


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
