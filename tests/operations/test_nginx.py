"""nginx with the README's configuration, in which only addresses are replaced, in front of the real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import socketio
from flask import Flask

from tests import factories
from tests.lines.nginx import behind_nginx
from tests.servers import KlimawerkServer

pytestmark = pytest.mark.slow


@pytest.fixture
def site(app: Flask, database_address: str, tmp_path: Path) -> Iterator[KlimawerkServer]:
    """One process behind nginx; `url` is nginx's."""
    with behind_nginx(tmp_path, database_address) as server:
        yield server


@pytest.fixture
def busy_site(app: Flask, postgresql_address: str, valkey_address: str, tmp_path: Path) -> Iterator[KlimawerkServer]:
    """Two processes behind nginx, with PostgreSQL and Valkey."""
    with behind_nginx(tmp_path, postgresql_address, WORKERS="2", KLIMAWERK_REDIS_URL=valkey_address) as server:
        yield server


def test_people_sign_in_and_connect_through_nginx(site: KlimawerkServer) -> None:
    person = factories.person()
    assert "klimawerk_session" in site.session(person).cookies
    for transport in ("websocket", "polling"):
        client = site.socket(person, transports=(transport,))
        assert client.transport() == transport
        assert client.call("watch", {"topics": []}, timeout=5)["ok"]
        client.disconnect()


def test_strangers_get_a_login_page_over_tls_and_no_socket(site: KlimawerkServer) -> None:
    session = requests.Session()
    session.verify, session.trust_env = site.verify, False
    answer = session.get(f"{site.url}/login", timeout=5)
    assert all(cookie.secure for cookie in session.cookies)
    assert "max-age" in answer.headers["Strict-Transport-Security"]
    assert answer.headers["Content-Encoding"] in ("br", "gzip")
    client = socketio.Client(reconnection=False, http_session=session)
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(site.url, transports=["polling"], auth={"v": 1})


def test_several_processes_serve_one_browser_by_polling(busy_site: KlimawerkServer) -> None:
    for _ in range(4):
        client = busy_site.socket(factories.person(), transports=("polling",))
        for _ in range(3):
            assert client.call("watch", {"topics": []}, timeout=5)["ok"]
        client.disconnect()
