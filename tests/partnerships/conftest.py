"""Fixtures: the people of these tests read English on both sides; tests of German texts set the language."""

from __future__ import annotations

import pytest

from tests import factories


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factories, "LANGUAGES", dict.fromkeys(factories.LANGUAGES, "en"))
