"""Fixtures shared with the tests of live pages and of texts: a small engine, two users with a page each."""

from __future__ import annotations

from tests.editor.conftest import measure, sheet_for, team
from tests.live.conftest import engine

__all__ = ["engine", "measure", "sheet_for", "team"]
