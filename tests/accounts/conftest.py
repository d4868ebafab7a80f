"""Fixtures of the tests of accounts."""

from __future__ import annotations

import pytest

from klimawerk.accounts import attempts
from klimawerk.clock import now


@pytest.fixture(autouse=True)
def waits_end_by_let_pass_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Freeze the clock of counted attempts, so that on a slow machine no wait ends between two attempts."""
    moment = now()
    monkeypatch.setattr(attempts, "now", lambda: moment)
