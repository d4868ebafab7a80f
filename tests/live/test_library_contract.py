"""Contract with the libraries whose private parts Klimawerk replaces or relies on.

Each place is compared with its source as it was when the code here was written for it. When a release changes one,
the test names it: read the change, adapt what relies on it, then write the new digest here.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.metadata
import inspect
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

_DEFINITIONS = (ast.ClassDef, ast.FunctionDef)

# Any release of these may move what is replaced, so pyproject.toml names one version of each.
PINNED = ("gevent", "gunicorn", "pycrdt", "python-engineio", "python-socketio")

# module:object -> (what relies on it, digest)
PLACES = {
    "engineio.socket:Socket": ("live/transport.py: EngineSocket, WebSocketTransport, Bounded", "0688216e77c315d6"),
    "engineio.base_socket:BaseSocket": ("live/transport.py: closed, upgraded, last_ping, queue", "8010135b6846b80a"),
    "engineio.payload:Payload": ("live/packet_filter.py: StrictPayload", "ac74d36e4c89c324"),
    "engineio.packet:Packet": ("live/fast_path.py: encodes packets of its own", "5791c3b681ac9031"),
    "engineio.async_drivers.gevent": (
        "live/transport.py: replaces the driver's WebSocket and queue",
        "780876b11271f56a",
    ),
    "engineio.async_drivers.threading": (
        "live/transport.py: the same where each request has a thread",
        "df5e3159dba12dca",
    ),
    "engineio.server:Server._handle_connect": ("live/transport.py: makes EngineSocket", "47be6a22962cb440"),
    "engineio.server:Server.handle_request": (
        "live/transport.py: finds sockets by id, removes ended ones",
        "0c43dc87d8ae6ce4",
    ),
    "engineio.server:Server._service_task": ("live/transport.py: removes ended sockets before it", "c9ae3ea8765c4b60"),
    "socketio.packet:Packet": ("live/packet_filter.py: StrictPacket", "9568aecebcc30064"),
    "socketio.server:Server._handle_eio_message": ("live/fast_path.py: is passed by", "1fb1de834aa64f04"),
    "socketio.base_manager:BaseManager.sid_from_eio_sid": ("live/fast_path.py: ids of both layers", "06e3ba5e48f822f7"),
    "socketio.base_manager:BaseManager.eio_sid_from_sid": (
        "live/fast_path.py, live/transport.py: the same",
        "d6a289d390c8ac22",
    ),
    "gevent.hub:idle": ("cooperative.py: yield_to_loop", "57b68ba9cabfc914"),
    "gevent.hub:Hub": ("cooperative.py: main_hub; accounts/passwords.py: threadpool", "c2e3429904cc41ef"),
    "gevent._socket3:socket": ("live/websocket.py: _sock, which never waits", "419984633822524b"),
    "gunicorn.workers.ggevent:GeventWorker": ("gunicorn.conf.py: Worker", "dcde7e635ab9ba43"),
    "gunicorn.workers.base_async:AsyncWorker": (
        "gunicorn.conf.py: Worker.handle, Worker.handle_request",
        "bddf51c9440cad00",
    ),
    "pycrdt._xml:XmlElement": ("collab/rich_text.py: _init, called when an element gets its place", "0c95ed58c8903e4c"),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_private_part_of_a_library_is_as_it_was_when_code_was_written_for_it(place: str) -> None:
    relies, digest = PLACES[place]
    assert _digest(_source(place)) == digest, f"{place} has changed; it matters to {relies}"


@pytest.mark.parametrize("package", PINNED)
def test_a_library_with_replaced_parts_is_pinned_to_one_version(package: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = {spec.partition("==")[0].partition("[")[0]: spec.partition("==")[2] for spec in project["dependencies"]}
    assert pins.get(package) == importlib.metadata.version(package)


def test_a_changed_statement_changes_the_digest_and_a_comment_does_not() -> None:
    source = "def send(packet):\n    queue.put(packet)\n"
    assert _digest(source) != _digest(source.replace("put", "append"))
    assert _digest(source) == _digest(source.replace("\n    ", "\n    # In order.\n    ", 1))


def _source(place: str) -> str:
    """The source in the library's file: an app may have replaced the object itself by then."""
    module, _, name = place.partition(":")
    source = inspect.getsource(importlib.import_module(module))
    if not name:
        return source
    node: ast.AST = ast.parse(source)
    for part in name.split("."):
        node = next(child for child in ast.walk(node) if isinstance(child, _DEFINITIONS) and child.name == part)
    return ast.get_source_segment(source, node) or ""


def _digest(source: str) -> str:
    """Of the lines that are neither empty nor comments: the same in every version of Python."""
    lines = (line.strip() for line in source.splitlines())
    return hashlib.sha256("\n".join(line for line in lines if line and line[0] != "#").encode()).hexdigest()[:16]
