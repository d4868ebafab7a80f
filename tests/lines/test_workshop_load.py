"""Data volume of a workshop for a user who only reads, in bytes; on demand: LONG=1, with -s."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.browsers import account_menu
from tests.editor.conftest import SheetWindow
from tests.factories import Team
from tests.lines.workshop_load import SimulatedUser
from tests.servers import KlimawerkServer

SETTLE, MEASURED = 8, 40  # seconds
FRAME = 4  # framing bytes of a message of this size
BUDGET = 4_000  # bytes per second
_EVENT = re.compile(r'^4[23]\d*\["([\w:-]+)"')


class Meter:
    """Bytes by kind, as Chromium counts responses, and by the length of messages."""

    def __init__(self, page: Page) -> None:
        self.bytes: Counter[str] = Counter()
        self.times: Counter[str] = Counter()
        self._paths: dict[str, str] = {}
        network = page.context.new_cdp_session(page)
        network.send("Network.enable")
        network.on("Network.webSocketFrameReceived", lambda event: self._message("in", event))
        network.on("Network.webSocketFrameSent", lambda event: self._message("out", event))
        network.on("Network.requestWillBeSent", self._asked)
        network.on("Network.loadingFinished", self._answered)

    def _message(self, direction: str, event: dict[str, Any]) -> None:
        data = event["response"]["payloadData"]
        named = _EVENT.match(data)
        kind = named[1] if named else {"2": "ping", "3": "pong"}.get(data, "answers")
        self._count(f"{direction} {kind}", len(data.encode()) + FRAME)

    def _asked(self, event: dict[str, Any]) -> None:
        self._paths[event["requestId"]] = urlsplit(event["request"]["url"]).path

    def _answered(self, event: dict[str, Any]) -> None:
        path = re.sub(r"\d+", "N", self._paths.get(event["requestId"], "?"))
        self._count(f"http {path}", int(event["encodedDataLength"]))

    def _count(self, kind: str, count: int) -> None:
        self.bytes[kind] += count
        self.times[kind] += 1

    def table(self, seconds: int) -> str:
        lines = [f"{sum(self.bytes.values()) / seconds:8.0f} B/s in all"]
        for kind, count in self.bytes.most_common():
            lines.append(f"{count / seconds:8.0f} B/s  {self.times[kind] / seconds:5.2f}/s  {kind}")
        return "\n".join(lines)


@pytest.mark.slow
@pytest.mark.parametrize("saver", [False, True], ids=["as it comes", "data saver"])
def test_a_reader_in_a_workshop_of_twenty_gets_less_than_four_kilobytes_a_second(
    team: Team, measure: Any, sheet_for: Callable[..., SheetWindow], live_server: KlimawerkServer, saver: bool
) -> None:
    towns = dict(zip(("de", "partner"), team.partnership.municipalities, strict=True))
    people = [
        factories.member(team.partnership, side, "editor", town=towns[side])
        for side in ("de", "partner")
        for _ in range(10)
    ][:19]
    reader = sheet_for(team.partner["observer"])
    programme = int(str(reader.page.locator("body").get_attribute("data-programme")))
    if saver:
        account_menu(reader.page).get_by_role("checkbox", name="Data saver").check()
        reader.page.reload()
    users = [SimulatedUser(live_server, who, measure, programme, types=n < 5) for n, who in enumerate(people)]
    for user in users:
        user.start()
    reader.page.wait_for_timeout(SETTLE * 1_000)
    before = reader.body().inner_text()
    meter = Meter(reader.page)
    reader.page.wait_for_timeout(MEASURED * 1_000)
    table, total = meter.table(MEASURED), sum(meter.bytes.values()) / MEASURED
    for user in users:
        user.leave()
    print(f"\n{table}")
    expect(reader.body()).not_to_have_text(before)
    assert total < BUDGET, table
