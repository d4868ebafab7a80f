"""Long computations yield to timers, the network and keystrokes."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from flask import Flask, render_template_string

from klimawerk import cooperative, database
from klimawerk.database import writing
from klimawerk.extensions import db

PIECES = 60
SERVED = """
from gevent import monkey
monkey.patch_all()
import socket, time, gevent
from klimawerk import cooperative

def piece():
    end = time.monotonic() + 0.002
    while time.monotonic() < end:
        pass

def work():
    for _ in range({pieces} // {workers}):
        piece()
        {way}

def ticks():
    global ticked
    while True:
        gevent.sleep(0.0005)
        ticked += 1

def letters():
    global read
    while there.recv(1):
        read += 1
        there.send(b"x")

def answers():
    while here.recv(1):
        here.send(b"x")

ticked = read = 0
here, there = socket.socketpair()
here.send(b"x")
others = [gevent.spawn(one) for one in (ticks, letters, answers)]
gevent.sleep(0.01)
ticked = read = 0
gevent.joinall([gevent.spawn(work) for _ in range({workers})])
print(ticked, read)
"""


def served(statement: str, workers: int) -> tuple[int, int]:
    """How often a timer fired and how many bytes were read while `workers` did PIECES of work of 2 ms together."""
    program = SERVED.format(pieces=PIECES, workers=workers, way=statement)
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    ticked, read = map(int, output.split())
    return ticked, read


@pytest.mark.parametrize("workers", [1, 4])
def test_between_two_pieces_of_work_clock_and_letters_have_their_turn(workers: int) -> None:
    ticked, read = served("cooperative.yield_to_loop()", workers)
    assert ticked >= PIECES // 3
    assert read >= PIECES // 3


def test_a_sleep_of_nothing_lets_nobody_in() -> None:
    ticked, read = served("time.sleep(0)", 4)
    assert ticked < PIECES // 10
    assert read < PIECES // 10


@pytest.fixture
def yields(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    calls: list[str] = []
    monkeypatch.setattr(cooperative, "yield_if_due", lambda: calls.append("one"))
    return calls


def test_every_question_to_sqlite_lets_others_in_but_none_inside_of_a_transaction_that_writes(
    app: Flask, yields: list[str]
) -> None:
    with app.app_context():
        db.session.execute(db.text("SELECT 1"))
        assert yields
        yields.clear()
        with writing():
            db.session.execute(db.text("SELECT 1"))
            database.yield_if_due()
            assert not yields


def test_a_page_lets_others_in_between_its_pieces_and_is_the_same_page(app: Flask, yields: list[str]) -> None:
    with app.test_request_context():
        page = render_template_string("{% for n in range(50) %}<p>{{ n }}</p>{% endfor %}{{ '<' }}")
    assert page == "".join(f"<p>{n}</p>" for n in range(50)) + "&lt;"
    assert len(yields) >= 5  # once for PIECES pieces, of which there are three for each number


def test_a_breath_is_taken_when_somebody_has_worked_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(cooperative, "yield_to_loop", lambda: calls.append("way"))
    monkeypatch.setattr(cooperative, "_last_yield", time.monotonic() + 1_000)
    cooperative.yield_if_due()
    assert not calls
    monkeypatch.setattr(cooperative, "_last_yield", time.monotonic() - cooperative.WORK_SLICE - 1)
    cooperative.yield_if_due()
    assert calls
