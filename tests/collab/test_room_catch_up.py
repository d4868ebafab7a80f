"""A room gets all updates that another process writes, also when the log is compacted meanwhile."""

from __future__ import annotations

from typing import Any, cast

import pytest
from flask import Flask
from pycrdt import XmlElement, XmlFragment, XmlText

from klimawerk.collab import rich_text
from klimawerk.collab.models import Document, Update
from klimawerk.collab.room.room import Room
from klimawerk.collab.storage import document_store
from klimawerk.database import writing
from klimawerk.extensions import db
from tests import factories

FRAGMENT = "description.en"


class NoOutput:
    def relay_to_members(self, room: Room) -> None:
        """No member is in the room."""


class OtherProcess:
    """Another process: it writes to the log."""

    def __init__(self, name: str) -> None:
        self.name = name

    def write(self, text: str) -> None:
        with writing() as session:
            row = document_store.find_document(self.name)
            document = document_store.read_log(row.id).document()
            before = document.get_state()
            document.get(FRAGMENT, type=XmlFragment).children.append(XmlElement("paragraph", contents=[XmlText(text)]))
            row.seq += 1
            session.add(Update(document_id=row.id, seq=row.seq, payload=document.get_update(before)))

    def compact(self) -> None:
        document_store.compact(document_store.find_document(self.name).id)


@pytest.fixture
def room(any_database: str, app: Flask) -> Room:
    measure = factories.measure(factories.programme(factories.partnership()))
    room = Room(measure.name, cast(Any, NoOutput()))
    room.catch_up()
    return room


def as_just_read(name: str) -> Document:
    row = document_store.find_document(name)
    db.session.expunge(row)
    return row


def text_of(room: Room) -> str:
    assert room._replica is not None
    return rich_text.to_plain_text(rich_text.read_fragment(room._replica.doc.get(FRAGMENT, type=XmlFragment)))


def test_the_words_of_another_process_are_taken_over(room: Room) -> None:
    other_process = OtherProcess(room.name)
    other_process.write("One.")
    other_process.write("Two.")
    room.catch_up(row=as_just_read(room.name))
    assert text_of(room).endswith("One.\n\nTwo.")


@pytest.mark.parametrize("goes_on", [False, True], ids=["nobody goes on", "somebody goes on"])
def test_what_is_compacted_between_two_looks_is_not_missed(room: Room, goes_on: bool) -> None:
    other_process = OtherProcess(room.name)
    other_process.write("One.")
    row = as_just_read(room.name)
    other_process.compact()
    if goes_on:
        other_process.write("Two.")
    room.catch_up(row=row)
    room.catch_up()
    assert text_of(room).endswith("One.\n\nTwo." if goes_on else "One.")
    assert room.seq == document_store.find_document(room.name).seq
