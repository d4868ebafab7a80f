"""What the tests of accounts have in common."""

from __future__ import annotations

import pytest

from klimawerk.accounts import attempts
from klimawerk.clock import now


@pytest.fixture(autouse=True)
def waits_end_by_let_pass_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of counted attempts stands still: a slow machine shall not sit a wait out between two guesses."""
    moment = now()
    monkeypatch.setattr(attempts, "now", lambda: moment)
