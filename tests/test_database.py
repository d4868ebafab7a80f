"""What is committed waits for the disk, unless it is written by every opening of a page and harms nobody when lost."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text

from klimawerk.database import writing
from klimawerk.extensions import db

ASK = {"sqlite": "PRAGMA synchronous", "postgresql": "SHOW synchronous_commit"}
WAITS = {"sqlite": (1, 2), "postgresql": ("off", "on")}  # without, with waiting for the disk


@pytest.fixture
def waits(any_database: str, app: Flask) -> dict[object, bool]:
    """{what the database says: whether a commit waits for the disk}."""
    without, waiting = WAITS[db.engine.dialect.name]
    return {without: False, waiting: True}


def said() -> object:
    return db.session.scalar(text(ASK[db.engine.dialect.name]))


def test_a_commit_waits_for_the_disk_also_after_one_that_did_not(waits: dict[object, bool]) -> None:
    seen = []
    for durable in (True, False, True, False, True):
        with writing(durable=durable):
            seen.append(waits[said()])
    assert seen == [True, False, True, False, True]


def test_what_has_to_stay_is_never_part_of_what_may_be_lost(waits: dict[object, bool]) -> None:
    with writing(), writing(durable=False):
        assert waits[said()]
    with writing(durable=False), pytest.raises(RuntimeError), writing():
        pass
