"""What areas register belongs to one app: another app in the same process has none of it."""

from __future__ import annotations

import pytest
from flask import Flask

from klimawerk.registry import Event, Hooks, Registry


@pytest.fixture
def apps() -> tuple[Flask, Flask]:
    return Flask("one"), Flask("other")


def test_an_entry_is_found_by_its_key_in_its_own_app_only(apps: tuple[Flask, Flask]) -> None:
    here, there = apps
    kinds: Registry[str, int] = Registry("kinds")
    kinds.add(here, "goal", 1)
    kinds.add(here, "measure", 2)
    kinds.add(there, "measure", 3)
    with here.app_context():
        assert dict(kinds) == {"goal": 1, "measure": 2}
    with there.app_context():
        assert kinds["measure"] == 3
        assert kinds.get("goal") is None


def test_two_registries_of_one_app_are_apart(apps: tuple[Flask, Flask]) -> None:
    rules: Registry[str, int] = Registry("rules")
    kinds: Registry[str, int] = Registry("kinds")
    rules.add(apps[0], "goal", 1)
    with apps[0].app_context():
        assert not kinds


def test_a_key_that_is_taken_is_refused(apps: tuple[Flask, Flask]) -> None:
    kinds: Registry[str, int] = Registry("kinds")
    kinds.add(apps[0], "goal", 1)
    with pytest.raises(ValueError, match="kinds: 'goal' is registered already"):
        kinds.add(apps[0], "goal", 2)


def test_listeners_hear_of_their_own_app_once_each_in_order(apps: tuple[Flask, Flask]) -> None:
    here, there = apps
    changed: Event[[str]] = Event()
    heard: list[str] = []
    changed.connect(here, lambda topic: heard.append(f"first {topic}"))
    changed.connect(here, lambda topic: heard.append(f"second {topic}"))
    changed.connect(there, lambda topic: heard.append(f"there {topic}"))
    with here.app_context():
        changed.send("measure:1")
    assert heard == ["first measure:1", "second measure:1"]


def test_hooks_keep_their_order(apps: tuple[Flask, Flask]) -> None:
    hooks: Hooks[int] = Hooks()
    for entry in (3, 1, 2):
        hooks.add(apps[0], entry)
    with apps[0].app_context():
        assert list(hooks) == [3, 1, 2]
    with apps[1].app_context():
        assert not list(hooks)
