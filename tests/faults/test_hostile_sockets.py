"""An attacker with a login beside a normal user: the one is refused, the other notices nothing."""

from __future__ import annotations

import contextlib
import json
import socket as network
import threading
from collections.abc import Iterator
from functools import partial

import psutil
import pytest
import requests
import socketio

from tests import factories
from tests.faults import hostile_updates
from tests.faults.conftest import LimitedServer
from tests.faults.socket_client import LatencyProbe, SocketClient, memory
from tests.live.engine_server import b64, until
from tests.prompt_client import PromptClient

MORE = 150.0  # MB that the server may hold more afterwards; leaks by the attacks below would be gigabytes
NO_DOCUMENTS = ["measure:999999", "programme:1'--", "measure:", "", "x" * 5_000, "measure:1\x00", None, 7]
NO_STATES = ["", "AA", "!!", "//////////8=", b64(hostile_updates.number(2**40)), b64(b"\xff" * 90_000), 7, {}]
GARBAGE = [
    *(
        "",
        "x",
        "9",
        "4",
        "4x",
        "42",
        "42[]",
        "42{}",
        "42[7]",
        '42["doc:join"',
        '42[{"a":1}]',
        "43[]",
        "43999[1]",
        "40{",
    ),
    *("41/x,", "b4AAAA", "420" * 40, "\x1e\x1e", "2probe", "5", '42["watch",' + "1" * 5_000 + "]"),
    '45999999-["doc:update",{"_placeholder":true,"num":0}]',
    '42["doc:update",{"doc":{"doc":{}}}]',
    "4" + "[" * 200_000,
    "42" + '{"a":' * 20_000,
    "3" + "9" * 50_000,
]


@pytest.fixture
def probe(limited_server: LimitedServer) -> Iterator[LatencyProbe]:
    """A user who types all the time and must not be disturbed; the server's memory stays where it was."""
    before, said = memory(limited_server.server), len(limited_server.server.log)
    with LatencyProbe(limited_server.client()) as probe:
        until(lambda: len(probe.waits) > 3, 20)
        yield probe
        seen = len(probe.waits)
        until(lambda: len(probe.waits) > seen + 3, 20)
    probe.expect_responsive()
    assert memory(limited_server.server) < before + MORE
    assert "Traceback" not in limited_server.server.log[said:], limited_server.server.log[said:]


@pytest.fixture
def attacker(probe: LatencyProbe, limited_server: LimitedServer) -> SocketClient:
    return limited_server.client()


def in_parts(client: SocketClient, update: bytes) -> dict[str, object]:
    """Send an update in as many parts as it needs; the last acknowledgement, or the first refusal."""
    pieces = [update[at : at + 48_000] for at in range(0, len(update), 48_000)]
    for part, piece in enumerate(pieces):
        answer = client.send(piece, id="a", part=part, of=len(pieces))
        if not answer["ok"]:
            break
    return answer


def test_forty_thousand_nested_nodes_are_refused(attacker: SocketClient) -> None:
    assert in_parts(attacker, hostile_updates.nested(40_000))["error"] in ("invalid", "too_large")
    assert attacker.send(hostile_updates.nested(30))["ok"]


def test_a_megabyte_of_nothing_is_refused_before_it_costs_anything(attacker: SocketClient) -> None:
    assert in_parts(attacker, hostile_updates.empty_runs(490_000))["error"] == "too_large"
    assert attacker.send(hostile_updates.empty_runs(1_000))["ok"]


def test_letters_that_would_be_merged_for_minutes_are_refused(attacker: SocketClient) -> None:
    state = attacker.doc.get_update()
    assert in_parts(attacker, hostile_updates.crossing(state, 12_000))["error"] in ("invalid", "too_large")
    few = attacker.send(hostile_updates.crossing(state, 50))
    assert few["ok"], few


def test_documents_that_are_not_there_or_of_others_answer_alike(limited_server: LimitedServer) -> None:
    outsider = limited_server.client(factories.partnership("Anderstadt", "Otherton").de["editor"], joined=False)
    asked = [(event, doc) for doc in NO_DOCUMENTS for event in ("doc:join", "doc:update", "doc:awareness")]
    strange = [outsider.ask(event, {"doc": doc, "u": "AAA=", "a": ""}) for event, doc in asked]
    theirs = [outsider.ask(event, {"doc": limited_server.name, "u": "AAA="}) for event in ("doc:join", "doc:update")]
    assert {answer["error"] for answer in theirs} == {"not_found"}
    assert {answer["error"] for answer in strange} <= {"not_found", "invalid"}


def test_state_vectors_of_nonsense_are_answered(limited_server: LimitedServer) -> None:
    client = limited_server.client(joined=False)
    for state in NO_STATES:
        answer = client.join(sv=state)
        assert answer["ok"] or answer["error"] in ("invalid", "too_large")
    assert client.join(sv=b64(b"\0"))["ok"]


@pytest.mark.slow
def test_garbage_on_the_line_ends_at_most_that_line(probe: LatencyProbe, limited_server: LimitedServer) -> None:
    person = limited_server.person()
    client = limited_server.client(person)
    for garbage in GARBAGE:
        client.raw(garbage)
        if not _answers(client):
            until(partial(_is_gone, client))
            client = limited_server.client(person)
    assert client.type("well-formed")["ok"]


def _is_gone(client: SocketClient) -> bool:
    return not client.socket.connected


def _answers(client: SocketClient) -> bool:
    try:
        return client.ask("watch", {"topics": []}, patience=1.5)["ok"] is True
    except socketio.exceptions.SocketIOError:
        return False


def test_no_event_pretends_that_a_page_has_come_or_gone(attacker: SocketClient) -> None:
    """Handled as what they pretend to be, they would reset limits, and leave rooms behind that are never emptied."""
    for _ in range(3):
        attacker.raw('42["disconnect"]')
        attacker.raw('42["connect",{"HTTP_COOKIE":"klimawerk_session=x"},{"v":1}]')
    assert attacker.ask("watch", {"topics": ["nonsense:1"]})["refused"] == ["nonsense:1"]
    assert attacker.type("the same page")["ok"]


def test_a_message_of_a_megabyte_ends_the_connection_also_by_polling(
    probe: LatencyProbe, limited_server: LimitedServer
) -> None:
    loud = limited_server.client()
    loud.raw('42["doc:update",{"doc":"' + "x" * 1_000_000 + '"}]')
    until(lambda: not loud.socket.connected, 10)
    many = "\x1e".join(['42["watch",{"topics":[]}]'] * 1_000)
    for body in ("4" + "x" * 1_000_000, many, "4" + "[" * 50_000):
        address = _polling(limited_server)
        assert requests.post(address, data=body, timeout=10).status_code == 400
        assert requests.get(address, timeout=10).status_code == 400


def _polling(limited_server: LimitedServer) -> str:
    """The URL of a new long-polling connection."""
    address = f"{limited_server.server.url}/socket.io/?EIO=4&transport=polling"
    return f"{address}&sid={json.loads(requests.get(address, timeout=10).text[1:])['sid']}"


def _is_unknown(address: str) -> bool:
    return requests.get(address, timeout=30).status_code == 400


@pytest.mark.parametrize(
    ("count", "event", "payload"),
    [
        (200, "doc:join", {"doc": None}),
        (30, "watch", {"topics": [f"measure:{number}" for number in range(1, 400)]}),
        (600, "doc:awareness", {"doc": None, "a": "x" * 3_900}),
        (600, "here", {"programme": 1, "item": "measure:1"}),
    ],
    ids=["joins", "watches", "carets", "presence"],
)
def test_a_flood_is_slowed_and_answered(
    attacker: SocketClient, count: int, event: str, payload: dict[str, object]
) -> None:
    answers: list[dict[str, object]] = []
    payload = {**payload, **({"doc": attacker.name} if "doc" in payload else {})}
    for _ in range(count):
        attacker.socket.emit(event, payload, callback=answers.append)
    until(lambda: len(answers) == count or not attacker.socket.connected, 60)
    if attacker.socket.connected:  # else so much was requested that its own heartbeats came too late
        assert {"ok": False, "error": "rate"} in answers
        until(lambda: attacker.type("slower now")["ok"], 30)


def test_one_person_with_many_pages_is_no_better_off(probe: LatencyProbe, limited_server: LimitedServer) -> None:
    came, person = 0, limited_server.person()
    session = limited_server.server.session(person)
    cookie = "; ".join(f"{c.name}={c.value}" for c in session.cookies)
    clients = []
    while came < 80:
        client = PromptClient(reconnection=False, handle_sigint=False)
        try:
            client.connect(limited_server.server.url, transports=["websocket"], headers={"Cookie": cookie})
        except socketio.exceptions.ConnectionError:
            break
        clients.append(client)
        came += 1
    assert 50 <= came < 80
    assert limited_server.client().type("another person")["ok"]
    for client in clients:
        client.disconnect()


@pytest.mark.slow
def test_connections_that_never_say_whose_they_are_end(probe: LatencyProbe, limited_server: LimitedServer) -> None:
    addresses = [_polling(limited_server) for _ in range(60)]
    assert requests.get(addresses[-1], timeout=30).status_code == 200
    for address in addresses:
        until(partial(_is_unknown, address), 40)


@pytest.mark.slow
def test_who_does_not_read_is_dropped_and_others_go_on(probe: LatencyProbe, limited_server: LimitedServer) -> None:
    """Requests the document over and over and reads nothing: what waits is bounded, then the connection is closed."""
    writer = limited_server.client()
    for _ in range(6):
        assert writer.type("Wärme " * 6_000)["ok"]
    reader = limited_server.client()
    hears = threading.Event()
    line = _stop_reading(reader, hears)
    assert not _is_closed(line)
    until(lambda: _requests_again(reader) and _is_closed(line), 90)
    hears.set()
    assert limited_server.client().plain().count("Wärme") >= 36_000


def _requests_again(reader: SocketClient) -> bool:
    """As fast as the limits allow: what is refused because of the rate is answered too."""
    with contextlib.suppress(socketio.exceptions.SocketIOError):  # it may have been closed already
        reader.socket.emit("doc:join", {"doc": reader.name}, callback=lambda _answer: None)
    return True


def _stop_reading(client: SocketClient, hears: threading.Event) -> network.socket:
    """Stop reading this client's socket until it `hears` again; it can still send."""
    line: network.socket = client.socket.eio.ws.sock
    line.setsockopt(network.SOL_SOCKET, network.SO_RCVBUF, 4_096)
    client.socket.eio.ws.recv = lambda *_: "" if hears.wait(600) else None
    return line


def _is_closed(line: network.socket) -> bool:
    """Whether the server has closed the connection; with its TCP window closed the client itself would not notice."""
    port = line.getsockname()[1]
    connections = [
        connection for connection in psutil.net_connections("tcp") if connection.raddr and connection.raddr.port == port
    ]
    return all(connection.status != psutil.CONN_ESTABLISHED for connection in connections)
