"""Threads of one side: other sides get them in no page, response, export or announcement."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from klimawerk.comments import service
from klimawerk.comments.service import CommentInput
from klimawerk.comments.topics import ALL_SIDES
from klimawerk.live import topic_access
from klimawerk.live.changes import all_revisions
from tests import servers
from tests.comments.conftest import Table, Voice, said

SECRET = "Our limit is forty thousand."


def urls_of(table: Table, thread: int) -> list[str]:
    """Every URL that could show something of a thread."""
    item, programme = table.measure.id, table.programme.id
    queries = ("", "?state=all", "?mine=yes", "?side=de", f"?person={table.person().id}", "/panel", "/changes?since=0")
    return [
        *(f"/items/{item}/comments{query}" for query in queries),
        *(f"/items/{programme}/comments{query}" for query in (*queries, "/changes?scope=programme&since=0")),
        f"/items/{item}/talks",
        f"/items/{item}/outline?since=0",
        f"/items/{item}/changes?since=0",
        f"/measures/{item}",
        f"/goals/{table.measure.goal_id}",
        f"/programmes/{programme}",
        f"/programmes/{programme}/export.json",
        f"/threads/{thread}",
        f"/threads/{thread}/changes?since=0",
        "/",
    ]


def urls_that_show(voice: Voice, table: Table, thread: int) -> list[str]:
    """URLs whose response contains the secret or another sign of the thread."""
    leaks, signs = [], (SECRET, "(1 open)", '>1<span class="unseen"> open<', "1 open thread")
    for url in urls_of(table, thread):
        part = "since=" in url or url.endswith(("/panel", "/talks"))
        body = voice.client.get(url, headers={"HX-Request": "true"} if part else {}).get_data(as_text=True)
        if any(sign in body for sign in (*signs, f"thread-{thread}")):
            leaks.append(url)
    return leaks


@pytest.mark.slow
def test_the_other_side_s_pages_never_hold_it(table: Table) -> None:
    thread = table.thread(SECRET, side="de").id
    assert urls_that_show(table.voice("editor", "partner"), table, thread) == []
    assert urls_that_show(table.voice("coordinator", "partner"), table, thread) == []
    assert urls_that_show(table.voice_of(table.team.moderator), table, thread) == []
    assert len(urls_that_show(table.voice("observer"), table, thread)) >= 8  # the check finds it where it may be seen


def test_a_thread_for_all_is_found_by_the_same_look(table: Table) -> None:
    thread = table.thread(SECRET).id
    assert len(urls_that_show(table.voice("editor", "partner"), table, thread)) >= 8


def test_nobody_of_the_other_side_can_do_anything_with_it(table: Table) -> None:
    table.thread(SECRET, side="de")
    other = table.voice("coordinator", "partner")
    for path in ("/threads/1/comments", "/threads/1/resolve", "/threads/1/reopen", "/threads/1/assign"):
        assert other.do(path, words="x", language="en").status_code == 404, path
    for path in ("/comments/1", "/comments/1/delete"):
        assert other.do(path, words="x").status_code == 404, path
    assert len(table.events) == 1


def test_it_is_said_on_the_thread_and_at_the_send_button(table: Table) -> None:
    voice = table.voice("editor", "partner")
    voice.begin("Among us", side="partner")
    page = voice.page()
    assert said(page).count("Only Abenkrom sees this.") == 3  # on the thread, at its reply, and at a new one
    voice.do("/comments/1/delete")
    voice.begin("For all", side="")
    assert said(voice.page()).count("Only Abenkrom sees this.") == 1  # where a new one could be kept to a side
    assert '<strong class="only" hidden>' in voice.page()


def test_one_can_keep_a_thread_to_one_s_own_side_only(table: Table) -> None:
    assert table.voice().begin("Theirs", side="partner").status_code == 422
    assert table.voice_of(table.team.moderator).begin("Theirs", side="neutral").status_code == 422
    assert table.threads == []


def test_not_even_a_number_moves_for_the_other_side(any_database: str, table: Table) -> None:
    table.thread("For all")
    before = all_revisions()
    thread = table.thread(SECRET, side="de")
    service.reply(thread, CommentInput("Quite.", "en", str(uuid.uuid4())), by=table.member())
    service.resolve(thread, "", by=table.member())
    moved = {topic for topic, rev in all_revisions().items() if rev != before.get(topic)}
    assert moved == {f"comments-de:{table.measure.id}", f"talks-de:{table.programme.id}"}


def test_a_topic_of_one_side_is_watched_by_that_side_alone(table: Table) -> None:
    stranger = table.team.moderator
    assert stranger
    for kind in ("comments", "talks"):
        for side in ALL_SIDES:
            topic = f"{kind}-{side}:{table.measure.id}"
            assert topic_access.may_watch(table.person("reviewer").id, topic) == (side == "de"), topic
            assert topic_access.may_watch(table.person("observer", "partner").id, topic) == (side == "partner"), topic
            assert topic_access.may_watch(stranger.id, topic) == (side == "neutral"), topic


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_the_socket_tells_the_other_side_nothing(
    table: Table, live_server: servers.KlimawerkServer, until: Callable[..., None], transport: str
) -> None:
    heard: dict[str, list[str]] = {"de": [], "partner": []}
    sockets = []
    for side, topics in heard.items():
        socket = live_server.socket(table.person("editor", side), transports=(transport,))
        socket.on("changed", lambda payload, topics=topics: topics.extend(payload["topics"]))
        asked = [
            f"{kind}-{topic_side}:{table.measure.id}" for kind in ("comments", "talks") for topic_side in ALL_SIDES
        ]
        answer = socket.call("watch", {"topics": [*asked, table.measure.name]})
        assert sorted(answer["revs"]) == sorted(
            [f"comments-{side}:{table.measure.id}", f"talks-{side}:{table.measure.id}", table.measure.name]
        )
        sockets.append(socket)
    session = live_server.session(table.person())
    data = {"words": SECRET, "kind": "concern", "language": "en", "side": "de"}
    assert session.post(f"{live_server.url}/items/{table.measure.id}/comments", data=data, timeout=10).ok
    until(lambda: heard["de"])
    data["side"] = ""
    assert session.post(f"{live_server.url}/items/{table.measure.id}/comments", data=data, timeout=10).ok
    until(lambda: heard["partner"])
    assert heard["partner"] == [f"comments-partner:{table.measure.id}"]  # of the second thread, not of the first
    assert heard["de"].count(f"comments-de:{table.measure.id}") == 2
    for socket in sockets:
        socket.disconnect()


@pytest.fixture
def until() -> Callable[..., None]:
    import time

    def wait(condition: Callable[[], object], seconds: float = 30) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it did not happen in time"
            time.sleep(0.02)

    return wait
