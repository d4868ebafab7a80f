"""Retention periods: records are deleted after the time in the table, which the README repeats."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from klimawerk.accounts import audit
from klimawerk.accounts.models import AuditEntry, Link, Login
from klimawerk.clock import now
from klimawerk.config import ROOT
from klimawerk.database import writing
from klimawerk.digests.models import DROPPED, FAILED, SENT, WAITING, DigestMail
from klimawerk.extensions import db
from klimawerk.privacy import retention
from klimawerk.versions.models import Visit
from tests import factories


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_the_readme_has_the_same_table() -> None:
    readme = (ROOT / "README.md").read_text()
    table = readme[readme.index("| what is kept |") :].split("\n\n")[0]
    rows = [tuple(part.strip() for part in line.strip("|").split("|")) for line in table.splitlines()[2:]]
    assert rows == [(rule.what, rule.kept, rule.why) for rule in retention.RULES]


def test_sign_ins_go_before_the_rest_of_the_record(any_database: str, app: Flask) -> None:
    moment = now()
    with writing():
        for days in (1, 89, 91, 400, 1096):
            for action in ("signed_in", "sign_in_failed", "member_added"):
                db.session.add(AuditEntry(action=action, at=moment - timedelta(days=days), detail={}))
    retention.delete_expired(moment)
    remaining = db.session.execute(select(AuditEntry.action, AuditEntry.at).order_by(AuditEntry.id)).all()
    assert [(action, (moment - at).days) for action, at in remaining] == [
        ("signed_in", 1), ("sign_in_failed", 1), ("member_added", 1),
        ("signed_in", 89), ("sign_in_failed", 89), ("member_added", 89),
        ("member_added", 91), ("member_added", 400),
    ]  # fmt: skip


def test_links_go_thirty_days_after_they_are_worth_nothing(app: Flask) -> None:
    moment, day = now(), timedelta(days=1)
    with writing() as session:
        for key, used, expires in (
            ("open", None, moment + day),
            ("expired lately", None, moment - 29 * day),
            ("expired long ago", None, moment - 31 * day),
            ("used lately", moment - 29 * day, moment - 20 * day),
            ("used long ago", moment - 31 * day, moment + day),
        ):
            session.add(Link(key=key, purpose="invitation", used_at=used, expires_at=expires, payload={"email": key}))
    retention.delete_expired(moment)
    assert set(db.session.scalars(select(Link.key))) == {"open", "expired lately", "used lately"}


def test_a_mail_that_still_waits_is_never_swept(app: Flask) -> None:
    person, moment = factories.person(), now()
    with writing() as session:
        for state in (SENT, DROPPED, FAILED, WAITING):
            made_at = moment - timedelta(days=91)
            mail = DigestMail(person_id=person.id, message_id=state, made_at=made_at, until=made_at, language="en")
            mail.subject = mail.text = mail.html = mail.state = state
            session.add(mail)
    retention.delete_expired(moment)
    assert db.session.scalars(select(DigestMail.state)).all() == [WAITING]


def test_many_rows_go_in_several_transactions(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    moment = now()
    with writing() as session:
        session.add_all(Login(key=str(number), expires_at=moment - timedelta(days=1)) for number in range(8))
        session.add(Login(key="running", expires_at=moment + timedelta(days=1)))
    person = factories.person()
    programme = factories.programme(factories.partnership())
    with writing() as session:
        for item in range(programme.id, programme.id + 4):
            session.add(Visit(person_id=person.id, item_id=item, at=moment - timedelta(days=2000 if item % 2 else 1)))
    deleted = retention.delete_expired(moment)
    assert (deleted["Sessions"], count(Login)) == (8, 1)
    assert count(Visit) == 2


def test_the_server_sweeps_by_itself_and_then_once_a_day(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[str] = []
    clock = [1_000.0]

    def record_run() -> dict[str, int]:
        runs.append("run")
        return {}

    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(retention, "delete_expired", record_run)
    job = retention.RetentionJob()
    for seconds in (1_010.0, 1_061.0, 1_062.0, 1_061.0 + 23 * 3600, 1_061.0 + 24 * 3600, 1_062.0 + 24 * 3600):
        clock[0] = seconds
        job.run_if_due()
    assert len(runs) == 2
    jobs = app.extensions["live"].background._each_second
    assert any(isinstance(getattr(each, "__self__", None), retention.RetentionJob) for each in jobs)


def test_the_command_says_the_table_and_sweeps(app: Flask) -> None:
    with writing():
        audit.record("signed_in", by=None)
        db.session.flush()
        db.session.scalars(select(AuditEntry)).one().at = now() - timedelta(days=100)
    output = app.test_cli_runner().invoke(args=["retention"]).output
    assert all(rule.what in output for rule in retention.RULES)
    assert re.search(r"^1 records deleted\.$", output, re.MULTILINE)
