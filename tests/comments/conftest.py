"""Fixture: a measure, and members of both sides who comment on it."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from klimawerk.accounts.models import Person
from klimawerk.comments import service
from klimawerk.comments.models import Comment, CommentEvent, Thread
from klimawerk.comments.service import CommentInput, ThreadSubject
from klimawerk.extensions import db
from klimawerk.measures.models import Measure
from klimawerk.partnerships.access import Member, member_of
from klimawerk.programmes.models import Programme
from tests import factories
from tests.client import ProofReader
from tests.factories import Team


@dataclass
class Voice:
    """A user's browser without a script."""

    client: ProofReader
    item: int

    def begin(self, words: str, *, kind: str = "question", **more: Any) -> TestResponse:
        data = {"words": words, "kind": kind, "language": "en", "key": str(uuid.uuid4())} | more
        return self.client.post(f"/items/{self.item}/comments", data=data)

    def reply(self, thread: int, words: str, **more: Any) -> TestResponse:
        data = {"words": words, "language": "en", "key": str(uuid.uuid4())} | more
        return self.client.post(f"/threads/{thread}/comments", data=data)

    def do(self, path: str, **data: Any) -> TestResponse:
        return self.client.post(path, data=data)

    def page(self, query: str = "") -> str:
        response = self.client.get(f"/items/{self.item}/comments{query}")
        assert response.status_code == 200
        return response.get_data(as_text=True)


@dataclass
class Table:
    """One measure, with its team."""

    team: Team
    programme: Programme
    measure: Measure
    app: Flask

    def voice(self, role: str = "editor", side: str = "de") -> Voice:
        return self.voice_of(self.person(role, side))

    def voice_of(self, person: Person) -> Voice:
        client = self.app.test_client()
        assert isinstance(client, ProofReader)
        client.login(person)
        client.get("/")  # news are counted from the first visit
        return Voice(client, self.measure.id)

    def person(self, role: str = "editor", side: str = "de") -> Person:
        people: dict[str, Person] = getattr(self.team, side)
        return people[role]

    def member(self, role: str = "editor", side: str = "de") -> Member:
        member = member_of(self.person(role, side), self.team.partnership.id)
        assert member is not None
        return member

    def thread(self, words: str, *, side: str = "", kind: str = "question", by: Member | None = None) -> Thread:
        """Open a thread, without a browser."""
        comment_input = CommentInput(words, "en", str(uuid.uuid4()))
        by = by or self.member()
        comment = service.open_thread(self.measure, comment_input, kind=kind, side=side, subject=ThreadSubject(), by=by)
        thread = db.session.get(Thread, comment.thread_id)
        assert thread is not None
        return thread

    @property
    def threads(self) -> list[Thread]:
        db.session.rollback()  # see what servers have stored meanwhile
        return list(db.session.scalars(db.select(Thread).order_by(Thread.id)))

    @property
    def comments(self) -> list[Comment]:
        db.session.rollback()  # see what servers have stored meanwhile
        return list(db.session.scalars(db.select(Comment).order_by(Comment.id)))

    @property
    def events(self) -> list[CommentEvent]:
        return list(db.session.scalars(db.select(CommentEvent).order_by(CommentEvent.id)))


@pytest.fixture
def table(app: Flask) -> Table:
    team = factories.partnership("Wiesenbrück", "Abenkrom")
    programme = factories.programme(team)
    return Table(team, programme, factories.measure(programme), app)


def said(html: str) -> str:
    """Visible text of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)))
