"""The example programme of ten measures, as in the journeys, looked at from the line."""

from __future__ import annotations

from tests.journeys.conftest import house

__all__ = ["house"]
