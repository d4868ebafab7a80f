"""The measure and the people of the tests on comments."""

from __future__ import annotations

from tests.comments.conftest import table as table
