"""Fixtures: a measure, and users of both sides with pages of it."""

from __future__ import annotations

from tests.editor.conftest import measure, sheet_for, team

__all__ = ["measure", "sheet_for", "team"]
