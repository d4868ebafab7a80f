"""The engine's own house with documents in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from klimawerk.collab import document_store
from klimawerk.database import writing
from tests.live.conftest import house
from tests.live.engine_server import FRAGMENT, Client, House, Writer

__all__ = ["house"]


@pytest.fixture
def doc(house: House) -> str:
    """Name of a document with one empty fragment."""
    with writing():
        document_store.create_document("measure:7", {FRAGMENT: None, "title.en": None})
    return "measure:7"


@pytest.fixture
def writer(house: House, doc: str) -> Callable[..., Writer]:
    """`writer(person)`: a joined client with a replica."""

    def make(person: int, **options: object) -> Writer:
        client: Client = house.client(person, **options)
        made = Writer(client, doc)
        assert made.join()["ok"]
        return made

    return make
