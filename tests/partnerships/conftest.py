"""The people of these tests read English, whichever side they are on; German is tested where it is the matter."""

from __future__ import annotations

import pytest

from tests import factories


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factories, "LANGUAGES", dict.fromkeys(factories.LANGUAGES, "en"))
