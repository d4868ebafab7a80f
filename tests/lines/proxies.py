"""TCP proxies between browser and server: networks that block WebSockets, and one that counts.

They look at the first request of each connection; a browser opens a separate connection for a WebSocket.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.servers import free_port

REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_UPGRADE = re.compile(rb"\r\nupgrade:\s*websocket\r\n", re.IGNORECASE)


class Front:
    """Forwards everything to `port` but WebSockets, which are refused, or dropped without a response.

    `turned_away` counts them; `url` is the address for browsers. After `lets_all_through` it forwards them too.
    """

    def __init__(self, port: int, *, swallows: bool) -> None:
        self._port, self._swallows = port, swallows
        self._listener = socket.create_server(("127.0.0.1", free_port()), backlog=128)
        self._open: set[socket.socket] = set()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.turned_away, self.lets_all_through = 0, False
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for one in [self._listener, *self._open]:
            _end(one)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.add(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError):
            head = _head(client)
            if not self.lets_all_through and _UPGRADE.search(head):
                self._turn_away(client)
            elif head:
                self._pass_on(client, head)
        self._drop(client)

    def _turn_away(self, client: socket.socket) -> None:
        self.turned_away += 1
        if not self._swallows:
            client.sendall(REFUSAL)
            return
        while client.recv(4096):  # until the browser gives up
            pass

    def _pass_on(self, client: socket.socket, head: bytes) -> None:
        server = socket.create_connection(("127.0.0.1", self._port))
        self._open.add(server)
        server.sendall(head)
        back = threading.Thread(target=_copy, args=(server, client), daemon=True)
        back.start()
        _copy(client, server)
        back.join()
        self._drop(server)

    def _drop(self, one: socket.socket) -> None:
        self._open.discard(one)
        _end(one)


@contextmanager
def front(port: int, *, swallows: bool) -> Iterator[Front]:
    made = Front(port, swallows=swallows)
    yield made
    made.close()


def _head(client: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and (more := client.recv(65_536)):
        head += more
    return head


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Until either side closes; then both are closed."""
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    for one in (source, target):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


def _end(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
