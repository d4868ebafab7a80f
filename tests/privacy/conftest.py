"""Fixtures: a person whose work has left personal data in many tables."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import pytest
from flask import Flask

from klimawerk.accounts import audit, expiring_links, service
from klimawerk.accounts.models import Login, Person
from klimawerk.clock import now
from klimawerk.collab.rich_text import from_plain_text
from klimawerk.collab.storage import document_store
from klimawerk.comments import service as comments
from klimawerk.comments.models import CommentsRead
from klimawerk.comments.service import CommentInput, ThreadSubject
from klimawerk.database import writing
from klimawerk.digests.models import DigestChoice, DigestMail, DigestMark
from klimawerk.editions import service as editions
from klimawerk.exchange.practice import ensure_practice
from klimawerk.extensions import db
from klimawerk.measures.models import Measure
from klimawerk.news.models import SeenMark
from klimawerk.partnerships import invitations
from klimawerk.partnerships.access import Member, member_of
from klimawerk.programmes.models import Programme
from klimawerk.search import index
from klimawerk.sheets import items
from klimawerk.versions import service as versions
from klimawerk.versions import visits
from tests import factories
from tests.factories import Team

NAME, EMAIL = "Zebedäus Quill & Onyx", "zebedaeus@example.org"
TEXT = "Forty green bins and a scale."


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factories, "LANGUAGES", dict.fromkeys(factories.LANGUAGES, "en"))


@dataclass
class Workshop:
    """`zeb` is the person who is erased; `ama` is on the other side."""

    team: Team
    programme: Programme
    measure: Measure
    zeb: Person
    ama: Person

    def member(self, person: Person) -> Member:
        current = member_of(person, self.team.partnership.id)
        assert current
        return current


def comment_input(text: str) -> CommentInput:
    return CommentInput(text, "en", str(uuid.uuid4()))


@pytest.fixture
def workshop(app: Flask) -> Workshop:
    team = factories.partnership("Wiesenbrück", "Abenkrom")
    programme = factories.programme(team)
    zeb = factories.person(NAME, email=EMAIL, language="de")
    factories.member(team.partnership, "de", "editor", who=zeb)
    data = Workshop(team, programme, factories.measure(programme), zeb, team.partner["editor"])
    _create_texts_and_versions(data)
    _create_comments(data)
    _create_records(data)
    index.reindex_pending()
    return data


def _create_texts_and_versions(data: Workshop) -> None:
    with writing():
        document_store.merge_contents(data.measure.name, {"description.en": from_plain_text(TEXT)}, by=data.zeb.id)
    versions.keep_version(data.measure.id, by=data.member(data.zeb), label="Kept", remark="")
    editions.create_edition(
        data.programme, by=data.member(data.team.de["coordinator"]), name="After the mission", purpose="mission"
    )
    items.lock_item(data.measure, "Until the council has decided", by=data.zeb.name)
    ensure_practice(data.zeb)


def _create_comments(data: Workshop) -> None:
    zeb, ama = data.member(data.zeb), data.member(data.ama)
    own = comments.open_thread(
        data.measure, comment_input("Who weighs the bins?"), kind="task", side="", subject=ThreadSubject(), by=zeb
    )
    answer = comments.reply(own.thread, comment_input(f"Ask @{NAME}, he knows."), by=ama)
    comments.edit(answer, f"Ask @{NAME}, he knows the scale.", by=ama)
    comments.assign(own.thread, data.zeb.id, None, by=ama)
    other = comments.open_thread(
        data.measure, comment_input("A concern"), kind="concern", side="", subject=ThreadSubject(), by=ama
    )
    comments.resolve(other.thread, f"@{NAME} has done it", by=ama)


def _create_records(data: Workshop) -> None:
    service.sign_in(EMAIL, "a wrong one")
    assert service.sign_in(EMAIL, factories.PASSWORD)
    expiring_links.reset_link(data.zeb, by=None)
    other = factories.partnership("Another", "Third")
    inviter = member_of(other.de["coordinator"], other.partnership.id)
    assert inviter
    invitations.invite(inviter, invitations.Invitation(EMAIL, "de", "editor", "en", NAME))
    visits.record_visits([(data.zeb.id, data.measure.name)])
    moment = now()
    with writing() as session:
        session.add(Login(key="zeb", person_id=data.zeb.id, expires_at=moment))
        session.add(SeenMark(person_id=data.zeb.id, item_id=data.measure.id, at=moment))
        session.merge(CommentsRead(person_id=data.zeb.id, item_id=data.measure.id, at=moment))
        session.add(DigestChoice(person_id=data.zeb.id, due_at=moment))
        session.add(
            DigestMark(
                person_id=data.zeb.id,
                partnership_id=data.team.partnership.id,
                told_until=moment,
                called_until=moment,
            )
        )
        text = f"{NAME} wrote a comment"
        html = "<p>Zebedäus Quill &amp; Onyx wrote a comment</p>"
        for person in (data.zeb, data.ama):
            mail = DigestMail(person_id=person.id, message_id=f"<{person.id}@x>", until=moment, language="en")
            mail.partnerships = [data.team.partnership.id]
            mail.subject, mail.text, mail.html = text, text, html
            session.add(mail)
        audit.record("sign_in_failed", by=None, unknown=audit.masked_address(EMAIL))
    db.session.expire_all()
