"""Whoever only reads has nothing to send, whatever their replica does by itself."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests import servers
from tests.editor.conftest import SheetWindow
from tests.factories import Team
from tests.faults.socket_client import SocketClient
from tests.faults.test_update_mutations import yjs


def test_marks_that_two_set_at_once_leave_nothing_waiting_with_a_reader(
    team: Team, live_server: servers.KlimawerkServer, sheet_for: Callable[..., SheetWindow]
) -> None:
    reader, writer = sheet_for(team.de["observer"]), sheet_for(team.de["editor"])
    for sheet in (reader, writer):
        expect(sheet.body()).to_contain_text("Forty bins")
    desks = [
        SocketClient(live_server, person, f"measure:{reader.item}")
        for person in (team.partner["editor"], team.de["coordinator"])
    ]
    with yjs(desks[0]) as one, yjs(desks[1]) as other:
        for desk, update in ((desks[0], one.mark(0, 5)), (desks[1], other.mark(0, 5))):
            assert desk.send(update)["ok"]
        expect(reader.body().locator("strong")).to_have_text("Forty")
        assert one.apply_update(other.get_update()) or desks[0].own, "nothing is superfluous: this proves nothing"
    reader.page.wait_for_timeout(1_000)
    for sheet in (reader, writer):
        expect(sheet.state).to_have_attribute("data-state", "saved")
    reader.page.reload()
    expect(reader.state).to_have_attribute("data-state", "saved")
    for desk in desks:
        desk.close()
