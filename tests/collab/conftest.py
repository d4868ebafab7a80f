"""Fixtures: a document on the engine server, and clients that write in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from klimawerk.collab.storage import document_store
from klimawerk.database import writing
from tests.live.conftest import engine
from tests.live.engine_server import FRAGMENT, EngineServer, ReplicaClient, SocketTestClient

__all__ = ["engine"]


@pytest.fixture
def doc(engine: EngineServer) -> str:
    """Name of a document with one empty fragment."""
    with writing():
        document_store.create_document("measure:7", {FRAGMENT: None, "title.en": None})
    return "measure:7"


@pytest.fixture
def writer(engine: EngineServer, doc: str) -> Callable[..., ReplicaClient]:
    """`writer(person)`: a joined client with a replica."""

    def make(person: int, **options: object) -> ReplicaClient:
        client: SocketTestClient = engine.client(person, **options)
        replica = ReplicaClient(client, doc)
        assert replica.join()["ok"]
        return replica

    return make
