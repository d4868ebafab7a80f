"""Restore hooks: a restore brings back no erased person, no withdrawn invitation, and no digest that was sent."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import stamp, upgrade
from sqlalchemy import select

from klimawerk import config as configuration
from klimawerk import create_app
from klimawerk.accounts import expiring_links
from klimawerk.accounts.models import Link, Person
from klimawerk.clock import now
from klimawerk.database import writing
from klimawerk.digests.models import DROPPED, SENT, WAITING, DigestChoice, DigestMail, DigestMark
from klimawerk.extensions import db
from klimawerk.operations import service
from klimawerk.partnerships import invitations
from klimawerk.partnerships.access import Member
from klimawerk.privacy import erasure, erasure_log
from tests import factories
from tests.privacy.conftest import Workshop
from tests.privacy.test_erasing import traces


@pytest.fixture
def empty(tmp_path: Path) -> Flask:
    """An empty, migrated installation, as on a new machine."""
    app = create_app(configuration.load(instance=tmp_path / "new", testing=True))
    with app.app_context():
        upgrade()
        db.session.remove()
        db.engine.dispose()
    return app


def invite(member: Member, email: str) -> str:
    """Create an invitation; returns its token."""
    return invitations.invite(member, invitations.Invitation(email, "de", "editor", "en"))[1]


def test_who_was_erased_since_is_erased_again(any_database: str, workshop: Workshop, tmp_path: Path) -> None:
    stamp()
    service.write_backup(tmp_path / "backup")
    erasure.erase_person(workshop.zeb, by=None)
    result = service.restore_backup(tmp_path / "backup")
    assert traces() == set()
    assert any("erased again" in sentence for sentence in result.messages)
    service.restore_backup(tmp_path / "backup")  # also when that backup is restored again
    assert traces() == set()


def test_the_list_alone_is_enough_on_a_new_machine(
    app: Flask, workshop: Workshop, empty: Flask, tmp_path: Path
) -> None:
    stamp()
    service.write_backup(tmp_path / "backup")
    erasure.erase_person(workshop.zeb, by=None)
    erasure_file = (Path(app.extensions["klimawerk"].instance) / erasure_log.ERASURE_FILE).read_text()
    with empty.app_context():
        service.restore_backup(tmp_path / "backup")
        assert "person.name" in traces()  # negative control: without the log the erasure is unknown
        (Path(empty.extensions["klimawerk"].instance) / erasure_log.ERASURE_FILE).write_text(
            erasure_file + '{"half a l'
        )
        service.restore_backup(tmp_path / "backup")
        assert traces() == set()
        db.session.remove()
        db.engine.dispose()


def test_a_later_account_with_the_same_number_is_not_erased(app: Flask, workshop: Workshop, tmp_path: Path) -> None:
    stamp()
    service.write_backup(tmp_path / "backup")
    first = factories.person("Came later")
    person_id = first.id
    erasure.erase_person(first, by=None)
    service.restore_backup(tmp_path / "backup")
    second = factories.person("With the same number")
    assert second.id == person_id
    service.write_backup(tmp_path / "second")
    service.restore_backup(tmp_path / "second")
    db.session.expire_all()
    assert db.session.get_one(Person, person_id).name == "With the same number"


def test_a_withdrawn_or_used_invitation_does_not_come_alive(app: Flask, workshop: Workshop, tmp_path: Path) -> None:
    stamp()
    coordinator = workshop.member(workshop.team.de["coordinator"])
    tokens = {email: invite(coordinator, f"{email}@example.org") for email in ("open", "withdrawn", "used")}
    service.write_backup(tmp_path / "backup")
    withdrawn = expiring_links.find_link(tokens["withdrawn"])
    invitations.withdraw(coordinator, withdrawn.id)
    invitations.accept(tokens["used"], factories.person(email="used@example.org"))
    messages = service.restore_backup(tmp_path / "backup").messages
    assert any("hold no more" in sentence for sentence in messages)
    expiring_links.find_link(tokens["open"])
    for name in ("withdrawn", "used"):
        with pytest.raises(expiring_links.LinkUsedUp):
            expiring_links.find_link(tokens[name])


def test_on_a_new_machine_no_link_of_a_backup_opens(
    app: Flask, workshop: Workshop, empty: Flask, tmp_path: Path
) -> None:
    stamp()
    invite(workshop.member(workshop.team.de["coordinator"]), "open@example.org")
    service.write_backup(tmp_path / "backup")
    with empty.app_context():
        service.restore_backup(tmp_path / "backup")
        assert db.session.scalars(select(Link).where(Link.used_at.is_(None))).all() == []
        db.session.remove()
        db.engine.dispose()


def _mail(person: Person, name: str, state: str) -> DigestMail:
    mail = DigestMail(person_id=person.id, message_id=name, until=now(), language="en", state=state)
    mail.subject = mail.text = mail.html = "What you missed"
    return mail


def test_no_digest_is_sent_again(app: Flask, workshop: Workshop, tmp_path: Path) -> None:
    stamp()
    long_ago = now() - timedelta(days=3)
    with writing() as session:
        mark = session.get_one(DigestMark, (workshop.zeb.id, workshop.team.partnership.id))
        mark.told_until = mark.called_until = long_ago
        session.add_all([_mail(workshop.ama, "sent since", WAITING), _mail(workshop.ama, "waits still", WAITING)])
    service.write_backup(tmp_path / "backup")
    told_until = now() - timedelta(hours=1)
    with writing() as session:
        mark = session.get_one(DigestMark, (workshop.zeb.id, workshop.team.partnership.id))
        mark.told_until = mark.called_until = told_until
        session.scalars(select(DigestMail).where(DigestMail.message_id == "sent since")).one().state = SENT
    service.restore_backup(tmp_path / "backup")
    mark = db.session.get_one(DigestMark, (workshop.zeb.id, workshop.team.partnership.id))
    assert (mark.told_until, mark.called_until) == (told_until, told_until)
    states = dict(db.session.execute(select(DigestMail.message_id, DigestMail.state)).all())
    assert (states["sent since"], states["waits still"]) == (DROPPED, WAITING)


def test_on_a_new_machine_everybody_counts_as_told(
    app: Flask, workshop: Workshop, empty: Flask, tmp_path: Path
) -> None:
    stamp()
    with writing() as session:
        mark = session.get_one(DigestMark, (workshop.zeb.id, workshop.team.partnership.id))
        mark.told_until = mark.called_until = now() - timedelta(days=3)
    service.write_backup(tmp_path / "backup")
    with empty.app_context():
        started_at = now()
        service.restore_backup(tmp_path / "backup")
        restored_mark = db.session.scalars(select(DigestMark)).one()
        assert restored_mark.told_until >= started_at
        assert db.session.scalars(select(DigestMail).where(DigestMail.state == WAITING)).all() == []
        assert db.session.scalars(select(DigestChoice)).all()
        db.session.remove()
        db.engine.dispose()
