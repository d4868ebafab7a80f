"""What another process writes reaches this one's room whole, whatever is tidied up meanwhile."""

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


class Desk:
    def relay_to_members(self, room: Room) -> None:
        """No member is in the room."""


class Elsewhere:
    """Another process, as far as the log shows it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def write(self, words: str) -> None:
        with writing() as session:
            row = document_store.find_document(self.name)
            document = document_store.read_log(row.id).document()
            before = document.get_state()
            document.get(FRAGMENT, type=XmlFragment).children.append(XmlElement("paragraph", contents=[XmlText(words)]))
            row.seq += 1
            session.add(Update(document_id=row.id, seq=row.seq, payload=document.get_update(before)))

    def tidy(self) -> None:
        document_store.compact(document_store.find_document(self.name).id)


@pytest.fixture
def room(any_database: str, app: Flask) -> Room:
    measure = factories.measure(factories.programme(factories.partnership()))
    room = Room(measure.name, cast(Any, Desk()))
    room.catch_up()
    return room


def as_just_read(name: str) -> Document:
    row = document_store.find_document(name)
    db.session.expunge(row)
    return row


def said(room: Room) -> str:
    assert room._replica is not None
    return rich_text.to_plain_text(rich_text.read_fragment(room._replica.doc.get(FRAGMENT, type=XmlFragment)))


def test_the_words_of_another_process_are_taken_over(room: Room) -> None:
    elsewhere = Elsewhere(room.name)
    elsewhere.write("One.")
    elsewhere.write("Two.")
    room.catch_up(row=as_just_read(room.name))
    assert said(room).endswith("One.\n\nTwo.")


@pytest.mark.parametrize("goes_on", [False, True], ids=["nobody goes on", "somebody goes on"])
def test_what_is_compacted_between_two_looks_is_not_missed(room: Room, goes_on: bool) -> None:
    elsewhere = Elsewhere(room.name)
    elsewhere.write("One.")
    row = as_just_read(room.name)
    elsewhere.tidy()
    if goes_on:
        elsewhere.write("Two.")
    room.catch_up(row=row)
    room.catch_up()
    assert said(room).endswith("One.\n\nTwo." if goes_on else "One.")
    assert room.seq == document_store.find_document(room.name).seq
