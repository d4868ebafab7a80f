"""Role matrix of socket events: every event is tried with every role, and compared with the table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import socketio.exceptions
from flask import Flask
from pycrdt import Doc

from klimawerk.live import topic_access
from klimawerk.partnerships.rights import Right
from tests import servers
from tests.faults.socket_client import SocketClient
from tests.live.engine_server import b64
from tests.roles.requirements import EVENTS, Requirement
from tests.roles.role_matrix_data import Role, World, built


@pytest.fixture
def world(app: Flask) -> World:
    return built(app)


@pytest.fixture
def clients(world: World, live_server: servers.KlimawerkServer) -> Iterator[dict[str, tuple[Role, SocketClient]]]:
    by_role = {
        role.name: (role, SocketClient(live_server, role.person, world.measure.name))
        for role in world.roles()
        if role.person
    }
    yield by_role
    for _role, socket in by_role.values():
        socket.close()


def test_every_event_says_what_it_requires(app: Flask) -> None:
    assert set(EVENTS) == set(app.extensions["socketio"].server.handlers["/"])


def test_a_visitor_is_not_connected(live_server: servers.KlimawerkServer) -> None:
    stranger = socketio.SimpleClient()
    with pytest.raises(socketio.exceptions.ConnectionError):
        stranger.connect(live_server.url, transports=["websocket"], auth={"v": 1})


@pytest.mark.slow
def test_every_event_by_every_role(world: World, clients: dict[str, tuple[Role, SocketClient]]) -> None:
    topics_of_every_kind_are_watched_by_whom_they_are_for(world, clients)
    nobody_from_outside_is_shown_where_people_are(world, clients)
    what_concerns_the_asking_page_alone_tells_nothing(world, clients)
    documents_are_joined_and_written_in_by_whom_they_are_for(world, clients)


def documents_are_joined_and_written_in_by_whom_they_are_for(
    world: World, clients: dict[str, tuple[Role, SocketClient]]
) -> None:
    update = None
    for role, socket in clients.values():
        joined = socket.join()
        may_read, may_write = _may(role, "doc:join"), _may(role, "doc:update")
        assert joined["ok"] == may_read, role.name
        if may_read:
            assert joined["write"] == may_write, role.name
            answer = socket.type(f"Words of {role.name}. ")
            update = update or socket.edit("more")
        else:
            assert joined["error"] == "not_found", role.name
            answer = socket.send(update or b"\0\0")
        assert answer["ok"] == may_write, (role.name, answer)
        assert answer.get("error") in (None, "forbidden", "not_joined", "not_found"), (role.name, answer)
    reader = clients["observer, de"][1]
    reader.doc = Doc()
    reader.join()
    for role, _socket in clients.values():
        assert (f"Words of {role.name}. " in reader.plain()) == _may(role, "doc:update"), role.name


def topics_of_every_kind_are_watched_by_whom_they_are_for(
    world: World, clients: dict[str, tuple[Role, SocketClient]]
) -> None:
    assert len(topic_access.rules) > 9
    for role, socket in clients.values():
        answer = socket.ask("watch", {"topics": world.topics()})
        assert answer["ok"]
        for topic in world.topics():
            side = topic.partition(":")[0].rpartition("-")[2] if "-" in topic else ""
            allowed = _may(role, "watch") and side in ("", role.side)
            assert (topic in answer["revs"]) == allowed, (role.name, topic, answer)
            assert (topic in answer["refused"]) != allowed, (role.name, topic)


def nobody_from_outside_is_shown_where_people_are(world: World, clients: dict[str, tuple[Role, SocketClient]]) -> None:
    for role, socket in clients.values():
        answer = socket.ask("here", {"programme": world.programme.id, "item": str(world.measure.id)})
        assert answer["ok"] == _may(role, "here"), (role.name, answer)


def what_concerns_the_asking_page_alone_tells_nothing(
    world: World, clients: dict[str, tuple[Role, SocketClient]]
) -> None:
    payloads = {
        "unwatch": {"topics": world.topics()},
        "quiet": {"saver": True},
        "doc:leave": {"doc": world.measure.name},
        "doc:awareness": {"doc": world.measure.name, "a": b64(b"\0")},
    }
    assert {*payloads, "connect", "disconnect", "doc:join", "doc:update", "watch", "here"} == set(EVENTS)
    for role, socket in clients.values():
        if not _may(role, "doc:join"):
            for event, payload in payloads.items():
                answer = socket.ask(event, payload)
                assert not answer.get("revs"), (role.name, event)
                assert set(answer) <= {"ok", "error", "revs", "refused"}, (role.name, event)
            assert socket.told("doc:update") == socket.told("doc:people") == socket.told("doc:awareness") == []


def _may(role: Role, event: str) -> bool:
    requirement: Requirement = EVENTS[event]
    return role.fulfils(requirement) and not (role.is_operator and isinstance(requirement.who, Right))
