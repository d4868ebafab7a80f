"""What the tests of live pages and of texts have: a small house for the engine, two people with a window each."""

from __future__ import annotations

from tests.editor.conftest import measure, sheet_for, team
from tests.live.conftest import engine

__all__ = ["engine", "measure", "sheet_for", "team"]
