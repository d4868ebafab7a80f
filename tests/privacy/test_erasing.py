"""Erasure of a person: no column holds their name, what they wrote stays, and no hash changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import LargeBinary, TypeDecorator, select

from klimawerk.accounts import service
from klimawerk.accounts.models import AuditEntry, Link, Login, Person
from klimawerk.comments.models import Comment, CommentEvent, Thread
from klimawerk.database import writing
from klimawerk.digests.models import DigestMail
from klimawerk.editions.service import editions_of
from klimawerk.exchange.service import export_bytes
from klimawerk.extensions import db
from klimawerk.partnerships.models import Membership, Partnership
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.privacy import erasure, erasure_log
from klimawerk.search.models import SearchEntry
from klimawerk.versions.models import Version
from klimawerk.versions.text_authors import PERSON, authored_passages
from tests import factories
from tests.client import ProofReader
from tests.privacy.conftest import EMAIL, NAME, TEXT, Workshop

NAME_PARTS = ("Zebed", "zebed", "Quill", "quill", "Onyx", "onyx")


def is_erased(person: Person) -> bool:
    db.session.expire_all()
    return person.erased_at is not None


def traces() -> set[str]:
    """Columns with a part of the name or address. Binary columns are left out: their texts hold no names here."""
    columns_with_name = set()
    for table in db.metadata.sorted_tables:
        columns = [column for column in table.columns if not isinstance(column.type, LargeBinary | TypeDecorator)]
        for row in db.session.execute(select(*columns)):
            columns_with_name |= {
                f"{table.name}.{name}"
                for name, value in row._mapping.items()
                if value and any(part in str(value) for part in NAME_PARTS)
            }
    return columns_with_name


def test_no_column_names_who_was_erased(any_database: str, workshop: Workshop) -> None:
    assert {"person.name", "person.email", "comment.words", "comment_event.detail", "thread.outcome", "link.payload",
            "document.locked_by", "digest_mail.html", "search_entry.words"} <= traces()  # fmt: skip
    erasure.erase_person(workshop.zeb, by=None)
    db.session.expire_all()
    assert traces() == set()
    assert service.sign_in(EMAIL, factories.PASSWORD) is None
    assert service.find_person(EMAIL) is None
    assert db.session.scalars(select(Login).where(Login.person_id == workshop.zeb.id)).all() == []
    assert service.create_person(EMAIL, "Somebody else").id != workshop.zeb.id


def test_what_they_wrote_stays_with_its_side_and_every_hash_holds(app: Flask, workshop: Workshop) -> None:
    hashes = db.session.execute(select(Version.id, Version.hash, Version.manifest).order_by(Version.id)).all()
    editions = [edition.hash for edition in editions_of(workshop.programme.id)]
    erasure.erase_person(workshop.zeb, by=None)
    db.session.expire_all()
    (line,) = authored_passages(workshop.measure, "description.en", PERSON)
    assert "".join(span.text for span in line) == TEXT
    assert {span.author.label for span in line if span.author.side} == {"Wiesenbrück: Former member"}
    assert db.session.execute(select(Version.id, Version.hash, Version.manifest).order_by(Version.id)).all() == hashes
    assert [edition.hash for edition in editions_of(workshop.programme.id)] == editions
    texts = db.session.scalars(select(Comment.words).order_by(Comment.id)).all()
    assert texts == ["Who weighs the bins?", "Ask @Former member, he knows the scale.", "A concern"]
    earlier = db.session.scalars(select(CommentEvent.detail).where(CommentEvent.kind == "edited")).one()
    assert earlier == {"words": "Ask @Former member, he knows."}
    mail = db.session.scalars(select(DigestMail)).one()
    assert (mail.person_id, mail.text) == (workshop.ama.id, "Former member wrote a comment")
    entries = db.session.scalars(select(SearchEntry.words).where(SearchEntry.kind == "comment")).all()
    assert not any(NAME in entry for entry in entries)
    assert app.test_cli_runner().invoke(args=["versions", "verify"]).exit_code == 0


def test_every_page_and_file_says_former_member(app: Flask, client: ProofReader, workshop: Workshop) -> None:
    client.login(workshop.ama)
    item, programme = workshop.measure.id, workshop.programme.id
    pages = [
        f"/items/{item}/comments", f"/items/{item}/history",
        f"/items/{item}/who?by=person&text=description.en", f"/measures/{item}",
        f"/items/{item}/compare?from=1&to=now", f"/programmes/{programme}", f"/programmes/{programme}/editions",
        f"/partnerships/{workshop.team.partnership.id}/members", "/",
    ]  # fmt: skip
    pages_with_name = [page for page in pages if "Zebed" in client.get(page).text]
    assert {pages[0], pages[1], pages[2], pages[7]} <= set(pages_with_name)
    erasure.erase_person(workshop.zeb, by=None)
    db.session.expire_all()
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert "Zebed" not in answer.text, page
    for page in pages[:3]:
        text = client.get(page).text
        assert "Former member" in text, page
        assert "Wiesenbrück" in text, page
    assert b"Zebed" not in export_bytes(workshop.programme)


def test_their_open_pages_end_and_others_threads_are_told(workshop: Workshop) -> None:
    before = dict(db.session.execute(select(Thread.id, Thread.revs)).all())
    erasure.erase_person(workshop.zeb, by=None)
    db.session.expire_all()
    after = dict(db.session.execute(select(Thread.id, Thread.revs)).all())
    assert all(after[id_]["partner"] > before[id_]["partner"] for id_ in before)


def test_sign_ins_are_gone_and_what_was_done_about_rights_stays_as_a_number(workshop: Workshop) -> None:
    actions = set(db.session.scalars(select(AuditEntry.action)))
    assert {"signed_in", "sign_in_failed", "reset_link_made"} <= actions
    other_person = service.sign_in(workshop.ama.email, factories.PASSWORD)
    assert other_person
    erasure.erase_person(workshop.zeb, by=None)
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.action.in_(erasure.SIGN_IN_ACTIONS))).all()
    assert [entry.actor_id for entry in entries] == [workshop.ama.id]
    assert db.session.scalars(select(AuditEntry).where(AuditEntry.action == "person_erased")).one().detail == {
        "person": workshop.zeb.id
    }
    assert db.session.scalars(select(Link).where(Link.person_id == workshop.zeb.id)).all() == []


def test_a_name_inside_another_one_is_left_alone(workshop: Workshop) -> None:
    """Negative control: "@Ama" is no mention of "Amadou", and a name without @ is text."""
    short = factories.person("Ama")
    factories.member(workshop.team.partnership, "de", "editor", who=short)
    with writing():
        comment = db.session.scalars(select(Comment).order_by(Comment.id)).first()
        assert comment
        comment.words = "@Amadou and @Ama and Ama and x@Ama"
    erasure.erase_person(short, by=None)
    db.session.expire_all()
    assert comment.words == "@Amadou and @Former member and Ama and x@Ama"


def test_a_name_is_taken_out_in_every_spelling_that_called_the_person(workshop: Workshop) -> None:
    """Negative control: another member's similar name, and a longer one with the same beginning, stay."""
    erased, similar, longer = (factories.person(name) for name in ("Jürgen Groß", "Jurgen Gross", "Jürgen Groß-Weiß"))
    for person in (erased, similar, longer):
        factories.member(workshop.team.partnership, "de", "editor", who=person)
    with writing():
        comment = db.session.scalars(select(Comment).order_by(Comment.id)).first()
        assert comment
        comment.words = "@jürgen  groß, @Ju\u0308rgen Groß! @Jurgen Gross @Jürgen Groß-Weiß @Juergen Groß"
    erasure.erase_person(erased, by=None)
    db.session.expire_all()
    former = "@Former member"
    assert comment.words == f"{former}, {former}! @Jurgen Gross @Jürgen Groß-Weiß {former}"


def test_a_name_is_taken_out_of_waiting_mails_where_a_line_was_wrapped_too(app: Flask) -> None:
    traces = erasure.PersonTraces(["Jürgen Groß"], ["Jürgen Groß"], ["Jurgen Gross"], set())
    mail = DigestMail(language="en", subject="Jürgen Groß wrote", html="<p>@jürgen  groß: <b>Jürgen Groß</b></p>")
    mail.text = "Jürgen\nGroß wrote:\n> Ask Jürgen\n> Groß, @Juergen Gross or @Jurgen Gross; Jürgen Großmann"
    erasure._remove_names(traces, mail)
    former = "Former member"
    assert mail.subject == f"{former} wrote"
    assert mail.html == f"<p>@{former}: <b>{former}</b></p>"
    assert mail.text == f"{former} wrote:\n> Ask {former}, @{former} or @Jurgen Gross; Jürgen Großmann"


def test_the_last_coordinator_and_the_last_operator_are_told_what_to_do_first(app: Flask, client: ProofReader) -> None:
    team = factories.partnership()
    coordinator, operator = team.de["coordinator"], factories.person(operator=True)
    client.login(coordinator)
    page = client.get("/account/erase")
    assert page.status_code == 409
    assert "Musterstadt and Exampleton: Your side needs a coordinator" in page.text
    with pytest.raises(ActionRefused, match="only operator"):
        erasure.erase_person(operator, by=operator)
    refused = app.test_cli_runner().invoke(args=["user", "erase", "--yes", coordinator.email])
    assert (refused.exit_code, "--anyway" in refused.output) == (1, True)
    factories.member(team.partnership, "de", "coordinator")
    assert client.get("/account/erase").status_code == 200
    factories.person(operator=True)
    erasure.erase_person(operator, by=operator)


def test_a_partnership_of_one_ends_with_them(app: Flask) -> None:
    founder = factories.person()
    partnership = Partnership(name={"en": "Alone"})
    with writing() as session:
        session.add(partnership)
    factories.member(partnership, "de", "coordinator", who=founder)
    erasure.erase_person(founder, by=founder)
    db.session.expire_all()
    assert partnership.deleted_at


def test_one_erases_oneself_with_the_password(client: ProofReader, workshop: Workshop) -> None:
    client.login(workshop.zeb)
    assert "/account/erase" in client.get("/account").text
    assert (
        "Former member" in client.get("/account/erase").text
        or "Ehemaliges Mitglied" in client.get("/account/erase").text
    )
    assert client.post("/account/erase", data={"present_password": "a wrong one"}).status_code == 422
    assert not is_erased(workshop.zeb)
    answer = client.post("/account/erase", data={"present_password": factories.PASSWORD})
    assert answer.status_code == 302
    assert answer.headers["Clear-Site-Data"] == '"storage"'
    assert is_erased(workshop.zeb)
    assert client.get("/account").status_code == 302


def test_a_name_that_somebody_else_has_too_stays_theirs(workshop: Workshop) -> None:
    """Taking another member's name before one's own erasure does not remove that name from comments."""
    service.change_profile(workshop.team.partner["reviewer"], name=NAME, language="en", timezone="UTC")
    erasure.erase_person(workshop.team.partner["reviewer"], by=None)
    db.session.expire_all()
    assert f"Ask @{NAME}, he knows the scale." in db.session.scalars(select(Comment.words)).all()


def test_an_account_that_does_not_own_its_address_takes_nothing_of_its_owner_along(workshop: Workshop) -> None:
    with writing():
        squatter = service.add_person(
            EMAIL, "Not the owner", "", language="en", timezone="UTC", by=None, confirmed=False
        )
    invitations = select(Link).where(Link.purpose == "invitation")
    failed_sign_ins = select(AuditEntry).where(AuditEntry.action == "sign_in_failed")
    before = len(db.session.scalars(invitations).all()), len(db.session.scalars(failed_sign_ins).all())
    erasure.erase_person(squatter, by=squatter)
    db.session.expire_all()
    assert (len(db.session.scalars(invitations).all()), len(db.session.scalars(failed_sign_ins).all())) == before
    assert service.sign_in(EMAIL, factories.PASSWORD) == workshop.zeb


def test_the_command_asks_first_and_erases(app: Flask, workshop: Workshop) -> None:
    run = app.test_cli_runner().invoke
    assert run(args=["user", "erase", EMAIL], input="n\n").exit_code == 1
    assert not is_erased(workshop.zeb)
    result = run(args=["user", "erase", "--yes", EMAIL])
    assert result.exit_code == 0, result.output
    assert EMAIL not in run(args=["user", "list"]).output
    assert run(args=["user", "erase", "--yes", EMAIL]).exit_code == 1


def test_the_list_of_the_erased_names_nobody_and_is_private(app: Flask, workshop: Workshop) -> None:
    erasure.erase_person(workshop.zeb, by=None)
    file = Path(app.extensions["klimawerk"].instance) / erasure_log.ERASURE_FILE
    assert file.stat().st_mode & 0o077 == 0
    assert not any(part in file.read_text() for part in NAME_PARTS)
    erasure_log.write_marks()
    assert len(file.read_text().splitlines()) == 1
    file.write_text(file.read_text() + '{"half a l')
    erasure.erase_person(workshop.ama, by=None)
    assert {
        person_id for _key, person_id, _created in filter(None, map(erasure_log._mark, file.read_text().splitlines()))
    } == {
        workshop.zeb.id,
        workshop.ama.id,
    }


def test_somebody_who_only_ended_keeps_their_name(workshop: Workshop) -> None:
    """Negative control: `flask user end` erases nothing."""
    service.end_person(workshop.zeb, by=None)
    assert db.session.get_one(Person, workshop.zeb.id).name == NAME
    assert db.session.scalars(select(Membership).where(Membership.person_id == workshop.zeb.id)).all()
