"""Every socket event with hostile values in its payload is answered without a server error."""

from __future__ import annotations

import inspect
import re
from itertools import cycle, islice
from typing import Any

from flask import Flask

from klimawerk.live import events
from klimawerk.measures.models import Measure
from tests import long_runs
from tests.factories import Team
from tests.faults.conftest import DeskFor, desk_for, measure, team
from tests.servers import KlimawerkServer
from tests.values.hostile_values import HOSTILE

__all__ = ["desk_for", "measure", "team"]
NUMBERS: list[Any] = [2**31, 2**63, 2**64, 2**70, -1, 0, 1.5, float("nan"), float("inf"), True, None]
SHAPES: list[Any] = [[], {}, [[]], ["x"], [None], {"x": {}}, "x" * 5_000, "measure:2147483648", f"programme:{'9' * 70}"]
VALUES = [*HOSTILE, *NUMBERS, *SHAPES]
MESSAGES_PER_SOCKET = 150  # messages per socket, below its rate limit


def known_events(app: Flask) -> dict[str, list[str]]:
    """{event: keys of its payload}, from the server's handlers and from the contract in events.py."""
    contract = dict(re.findall(r'= "([\w:]+)"  # (\{[^}]*\}(?: or \{[^}]*\})?)', inspect.getsource(events)))
    handled = set(app.extensions["live"].server.handlers["/"]) - {"connect", "disconnect"}
    assert handled <= set(contract), "an event without a contract in events.py"
    return {event: sorted(set(re.findall(r"[a-z]+", contract[event])) - {"or"}) for event in sorted(handled)}


def test_nothing_in_any_event_is_a_failure(
    any_database: str, app: Flask, team: Team, measure: Measure, desk_for: DeskFor, live_server: KlimawerkServer
) -> None:
    good = {
        "doc": measure.name,
        "u": "AAA=",
        "a": None,
        "topics": [measure.name],
        "programme": 1,
        "id": "a",
        "part": 0,
        "of": 1,
    }
    values, client, answered = cycle(VALUES), desk_for(team.de["editor"]), 0
    for event, names in known_events(app).items():
        for name in names:
            for value in islice(values, long_runs.steps(12, len(VALUES))):
                payload = {key: good[key] for key in names if key in good} | {name: value}
                answer = client.ask(event, payload)
                assert answer["ok"] or answer["error"] != events.UNAVAILABLE, (event, name, value, answer)
                answered += answer.get("error") != events.RATE  # unfinished updates are limited
                if answered % MESSAGES_PER_SOCKET == 0:
                    client = desk_for(team.de["editor"])
    for value in VALUES[::4]:
        assert client.ask("watch", value)["ok"] in (True, False)
    assert answered > 100
    assert "Traceback" not in live_server.log, live_server.log[-3_000:]
    assert client.type("well")["ok"] or client.join()["ok"]
