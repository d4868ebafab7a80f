"""Fixture: the engine server on the database that the test asks for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.live.engine_server import EngineServer


@pytest.fixture
def engine(app: Flask) -> Iterator[EngineServer]:
    engine = EngineServer(app)
    yield engine
    engine.close()
