"""A client with read access has nothing to send, whatever its replica tidies up by itself."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from playwright.sync_api import expect

from tests import servers
from tests.collab.yjs import YjsDoc
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
    clients = [
        SocketClient(live_server, person, f"measure:{reader.item}")
        for person in (team.partner["editor"], team.de["coordinator"])
    ]
    with yjs(clients[0]) as one, yjs(clients[1]) as other, contextlib.closing(YjsDoc()) as bystander:
        marks = [one.mark(0, 5), other.mark(0, 5)]
        bystander.apply_update(one.get_update())
        assert bystander.apply_update(marks[1]), "nothing is superfluous: this proves nothing"
        for client, update in zip(clients, marks, strict=True):
            assert client.send(update)["ok"]
        expect(reader.body().locator("strong")).to_have_text("Forty")
    reader.page.wait_for_timeout(1_000)
    for sheet in (reader, writer):
        expect(sheet.state).to_have_attribute("data-state", "saved")
    reader.page.reload()
    expect(reader.state).to_have_attribute("data-state", "saved")
    for client in clients:
        client.close()
