"""Fixtures: the example programme of ten measures (as in the journeys) on a shaped line; two users who write."""

from __future__ import annotations

from tests.editor.conftest import measure, sheet_for, team
from tests.journeys.conftest import house

__all__ = ["house", "measure", "sheet_for", "team"]
