"""Convergence test: real Yjs clients, a bad connection, a server that is killed; in the end all replicas are equal and
complete.

The seed is printed; TEST_SEED sets it, and TEST_STEPS the number of steps.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from pycrdt import Doc, XmlFragment
from sqlalchemy import text

from klimawerk.collab import rich_text
from klimawerk.collab.models import LiveText
from klimawerk.collab.storage import document_store
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.measures.service import all_measures
from tests import factories, long_runs, servers
from tests.convergence import update_history
from tests.convergence.simulated_clients import SimulatedClients

FRAGMENTS = ("title.en", "title.de", "description.en", "description.de")
TOKEN = re.compile(r"k\d+[a-z]+\d+[äß😀]*\.")
FAULTS = {"delay": [0.15, 120], "double": 0.05, "drop": 0.01}
ENDS = ["kill", "kill with some browsers", "stop", "kill with all browsers"]
CLIENTS, CHURN, PAUSE = 7, 0.02, 12  # PAUSE: average milliseconds between two steps of a client


@dataclass
class ConvergenceServer:
    """A server with two measures that all clients may write in. `start`: {name: state before the first edit}."""

    server: servers.KlimawerkServer
    docs: list[str]
    cookies: list[str]
    start: dict[str, bytes]


@pytest.fixture
def convergence_server(live_server: servers.KlimawerkServer) -> ConvergenceServer:
    team = factories.partnership()
    measures = all_measures(factories.programme(team))
    people = [factories.member(team.partnership, side, "editor") for side in ("de", "partner") for _ in range(3)]
    people.append(team.de["coordinator"])
    cookies = []
    for person in people[:CLIENTS]:
        cookies.append("; ".join(f"{c.name}={c.value}" for c in live_server.session(person).cookies))
    update_history.keep()
    docs = [f"measure:{measure.id}" for measure in measures]
    start = {
        name: document_store.read_log(document_store.find_document(name).id).document().get_update() for name in docs
    }
    return ConvergenceServer(live_server, docs, cookies, start)


def settings(steps: int) -> tuple[int, int]:
    """(seed, steps), from the environment if set there."""
    seed = int(os.environ.get("TEST_SEED") or random.randrange(2**31))
    print(f"seed {seed}: TEST_SEED={seed} repeats its decisions")
    return seed, int(os.environ.get("TEST_STEPS") or steps)


def play(convergence_server: ConvergenceServer, seed: int, steps: int, ends: list[str]) -> dict[str, Any]:
    """Let the clients do their steps while the server ends and restarts in these ways, evenly spread."""
    dice = random.Random(seed)
    plan = [(round(steps * (n + dice.random()) / (len(ends) + 1)), end) for n, end in enumerate(ends, 1)]
    with SimulatedClients() as clients:
        setup = {"churn": CHURN, "faults": FAULTS, "pause": PAUSE, "seed": seed, "steps": steps}
        clients.tell(
            "begin",
            url=convergence_server.server.url,
            docs=convergence_server.docs,
            cookies=convergence_server.cookies,
            **setup,
        )
        for event in clients.events():
            assert event["event"] != "fault", event["sentence"]
            if event["event"] == "steps" and plan and event["count"] >= plan[0][0]:
                end_and_return(convergence_server.server, clients, plan.pop(0)[1], dice)
    assert plan == []
    return event


def end_and_return(server: servers.KlimawerkServer, clients: SimulatedClients, how: str, dice: random.Random) -> None:
    if how == "stop":
        server.stop()
    else:
        server.kill()
    if "browsers" in how:
        clients.tell("crash", count=CLIENTS if "all" in how else dice.randint(1, 3))
    clients.tell("hold", on=True)
    time.sleep(dice.random() / 2)
    server.start()
    clients.tell("hold", on=False)


def check_result(convergence_server: ConvergenceServer, done: dict[str, Any]) -> None:
    """Replicas, log, compacted state and columns agree, and contain every acknowledged token once."""
    db.session.rollback()
    assert not done["unsettled"], done["unsettled"]
    for result in done["docs"]:
        name = result["name"]
        assert result["different"] == [], (
            f"{name}: these clients have something else than the first, at {result['seq']}: {result['others']}"
        )
        same_as_log(convergence_server, name, result)
        same_as_state_and_columns(name, result)
    token_counts = Counter(token for result in done["docs"] for token in tokens(result["content"]))
    for ledger in done["ledgers"]:
        assert [token for token in ledger["there"] if token_counts[token] != 1] == []
        assert [token for token in ledger["gone"] if token_counts[token]] == []
        assert [token for token in ledger["unsure"] if token_counts[token] > 1] == []


def same_as_log(convergence_server: ConvergenceServer, name: str, result: dict[str, Any]) -> None:
    """The log has no gap and no repeated update, and makes the text that the clients have."""
    document_id = document_store.find_document(name).id
    rows = update_history.rows(document_id)
    assert [seq for seq, _ in rows] == list(range(1, result["seq"] + 1))
    replayed, idle = update_history.replay(convergence_server.start[name], [payload for _, payload in rows])
    assert idle == [], "updates in the log that brought nothing new"
    assert texts(replayed) == normal(result["content"])
    log = document_store.read_log(document_id)
    assert log.seq == result["seq"]
    assert [seq for seq, _ in log.rows] == list(range(log.upto + 1, log.seq + 1))
    assert texts(log.document()) == normal(result["content"])


def same_as_state_and_columns(name: str, result: dict[str, Any]) -> None:
    wait_for_projection(name)
    with writing():
        document_store.compact(document_store.find_document(name).id)
    log = document_store.read_log(document_store.find_document(name).id)
    assert (log.upto, log.rows) == (result["seq"], [])
    assert texts(log.document()) == normal(result["content"])
    shown = {row.fragment: (row.plain, row.html) for row in columns(log.id)}
    written = {f: rich_text.read_fragment(log.document().get(f, type=XmlFragment)) for f in FRAGMENTS}
    assert {f: shown[f] for f in FRAGMENTS} == {
        f: (rich_text.to_plain_text(t), rich_text.to_html(t)) for f, t in written.items()
    }


def wait_for_projection(name: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        db.session.rollback()
        document = document_store.find_document(name)
        if document.projected_seq == document.seq:
            return
        assert time.monotonic() < deadline, f"{name} is not projected"
        time.sleep(0.1)


def columns(document_id: int) -> list[LiveText]:
    return db.session.query(LiveText).filter_by(document_id=document_id).all()


def texts(document: Doc[XmlFragment]) -> dict[str, Any]:
    return normal({f: rich_text.read_fragment(document.get(f, type=XmlFragment)) for f in FRAGMENTS})


def normal(texts: dict[str, Any]) -> dict[str, Any]:
    """Each text as JSON in one form: neighbours with the same marks are one run."""
    return {fragment: merged(text) for fragment, text in texts.items()}


def merged(node: dict[str, Any]) -> dict[str, Any]:
    children: list[dict[str, Any]] = []
    for child in (merged(child) for child in node.get("content", [])):
        last = children[-1] if children else {}
        if child["type"] == last.get("type") == "text" and child.get("marks") == last.get("marks"):
            children[-1] = {**last, "text": last["text"] + child["text"]}
        else:
            children.append(child)
    attributes = {key: value for key, value in node.items() if key != "content"}
    return {**attributes, "content": children} if children else attributes


def tokens(texts: dict[str, Any]) -> list[str]:
    words = "\n".join(rich_text.to_plain_text(text) for text in texts.values())
    return TOKEN.findall(words)


def report(done: dict[str, Any], began: float) -> None:
    total = sum(len(ledger["there"]) for ledger in done["ledgers"])
    sizes = ", ".join(
        f"{d['name']}: {d['seq']} updates, {d['size']} bytes, {d['clients']} authors" for d in done["docs"]
    )
    print(f"{time.monotonic() - began:.1f} s; {done['acknowledged']} edits acknowledged, {total} words kept; {sizes}")


@pytest.mark.slow
def test_all_agree_after_thousands_of_edits_on_a_bad_line(convergence_server: ConvergenceServer) -> None:
    seed, steps = settings(long_runs.steps(3_000, 10_000))
    began = time.monotonic()
    done = play(convergence_server, seed, steps, ENDS * max(1, steps // 10_000))
    report(done, began)
    assert done["churn"] > steps * CHURN / 2
    db.session.rollback()
    compacted = [document_store.find_document(name).upto for name in convergence_server.docs]
    check_result(convergence_server, done)
    assert any(compacted) or steps < 5_000, "nothing was compacted meanwhile"


def test_all_agree_on_postgresql(postgresql_address: str, convergence_server: ConvergenceServer) -> None:
    seed, steps = settings(1_500)
    began = time.monotonic()
    done = play(convergence_server, seed, steps, ["kill with all browsers"])
    report(done, began)
    check_result(convergence_server, done)


def test_a_lost_and_a_doubled_word_are_noticed(convergence_server: ConvergenceServer) -> None:
    done = play(convergence_server, seed=1, steps=60, ends=[])
    check_result(convergence_server, done)
    tokens_kept = [word for ledger in done["ledgers"] for word in ledger["there"]]  # one of them may have kept none
    assert tokens_kept
    with pytest.raises(AssertionError):
        check_result(
            convergence_server, {**done, "ledgers": [{"there": [*tokens_kept, "k1a9999."], "gone": [], "unsure": []}]}
        )
    with pytest.raises(AssertionError):
        check_result(convergence_server, {**done, "ledgers": [{"there": [], "gone": tokens_kept[:1], "unsure": []}]})
    with writing():
        db.session.execute(text("DELETE FROM history WHERE seq = 3"))
    with pytest.raises(AssertionError):
        check_result(convergence_server, done)
