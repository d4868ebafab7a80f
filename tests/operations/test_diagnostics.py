"""Diagnostics: a running process logs its counts on a signal."""

from __future__ import annotations

import json
import os
import re
import signal

from klimawerk.measures.service import all_measures
from tests import factories
from tests.live.engine_server import until
from tests.servers import KlimawerkServer


def request_counts(server: KlimawerkServer) -> dict[str, int]:
    """Send the signal; returns the counts from the server's log."""

    def logged() -> list[str]:
        return re.findall(r"\bcounts (\{.*\})", server.log)

    before = len(logged())
    os.kill(server.pid, signal.SIGUSR1)
    until(lambda: len(logged()) > before, 15)
    counts: dict[str, int] = json.loads(logged()[-1])
    return counts


def test_the_signal_usr1_makes_the_server_count_what_it_holds(live_server: KlimawerkServer) -> None:
    team = factories.partnership()
    measure = all_measures(factories.programme(team))[0]
    empty = request_counts(live_server)
    assert (empty["rooms"], empty["pages"], empty["sockets"]) == (0, 0, 0)
    assert empty["memory"] > 10_000
    page = live_server.socket(team.de["editor"])
    assert page.call("doc:join", {"doc": f"measure:{measure.id}"}, timeout=10)["ok"]
    busy = request_counts(live_server)
    assert (busy["rooms"], busy["members"], busy["pages"], busy["sockets"]) == (1, 1, 1, 1)
    assert busy["greenlets"] > empty["greenlets"]
    page.disconnect()
    until(lambda: request_counts(live_server)["members"] == 0, 15)
    assert request_counts(live_server)["pages"] == 0
    assert live_server.answers()
