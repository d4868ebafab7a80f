"""Fixture of the tests on comments: a measure and members of both sides."""

from __future__ import annotations

from tests.comments.conftest import table as table
