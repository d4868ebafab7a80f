"""The engine's own house, on the database that the test asks for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.live.engine_server import House, unchanged_registers


@pytest.fixture
def house(app: Flask) -> Iterator[House]:
    with unchanged_registers():
        house = House(app)
        yield house
        house.close()
