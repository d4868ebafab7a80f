"""A measure, and people of both sides with windows on it."""

from __future__ import annotations

from tests.editor.conftest import measure, sheet_for, team

__all__ = ["measure", "sheet_for", "team"]
