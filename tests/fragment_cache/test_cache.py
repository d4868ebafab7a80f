"""The cache of rendered fragments: bounded, one renders for all who miss, and nobody waits for ever or in a
transaction."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import combinations

import pytest
from flask import Flask
from flask_wtf.csrf import generate_csrf
from jinja2 import DictLoader
from sqlalchemy import text

from klimawerk import fragment_cache
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.fragment_cache import ENTRY_OVERHEAD, FragmentCache, TokenMarks, cached_template, digest_of
from tests.live.engine_server import until as until_true

KEY = ("outline", 1, 7)
HERD = """
from gevent import monkey
monkey.patch_all()
import json, gevent
from pathlib import Path
from klimawerk import config, create_app
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.fragment_cache import fragments
from sqlalchemy import text

app = create_app(config.load(instance=Path({folder!r}), async_mode="gevent", secret_key="tests"))
rendered, held = [], []

def render():
    rendered.append(1)
    while fragments().counters.waits < 39:
        gevent.sleep(0.01)
    gevent.sleep(0.01)  # they wait now
    held.append(db.engine.pool.checkedout())
    return "<p>once</p>"

def visit(_number):
    with app.app_context():
        db.session.execute(text("select 1"))
        html = fragments().get(("page", 1), render)
        db.session.remove()
        return html

jobs = [gevent.spawn(visit, number) for number in range(40)]
gevent.joinall(jobs)
with app.app_context():
    counters = fragments().counters
print(json.dumps([len(rendered), sorted({{job.value for job in jobs}}), counters.misses, counters.waits, held]))
"""


def some(letters: int) -> Callable[[], str]:
    return lambda: "x" * letters


@pytest.fixture
def cache(app: Flask) -> FragmentCache:
    return FragmentCache(100_000)


def test_what_is_known_is_rendered_once(cache: FragmentCache) -> None:
    numbers = iter(range(1, 9))
    html = [cache.get(KEY, lambda: f"<p>{next(numbers)}</p>") for _ in range(3)]
    assert html == ["<p>1</p>"] * 3
    assert (cache.counters.misses, cache.counters.hits, cache.counters.waits) == (1, 2, 0)


def test_each_part_of_a_key_makes_another_fragment() -> None:
    keys: list[fragment_cache.Key] = [
        ("a", "b"), ("a, b",), ("a", ("b",)), (("a", "b"),), ("a", "b", None), ("a", "b", ""), ("a', 'b",),
        (1,), ("1",), (True,), (Decimal(1),), (Decimal("1.0"),), (date(2026, 1, 1),), ("2026-01-01",), (),
    ]  # fmt: skip
    for one, other in combinations(keys, 2):
        assert digest_of(one) != digest_of(other), (one, other)
    assert digest_of(("a", 1)) == digest_of(("a", 1))


def test_the_least_recently_used_leave_when_there_is_no_room(app: Flask) -> None:
    cache = FragmentCache(10_000)
    for name in ("a", "b", "c", "d"):
        cache.get((name,), some(2_000))
    assert len(cache) == 4
    cache.get(("a",), some(2_000))
    cache.get(("e",), some(2_000))
    assert cache.used_bytes <= 10_000
    assert cache.counters.evictions == 1
    misses = cache.counters.misses
    for name in ("a", "c", "d", "e"):
        cache.get((name,), some(2_000))
    assert cache.counters.misses == misses, "b was the least recently used"


def test_memory_stays_bounded_whatever_comes(app: Flask) -> None:
    cache = FragmentCache(50_000)
    for number in range(2_000):
        cache.get((number,), partial("ä–".__mul__, number * 7 % 3_000))  # two bytes for each character
        assert cache.used_bytes <= 50_000
    assert cache.used_bytes == sum(size for _value, size in cache._entries.values())
    assert all(size >= sys.getsizeof(value) + ENTRY_OVERHEAD for value, size in cache._entries.values())
    cache.clear()
    assert (len(cache), cache.used_bytes) == (0, 0)


def test_a_value_that_would_push_out_the_others_is_not_stored(cache: FragmentCache) -> None:
    cache.get(KEY, some(1_000))
    assert len(cache.get(("huge",), some(60_000))) == 60_000
    assert len(cache) == 1


def test_without_room_everything_is_rendered_each_time(app: Flask) -> None:
    cache, numbers = FragmentCache(0), iter(range(9))
    assert [cache.get(KEY, lambda: str(next(numbers))) for _ in range(2)] == ["0", "1"]
    assert len(cache) == 0


def in_threads(app: Flask, count: int, work: Callable[[], str]) -> list[str | Exception]:
    """What `work` returns or raises in so many threads at once, each in an app context."""
    start = threading.Barrier(count)

    def run(_number: int) -> str | Exception:
        with app.app_context():
            db.session.execute(text("select 1"))
            start.wait()
            try:
                return work()
            except Exception as error:
                return error
            finally:
                db.session.remove()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_of_many_threads_that_miss_one_renders_while_the_others_hold_no_connection(
    app: Flask, cache: FragmentCache
) -> None:
    pool, held = db.engine.pool, []
    db.session.remove()

    def render() -> str:
        until_true(lambda: cache.counters.waits == 15)
        until_true(lambda: pool.checkedout() == 1)  # type: ignore[attr-defined]
        held.append(pool.checkedout())  # type: ignore[attr-defined]
        return "<p>once</p>"

    assert in_threads(app, 16, lambda: cache.get(KEY, render)) == ["<p>once</p>"] * 16
    assert (cache.counters.misses, cache.counters.waits, held) == (1, 15, [1])


def test_of_many_greenlets_that_miss_one_renders_while_the_others_hold_no_connection(app: Flask) -> None:
    folder = str(app.extensions["klimawerk"].instance)
    program = HERD.format(folder=folder)
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(output.stdout) == [1, ["<p>once</p>"], 1, 39, [1]]


def test_when_the_one_who_renders_fails_the_next_one_tries(app: Flask, cache: FragmentCache) -> None:
    tried: list[int] = []

    def render() -> str:
        tried.append(1)
        if len(tried) < 3:
            until_true(lambda: cache.counters.waits >= 3)
            raise ValueError("broken")
        return "<p>third</p>"

    results = in_threads(app, 4, lambda: cache.get(KEY, render))
    assert sum(isinstance(result, ValueError) for result in results) == 2, "an error reaches the one who rendered"
    assert results.count("<p>third</p>") == 2
    assert not cache._renderings


def test_nobody_waits_for_ever(app: Flask, cache: FragmentCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragment_cache, "MAX_WAIT", 0.05)
    stuck, begun = threading.Event(), threading.Event()

    def hang() -> str:
        begun.set()
        stuck.wait(30)
        return "late"

    with ThreadPoolExecutor(1) as pool:

        def first() -> str:
            with app.app_context():
                return cache.get(KEY, hang)

        hanging = pool.submit(first)
        begun.wait(30)
        assert cache.get(KEY, lambda: "own") == "own"
        stuck.set()
        assert hanging.result() == "late"
    assert not cache._renderings


def test_nobody_waits_inside_a_transaction(app: Flask, cache: FragmentCache) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        go_on.wait(30)
        return "slow"

    with ThreadPoolExecutor(1) as pool:

        def first() -> str:
            with app.app_context():
                return cache.get(KEY, slow)

        rendering = pool.submit(first)
        begun.wait(30)
        with writing():
            assert cache.get(KEY, lambda: "own") == "own"
        assert cache.counters.waits == 0
        go_on.set()
        assert rendering.result() == "slow"


def test_who_asks_for_what_he_renders_does_not_wait_for_himself(cache: FragmentCache) -> None:
    started = time.monotonic()
    assert cache.get(KEY, lambda: cache.get(KEY, lambda: "inner") + "!") == "inner!"
    assert time.monotonic() - started < fragment_cache.MAX_WAIT


def test_each_app_has_a_cache_of_its_own(app: Flask) -> None:
    assert fragment_cache.fragments() is app.extensions["fragment_cache"]
    assert fragment_cache.fragments().max_bytes == 32_000_000


def test_a_fragment_that_would_hold_a_readers_token_is_refused(app: Flask) -> None:
    templates = {
        "macro.html": "{% macro csrf() %}{{ csrf_token() }}{% endmacro %}",
        "leaks.html": '{% from "macro.html" import csrf %}<input value="{{ csrf() }}">',
        "keeps.html": '<input value="{{ csrf_token() }}">',
    }
    app.jinja_env.loader = DictLoader(templates)
    for _reader in range(2):
        with app.test_request_context():
            filled = cached_template(("keeps",), "keeps.html", dict)
            assert filled == f'<input value="{generate_csrf()}">'
            with pytest.raises(RuntimeError, match=r"leaks\.html holds a reader's token"):
                cached_template(("leaks",), "leaks.html", dict)


def test_tokens_are_filled_in_for_each_request() -> None:
    marks = TokenMarks()
    fragment = f'<input value="{marks.csrf}"><input value="{marks.request_key}"><input value="{marks.csrf}">'
    assert marks.filled(fragment, lambda: "t", lambda: "k") == '<input value="t"><input value="k"><input value="t">'
    assert marks.filled("<p>none</p>", lambda: pytest.fail("no form"), lambda: pytest.fail("no form")) == "<p>none</p>"
    assert TokenMarks().csrf != marks.csrf
