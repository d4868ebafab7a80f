"""Clocks jump by hours, the server's or a browser's: no one is disconnected, nothing is lost or waits for hours."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import expect

from klimawerk.collab.storage import document_store
from klimawerk.extensions import db
from klimawerk.measures.models import Measure
from tests import factories, servers
from tests.editor.conftest import SheetWindow, sheet_for
from tests.factories import Team
from tests.faults.conftest import DeskFor
from tests.faults.server_clock import ServerClock
from tests.faults.socket_client import FRAGMENT, LatencyProbe, SocketClient
from tests.live.engine_server import until
from tests.offline.browser_store import text_on_disk, wait_until
from tests.sheet_page import field_of, open_field

__all__ = ["sheet_for"]

SheetFor = Callable[..., SheetWindow]
SLOW = 1.5  # seconds that a response takes on a slow line


@pytest.fixture
def clock(tmp_path: Path) -> ServerClock:
    return ServerClock(tmp_path)


@pytest.fixture
def live_server(
    app: Flask, sqlite_address: str, tmp_path: Path, clock: ServerClock
) -> Iterator[servers.KlimawerkServer]:
    """The real server with its `clock`."""
    server = servers.KlimawerkServer(tmp_path, sqlite_address, settings=clock.environment)
    server.start()
    yield server
    server.close()


@pytest.mark.slow
def test_people_type_on_while_the_servers_clock_jumps(
    team: Team, measure: Measure, desk_for: DeskFor, clock: ServerClock
) -> None:
    """One user on a line so slow that the server awaits a heartbeat whenever the clock jumps."""
    writers = [desk_for(factories.member(team.partnership, side, "editor")) for side in ("de", "partner")]
    far, asked = desk_for(team.de["editor"]), threading.Event()
    _answer_late(far, asked)
    with ExitStack() as stack:
        people = [stack.enter_context(LatencyProbe(client)) for client in writers]
        for hours in (7, -30):
            asked.clear()
            until(asked.is_set)
            clock.jump(hours)
            until(partial(_all_at_least, people, [len(person.waits) + 11 for person in people]))
    assert [person.refused for person in people] == [[], []]
    everybody = [*writers, far]
    assert all(client.socket.connected for client in everybody)
    counts = sum(len(person.waits) for person in people)
    until(lambda: {client.plain().count("x") for client in everybody} == {counts})
    until(lambda: len(far.told("doc:people")[-1]["people"]) == 3)
    assert text_on_disk(measure) == far.plain()
    until(lambda: _shown(measure) == far.plain())
    assert document_store.find_document(measure.name).seq == counts


def _all_at_least(people: list[LatencyProbe], counts: list[int]) -> bool:
    """Whether each has typed that many characters."""
    return all(len(person.waits) >= least for person, least in zip(people, counts, strict=True))


def _answer_late(client: SocketClient, asked: threading.Event) -> None:
    """`asked` is set whenever the server awaits this page's heartbeat."""
    engine = client.socket.eio
    send = engine._send_packet

    def late(packet: object) -> None:
        if getattr(packet, "packet_type", None) == 3:
            asked.set()
            time.sleep(SLOW)
        send(packet)

    engine._send_packet = late


def _shown(measure: Measure) -> str:
    db.session.rollback()
    return document_store.texts([measure.name])[measure.name][FRAGMENT].plain


def test_a_jump_past_the_end_of_a_login_is_answered_in_the_page_and_nothing_is_lost(
    team: Team, sheet_for: SheetFor, measure: Measure, clock: ServerClock
) -> None:
    person = team.de["editor"]
    own_sheet = sheet_for(person)
    own_sheet.edit().press_sequentially(" Before.")
    clock.jump(13)
    own_sheet.page.keyboard.type(" Meanwhile.")
    _sign_in_again(own_sheet, person.email)
    expect(own_sheet.state).to_have_attribute("data-state", "saved")
    clock.jump(0)
    own_sheet.edit().press_sequentially(" And after.")
    expect(own_sheet.state).to_have_attribute("data-state", "saved")
    wait_until(own_sheet.page, lambda: "after." in text_on_disk(measure))
    assert text_on_disk(measure) == "Forty bins are set up. Before. Meanwhile. And after."


@pytest.mark.slow
def test_a_browser_whose_clock_jumps_still_shows_others_words_sends_its_own_and_asks_for_the_login(
    team: Team, sheet_for: SheetFor, measure: Measure, live_server: servers.KlimawerkServer
) -> None:
    person = team.de["editor"]
    own_sheet, other_sheet = sheet_for(person), sheet_for(team.partner["editor"])
    own_sheet.page.clock.install()
    own_sheet.page.reload()
    expect(own_sheet.state).to_have_attribute("data-state", "saved")
    priority = field_of(own_sheet.page, f"f-{own_sheet.item}-priority").locator(".value")
    _choose(other_sheet, "low")
    expect(priority).to_have_text("niedrig")
    own_sheet.edit().press_sequentially(" Before.")
    _jump(own_sheet, -5)
    own_sheet.page.keyboard.type(" Back.")
    expect(other_sheet.body()).to_contain_text(" Before. Back.")
    _choose(other_sheet, "medium")
    expect(priority).to_have_text("mittel")
    own_sheet.page.context.set_offline(True)
    own_sheet.page.keyboard.type(" Offline.")
    _jump(own_sheet, 9)
    expect(own_sheet.state_line).to_contain_text("1 ")
    own_sheet.page.context.set_offline(False)
    expect(other_sheet.body()).to_contain_text("Before. Back. Offline.")
    own_sheet.page.keyboard.type(" Again.")
    _jump(own_sheet, -5)
    live_server.session(person).post(f"{live_server.url}/logout/everywhere", timeout=10)
    _sign_in_again(own_sheet, person.email)
    expect(own_sheet.state).to_have_attribute("data-state", "saved")
    assert text_on_disk(measure) == "Forty bins are set up. Before. Back. Offline. Again."


def _choose(sheet: SheetWindow, value: str) -> None:
    open_field(sheet.page, f"f-{sheet.item}-priority").locator("select").select_option(value)


def _jump(sheet: SheetWindow, hours: float) -> None:
    sheet.page.clock.set_system_time(datetime.now(UTC) + timedelta(hours=hours))


def _sign_in_again(sheet: SheetWindow, email: str) -> None:
    dialog = sheet.page.locator("dialog#relogin")
    dialog.locator("input[name=email]").fill(email)
    dialog.locator("input[name=password]").fill(factories.PASSWORD)
    dialog.locator("button").click()
    expect(dialog).to_have_count(0)
