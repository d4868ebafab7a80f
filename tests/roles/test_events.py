"""Every socket event by every role: the program's own list of events against the table of what each requires."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import socketio.exceptions
from flask import Flask
from pycrdt import Doc

from klimawerk.extensions import socketio as server
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
def desks(world: World, live_server: servers.KlimawerkServer) -> Iterator[dict[str, tuple[Role, SocketClient]]]:
    found = {
        role.name: (role, SocketClient(live_server, role.person, world.measure.name))
        for role in world.roles()
        if role.person
    }
    yield found
    for _role, desk in found.values():
        desk.close()


def test_every_event_says_what_it_requires(app: Flask) -> None:
    assert set(EVENTS) == set(server.server.handlers["/"])


def test_a_visitor_is_not_connected(live_server: servers.KlimawerkServer) -> None:
    stranger = socketio.SimpleClient()
    with pytest.raises(socketio.exceptions.ConnectionError):
        stranger.connect(live_server.url, transports=["websocket"], auth={"v": 1})


@pytest.mark.slow
def test_every_event_by_every_role(world: World, desks: dict[str, tuple[Role, SocketClient]]) -> None:
    topics_of_every_kind_are_watched_by_whom_they_are_for(world, desks)
    nobody_from_outside_is_shown_where_people_are(world, desks)
    what_concerns_the_asking_page_alone_tells_nothing(world, desks)
    documents_are_joined_and_written_in_by_whom_they_are_for(world, desks)


def documents_are_joined_and_written_in_by_whom_they_are_for(
    world: World, desks: dict[str, tuple[Role, SocketClient]]
) -> None:
    update = None
    for role, desk in desks.values():
        joined = desk.join()
        may_read, may_write = _may(role, "doc:join"), _may(role, "doc:update")
        assert joined["ok"] == may_read, role.name
        if may_read:
            assert joined["write"] == may_write, role.name
            answer = desk.type(f"Words of {role.name}. ")
            update = update or desk.edit("more")
        else:
            assert joined["error"] == "not_found", role.name
            answer = desk.send(update or b"\0\0")
        assert answer["ok"] == may_write, (role.name, answer)
        assert answer.get("error") in (None, "forbidden", "not_joined", "not_found"), (role.name, answer)
    reader = desks["observer, de"][1]
    reader.doc = Doc()
    reader.join()
    for role, _desk in desks.values():
        assert (f"Words of {role.name}. " in reader.plain()) == _may(role, "doc:update"), role.name


def topics_of_every_kind_are_watched_by_whom_they_are_for(
    world: World, desks: dict[str, tuple[Role, SocketClient]]
) -> None:
    assert len(topic_access._rules) > 9
    for role, desk in desks.values():
        answer = desk.ask("watch", {"topics": world.topics()})
        assert answer["ok"]
        for topic in world.topics():
            side = topic.partition(":")[0].rpartition("-")[2] if "-" in topic else ""
            allowed = _may(role, "watch") and side in ("", role.side)
            assert (topic in answer["revs"]) == allowed, (role.name, topic, answer)
            assert (topic in answer["refused"]) != allowed, (role.name, topic)


def nobody_from_outside_is_shown_where_people_are(world: World, desks: dict[str, tuple[Role, SocketClient]]) -> None:
    for role, desk in desks.values():
        answer = desk.ask("here", {"programme": world.programme.id, "item": str(world.measure.id)})
        assert answer["ok"] == _may(role, "here"), (role.name, answer)


def what_concerns_the_asking_page_alone_tells_nothing(
    world: World, desks: dict[str, tuple[Role, SocketClient]]
) -> None:
    payloads = {
        "unwatch": {"topics": world.topics()},
        "quiet": {"saver": True},
        "doc:leave": {"doc": world.measure.name},
        "doc:awareness": {"doc": world.measure.name, "a": b64(b"\0")},
    }
    assert {*payloads, "connect", "disconnect", "doc:join", "doc:update", "watch", "here"} == set(EVENTS)
    for role, desk in desks.values():
        if not _may(role, "doc:join"):
            for event, payload in payloads.items():
                answer = desk.ask(event, payload)
                assert not answer.get("revs"), (role.name, event)
                assert set(answer) <= {"ok", "error", "revs", "refused"}, (role.name, event)
            assert desk.told("doc:update") == desk.told("doc:people") == desk.told("doc:awareness") == []


def _may(role: Role, event: str) -> bool:
    requirement: Requirement = EVENTS[event]
    return role.fulfils(requirement) and not (role.is_operator and isinstance(requirement.who, Right))
