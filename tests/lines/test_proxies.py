"""The test proxies block WebSockets as intended, and long-polling passes through them."""

from __future__ import annotations

import pytest
import requests
import socketio

from tests import factories
from tests.lines.proxies import front
from tests.servers import KlimawerkServer


@pytest.mark.parametrize("swallows", [False, True], ids=["refuses", "swallows"])
def test_a_network_that_takes_no_web_socket_takes_long_polling(live_server: KlimawerkServer, swallows: bool) -> None:
    person = factories.person()
    with front(live_server.port, swallows=swallows) as between:
        blocked = socketio.Client(reconnection=False, http_session=live_server.session(person))
        with pytest.raises(socketio.exceptions.ConnectionError):
            blocked.connect(between.url, transports=["websocket"], auth={"v": 1}, wait_timeout=2)
        assert between.turned_away == 1
        polling = live_server.socket(person, transports=("polling",), url=between.url)
        assert polling.call("watch", {"topics": []}, timeout=5)["ok"]
        polling.disconnect()
        assert requests.get(f"{between.url}/healthz", timeout=5).ok


def test_answers_to_long_polling_carry_the_headers_of_pages(live_server: KlimawerkServer) -> None:
    address = f"{live_server.url}/socket.io/?EIO=4&transport=polling"
    opened, refused = requests.get(address, timeout=5), requests.get(f"{address}&sid=none", timeout=5)
    assert (opened.status_code, refused.status_code) == (200, 400)
    page = requests.get(f"{live_server.url}/login", timeout=5).headers
    for answer in (opened, refused):
        for name in ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Permissions-Policy"):
            assert answer.headers[name] == page[name]
        assert answer.headers["Cache-Control"] == "no-store"
