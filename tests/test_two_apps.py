"""Two apps in one process share nothing that areas register, announce or count."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from functools import partial
from logging import Logger
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, TypeVar
from weakref import WeakKeyDictionary, WeakSet

import pytest
from flask import Flask
from limits import parse
from werkzeug.local import LocalProxy

from klimawerk import config as configuration
from klimawerk import create_app, measures
from klimawerk.accounts.account_limits import or_429
from klimawerk.database import writing
from klimawerk.live import changes
from klimawerk.registry import Event, Hooks, Registry
from klimawerk.web import uploads

T = TypeVar("T")
NOT_MODULES_OWN = (LocalProxy, type, ModuleType, FunctionType, Flask, Logger)  # loggers are the process's


def modules() -> list[ModuleType]:
    """Every imported module of klimawerk."""
    return [module for name, module in sorted(sys.modules.items()) if name.partition(".")[0] == "klimawerk"]


def all_of(kind: type[T]) -> dict[str, T]:
    """The objects of a type at the top level of modules, each once, by their first name."""
    found = [(f"{m.__name__}.{name}", value) for m in modules() for name, value in vars(m).items()]
    return {name: value for value, name in {v: n for n, v in reversed(found) if isinstance(v, kind)}.items()}


def sizes(value: object, name: str, seen: set[int], depth: int = 5) -> Iterator[tuple[str, int]]:
    """The number of elements of every container in `value`, by its name."""
    if isinstance(value, NOT_MODULES_OWN) or id(value) in seen or not depth:
        return
    seen.add(id(value))
    if isinstance(value, WeakKeyDictionary):
        return  # what a library keeps for an app for as long as the app exists
    if isinstance(value, dict | list | set | tuple | deque | WeakSet):
        yield name, len(value)
        elements = value.items() if isinstance(value, dict) else enumerate(value)
        for key, element in elements:
            yield from sizes(element, f"{name}[{key}]", seen, depth - 1)
    elif hasattr(value, "__dict__"):
        for key, element in vars(value).items():
            yield from sizes(element, f"{name}.{key}", seen, depth - 1)


def all_sizes() -> dict[str, int]:
    seen: set[int] = set()
    return {
        name: size
        for module in modules()
        for variable, value in list(vars(module).items())
        if not variable.startswith("__")
        for name, size in sizes(value, f"{module.__name__}.{variable}", seen)
    }


def make(folder: Path) -> Flask:
    """An app with a database of its own."""
    return create_app(
        configuration.load(
            instance=folder,
            database_url=f"sqlite:///{folder / 'klimawerk.sqlite'}",
            secret_key="tests",
            testing=True,
            max_message_size=1_000,
        )
    )


@pytest.fixture
def other(app: Flask, tmp_path: Path) -> Flask:
    """An app made after `app`, in the same process."""
    return make(tmp_path / "other")


def test_nothing_of_a_module_grows_by_a_second_app(app: Flask, tmp_path: Path) -> None:
    before = all_sizes()
    make(tmp_path / "other")
    after = all_sizes()
    assert len(before) > 500
    assert {name for name, size in after.items() if size > before.get(name, 0)} == set()


def test_a_list_of_a_module_that_grows_is_found(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measures, "_listeners", [1], raising=False)
    before = all_sizes()
    measures._listeners.append(2)  # type: ignore[attr-defined]
    assert {name: size for name, size in all_sizes().items() if size > before[name]} == {
        "klimawerk.measures._listeners": 2
    }


def test_what_is_registered_for_one_app_is_unknown_to_the_other(app: Flask, other: Flask) -> None:
    registries, hooks = all_of(Registry), all_of(Hooks)
    assert {"klimawerk.live.topic_access.rules", "klimawerk.collab.access.resolvers"} <= registries.keys()
    assert {"klimawerk.live.identity.providers", "klimawerk.digests.pause_rules.rules"} <= hooks.keys()
    for name, registry in registries.items():
        assert registry.of(app).keys() == registry.of(other).keys(), name
        registry.add(other, "throwaway", None)
        assert "throwaway" not in registry, name
        with other.app_context():
            assert "throwaway" in registry, name
    for name, entries in hooks.items():
        assert len(entries.of(app)) == len(entries.of(other)), name
        entries.add(other, None)
        assert len(entries.of(app)) == len(entries.of(other)) - 1, name


def test_an_event_is_heard_by_the_listeners_of_its_own_app_once(app: Flask, other: Flask) -> None:
    events: dict[str, Event[...]] = all_of(Event)
    assert len(events) == 7
    for name, event in events.items():
        heard: list[str] = []
        for listening, listener in ((app, "app"), (other, "other")):
            event._listeners.of(listening)[:] = [partial(heard.append, listener)]
        event.send()
        assert heard == ["app"], name
        with other.app_context():
            event.send()
        assert heard == ["app", "other"], name


def test_a_commit_in_one_app_is_work_for_its_own_index_and_versions(app: Flask, other: Flask) -> None:
    with writing():
        changes.note("measure:7")
    assert app.extensions["search"].pending == {7}
    assert set(app.extensions["versions"]._changed) == {7}
    assert other.extensions["search"].pending == set()
    assert not other.extensions["versions"]._changed


def test_each_app_counts_its_own_attempts_and_uploads(app: Flask, other: Flask) -> None:
    limit = parse("1 per hour")
    for here in (app, other):
        here.extensions["klimawerk_limiter"].enabled = True
        with here.test_request_context():
            or_429(limit, "somebody")
            uploads.running()["somebody"] += 1
            assert uploads.running().total() == 1


def test_each_app_has_its_own_server_with_its_own_limits(app: Flask, other: Flask) -> None:
    servers: list[Any] = [here.extensions["live"].server for here in (app, other)]
    assert servers[0] is app.extensions["socketio"].server
    for part in ("connections", "sockets", "_async"):
        assert getattr(servers[0].eio, part) is not getattr(servers[1].eio, part), part
    assert servers[0].eio._async["websocket"] is not servers[1].eio._async["websocket"]
