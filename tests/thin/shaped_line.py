"""A shaped line: a TCP proxy between browsers and the server that limits rate and adds delay.

Simulated: one rate per direction, shared by all connections packet by packet; a delay each way; a round trip before a
new connection carries data; TCP's slow start on each connection. Packets cost their headers. Not simulated:
acknowledgements in the other direction, lost packets (they look like stalls), name look-ups.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from tests.servers import free_port

RATE, DELAY = 400_000 / 8, 0.2
"""Bytes per second in each direction; seconds one way."""
PACKET, HEADERS = 1_400, 40
"""Payload bytes of a packet, and its overhead in bytes."""
FIRST_WINDOW, LARGEST_WINDOW = 10, 64
"""Packets in flight on a connection before the first acknowledgement, and at most."""
_Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER with no time: closing sends RST


@dataclass
class Weather:
    """Stalls and resets, reproducible by seed, after given numbers of downloaded bytes.

    A reset affects the connection that carried the last of these bytes; a stall (seconds) affects all.
    """

    seed: int
    apart: tuple[int, int] = (20_000, 60_000)
    stall: tuple[float, float] = (0.5, 2.5)
    resets: float = 0.4
    _left: float = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._left = self._random.randint(*self.apart)

    def after(self, size: int) -> float | None:
        """What happens after `size` more bytes: seconds of a stall, 0 for a reset, None for nothing."""
        self._left -= size
        if self._left > 0:
            return None
        self._left = self._random.randint(*self.apart)
        return 0 if self._random.random() < self.resets else self._random.uniform(*self.stall)


class ShapedLine:
    """Forwards everything to `port`; `url` is the address for browsers. `delay` and `weather` may be changed at any
    time.

    `carried` counts bytes (up, down), `connections` those that were opened, `stalls` and `resets` what happened to
    them.
    """

    def __init__(
        self,
        port: int,
        *,
        rate: float = RATE,
        delay: float = DELAY,
        scheme: str = "http",
        weather: Weather | None = None,
    ) -> None:
        self._port, self.delay, self.weather = port, delay, weather
        self.connections = self.stalls = self.resets = 0
        self._up, self._down = _Direction(rate), _Direction(rate)
        self._open: set[_Connection] = set()
        listener = socket.create_server(("127.0.0.1", free_port()), backlog=128)
        host = "localhost" if scheme == "https" else "127.0.0.1"
        self.url = f"{scheme}://{host}:{listener.getsockname()[1]}"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(listener,), daemon=True)
        self._thread.start()

    @property
    def carried(self) -> tuple[int, int]:
        return self._up.carried, self._down.carried

    def stall(self, seconds: float) -> None:
        """Nothing is forwarded for so long, except packets that were already sent."""
        self._do(self._stall(seconds))

    def reset(self) -> int:
        """Break every connection with RST; returns how many there were."""
        return int(self._do(self._reset(set(self._open))))

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def _run(self, listener: socket.socket) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._accepted, sock=listener, limit=PACKET))
        self._loop.run_forever()
        server.close()
        for connection in self._open:
            connection.reset()
        for task in (tasks := asyncio.all_tasks(self._loop)):
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(OSError, asyncio.CancelledError):
            await asyncio.sleep(2 * self.delay)  # the handshake: the browser is near the proxy and could write at once
            server = await asyncio.open_connection("127.0.0.1", self._port, limit=PACKET)
            await self._serve((reader, writer), server)
        writer.close()

    async def _serve(self, near: _Ends, far: _Ends) -> None:
        connection = _Connection(near[1], far[1])
        self._open.add(connection)
        try:
            async with asyncio.TaskGroup() as tasks:
                self._begin(tasks, near[0], far[1], self._up)
                self._begin(tasks, far[0], near[1], self._down, connection)
        except* OSError:
            pass  # one end is closed: close the other
        finally:
            self._open.discard(connection)
            connection.close()

    def _begin(
        self,
        tasks: asyncio.TaskGroup,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        lane: _Direction,
        struck: _Connection | None = None,
    ) -> None:
        """Forward one direction until its source closes. `struck`: the connection that a reset may break."""
        window, air = _Window(), asyncio.Queue[tuple[float, bytes]]()
        tasks.create_task(self._send(source, lane, window, air, struck))
        tasks.create_task(self._arrive(target, window, air))

    async def _send(
        self,
        source: asyncio.StreamReader,
        lane: _Direction,
        window: _Window,
        air: asyncio.Queue[tuple[float, bytes]],
        struck: _Connection | None,
    ) -> None:
        while data := await source.read(PACKET):
            await window.acquire()
            air.put_nowait((await lane.carry(len(data)) + self.delay, data))
            if struck and self.weather:
                await self._change(self.weather.after(len(data)), struck)
        air.put_nowait((self._loop.time() + self.delay, b""))

    async def _arrive(
        self, target: asyncio.StreamWriter, window: _Window, air: asyncio.Queue[tuple[float, bytes]]
    ) -> None:
        while True:
            due, data = await air.get()
            await asyncio.sleep(due - self._loop.time())
            if not data:
                return target.write_eof()
            target.write(data)
            await target.drain()
            self._loop.call_later(self.delay, window.acknowledged)

    async def _change(self, weather: float | None, struck: _Connection) -> None:
        if weather == 0:
            await self._reset({struck})
        elif weather:
            await self._stall(weather)

    async def _stall(self, seconds: float) -> None:
        self.stalls += 1
        for lane in (self._up, self._down):
            lane.stall(seconds)

    async def _reset(self, struck: set[_Connection]) -> int:
        self.resets += len(struck)
        for connection in struck:
            connection.reset()
        return len(struck)


@contextmanager
def thin(port: int, **options: Any) -> Iterator[ShapedLine]:
    """The shaped line to the server at `port`; `options` as for `ShapedLine`."""
    made = ShapedLine(port, **options)
    try:
        yield made
    finally:
        made.close()


class _Direction:
    """One direction: a packet occupies it for as long as its transmission takes."""

    def __init__(self, rate: float) -> None:
        self._rate, self._free, self.carried = rate, 0.0, 0

    async def carry(self, size: int) -> float:
        """Returns when the last byte is on the line, with that moment."""
        now = asyncio.get_running_loop().time()
        done = self._free = max(self._free, now) + (size + HEADERS) / self._rate
        self.carried += size + HEADERS
        await asyncio.sleep(done - now)
        return done

    def stall(self, seconds: float) -> None:
        self._free = max(self._free, asyncio.get_running_loop().time()) + seconds


class _Window(asyncio.Semaphore):
    """Congestion window: how many packets of one connection may be in flight; one more for each acknowledged."""

    def __init__(self) -> None:
        super().__init__(FIRST_WINDOW)
        self._size = FIRST_WINDOW

    def acknowledged(self) -> None:
        self.release()
        if self._size < LARGEST_WINDOW:
            self._size += 1
            self.release()


class _Connection:
    """Its two ends: towards the browser and towards the server."""

    def __init__(self, *ends: asyncio.StreamWriter) -> None:
        self._ends = ends

    def reset(self) -> None:
        for end in self._ends:
            with suppress(OSError):
                end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            end.transport.abort()

    def close(self) -> None:
        for end in self._ends:
            end.close()
