"""The example as a file and as JSON, and what counts as "the database is unchanged"."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from klimawerk import exchange
from klimawerk.extensions import db

EXAMPLE = (Path(exchange.__file__).parent / "example_programme.json").read_bytes()

Json = dict[str, Any]
Census = Callable[[], dict[str, int]]


@pytest.fixture
def example() -> Json:
    """The example, to be spoilt."""
    return copy.deepcopy(json.loads(EXAMPLE))


@pytest.fixture
def census(app: Flask) -> Census:
    """How many rows each table has."""

    def count() -> dict[str, int]:
        db.session.rollback()
        return {
            name: db.session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in db.metadata.tables.items()
        }

    return count


def as_bytes(file: Any) -> bytes:
    return json.dumps(file, ensure_ascii=False).encode()
