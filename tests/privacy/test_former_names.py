"""Erasure of former names: mentions by any name that the person had are removed."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from klimawerk.accounts import service
from klimawerk.accounts.models import FormerName, Person
from klimawerk.comments import service as comments
from klimawerk.comments.models import Comment
from klimawerk.comments.service import ThreadSubject
from klimawerk.exchange import practice
from klimawerk.extensions import db
from klimawerk.partnerships.access import member_of
from klimawerk.privacy import erasure
from tests import factories
from tests.privacy.conftest import NAME, Workshop, comment_input
from tests.privacy.test_erasing import traces


def rename(person: Person, *names: str) -> None:
    for name in names:
        service.change_profile(person, name=name, language="de", timezone="Europe/Berlin")


@pytest.mark.parametrize("names", [["Other Name"], ["Other Name", "A Third"], ["Other", NAME, "Other"]])
def test_no_column_holds_a_name_of_before(any_database: str, workshop: Workshop, names: list[str]) -> None:
    rename(workshop.zeb, *names)
    assert {"comment.words", "digest_mail.html", "document.locked_by"} <= traces()
    erasure.erase_person(workshop.zeb, by=None)
    db.session.expire_all()
    assert traces() == set()
    assert db.session.scalars(select(FormerName)).all() == []


def test_a_name_that_somebody_else_has_now_stays_theirs(workshop: Workshop) -> None:
    """Negative control: taking another member's name for a while neither removes that name nor keeps it in place."""
    borrower = workshop.team.partner["reviewer"]
    rename(borrower, NAME, "Own Name")
    erasure.erase_person(borrower, by=None)
    db.session.expire_all()
    assert any(NAME in text for text in db.session.scalars(select(Comment.words)))
    rename(workshop.ama, NAME, "Own Name")
    erasure.erase_person(workshop.zeb, by=None)
    db.session.expire_all()
    assert not any(NAME in text for text in db.session.scalars(select(Comment.words)))


@pytest.mark.parametrize("name", ["Ann\\e Quill", "100% Quill", "An_n Quill"])
def test_a_name_with_any_sign_goes(any_database: str, app: Flask, name: str) -> None:
    team = factories.partnership()
    measure, person = factories.measure(factories.programme(team)), factories.person(name)
    factories.member(team.partnership, "de", "editor", who=person)
    by = member_of(team.de["editor"], team.partnership.id)
    assert by
    comments.open_thread(
        measure, comment_input(f"Ask @{name} now"), kind="task", side="", subject=ThreadSubject(), by=by
    )
    erasure.erase_person(person, by=None)
    db.session.expire_all()
    (text,) = db.session.scalars(select(Comment.words)).all()
    assert text == "Ask @Former member now"


@pytest.mark.parametrize("resets", [1, 2])
def test_a_call_in_a_practice_programme_of_before_a_reset_goes(workshop: Workshop, resets: int) -> None:
    for _time in range(resets):
        programme = practice.ensure_practice(workshop.zeb)
        by = member_of(workshop.zeb, programme.frame.partnership_id)
        assert by
        comments.open_thread(
            programme, comment_input(f"Hello @{NAME}"), kind="task", side="", subject=ThreadSubject(), by=by
        )
        practice.reset_practice(workshop.zeb)
    erasure.erase_person(workshop.zeb, by=None)
    db.session.expire_all()
    assert traces() == set()
