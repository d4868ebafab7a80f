"""Delivery failures: servers that are down, refuse or hang; processes that die or run in pairs; former members."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select

from klimawerk.accounts import mail as postman
from klimawerk.accounts.models import Person
from klimawerk.config import ROOT
from klimawerk.database import writing
from klimawerk.digests import builder, outbox, pause_rules, rendering
from klimawerk.digests.models import DigestMark
from klimawerk.extensions import db
from klimawerk.partnerships.models import Membership
from klimawerk.privacy import retention
from tests import factories, servers
from tests.client import ProofReader
from tests.digests.conftest import NOON, DigestMailing, clock, later, with_mail, words
from tests.mailbox import Mailbox

SEVEN = clock("2026-11-25 07:00")


class RefusingServer(Mailbox):
    """Refuses recipients with `refusal`, or the content with `at_data`, while these are set."""

    refusal = ""
    at_data = ""

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, to: str, _options: list[str]
    ) -> str:
        if self.refusal:
            return self.refusal
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return self.at_data or await super().handle_DATA(server, session, envelope)


@pytest.fixture
def smtp() -> Iterator[RefusingServer]:
    mailbox = RefusingServer(servers.free_port())
    mailbox.start()
    yield mailbox
    mailbox.stop()


def add_missed_comment(mailing: DigestMailing) -> None:
    mailing.disable_others(mailing.person())
    mailing.comment(mailing.person("editor", "partner"), "Forty bins.", later(NOON, hours=1))


def test_a_server_that_is_down_costs_time_and_nothing_else(mailing: DigestMailing, any_database: str) -> None:
    add_missed_comment(mailing)
    with_mail(mailing.app, f"smtp://klima:secret@127.0.0.1:{servers.free_port()}")
    assert mailing.send_due(SEVEN)["away"] == 1
    (mail,) = mailing.mails
    assert (mail.state, mail.tries, mail.error) == ("waiting", 1, "ConnectionRefusedError")
    with_mail(mailing.app, mailing.box.url)
    assert mailing.send_due(later(SEVEN, minutes=4))["sent"] == 0
    assert mailing.send_due(later(SEVEN, minutes=5))["sent"] == 1
    (got,) = mailing.box.messages
    assert got["Message-ID"] == mail.message_id
    (mail,) = mailing.mails
    assert (mail.state, mail.text, mail.html, mail.error) == ("sent", "", "", "")


@pytest.mark.parametrize("stage", ["refusal", "at_data"])
def test_a_passing_refusal_is_tried_again_for_five_days(mailing: DigestMailing, stage: str) -> None:
    add_missed_comment(mailing)
    setattr(mailing.box, stage, "451 Come back later")
    at, tried = SEVEN, 0
    while at < later(SEVEN, days=6):
        tried += mailing.send_due(at)["failed"]
        at = later(at, minutes=30)
    (mail,) = mailing.mails
    assert (mail.state, mail.error) == ("failed", "451 Come back later")
    assert 20 <= tried == mail.tries <= 32
    assert "Forty bins" in mail.text, "what was given up is kept"


@pytest.mark.parametrize("stage", ["refusal", "at_data"])
def test_a_refusal_for_good_is_given_up_after_three_tries(mailing: DigestMailing, stage: str) -> None:
    add_missed_comment(mailing)
    setattr(mailing.box, stage, "550 No such person here")
    for minutes in (0, 5, 15, 60, 600):
        mailing.send_due(later(SEVEN, minutes=minutes))
    (mail,) = mailing.mails
    assert (mail.state, mail.tries, mail.error) == ("failed", 3, "550 No such person here")
    shown = mailing.app.test_cli_runner().invoke(args=["digest", "status"]).output
    assert "failed: 1" in shown
    assert "550 No such person here" in shown
    assert mailing.person().email in shown


def test_the_operator_sees_what_waits_and_has_it_tried_once_more(
    mailing: DigestMailing, smtp: RefusingServer, client: ProofReader
) -> None:
    add_missed_comment(mailing)
    smtp.refusal = "550 No such person here"
    for minutes in (0, 5, 15):
        mailing.send_due(later(SEVEN, minutes=minutes))
    client.login(mailing.person("reviewer"))
    assert client.get("/digests/waiting").status_code == 404
    assert client.post("/digests/waiting").status_code == 404
    operator = mailing.app.test_client()
    assert isinstance(operator, ProofReader)
    operator.login(factories.person(operator=True))
    page = operator.get("/digests/waiting").text
    assert mailing.person().email in page
    assert "550 No such person here" in page
    assert "Forty bins" not in page, "what people write is not for the operator"
    smtp.refusal = ""
    assert operator.post("/digests/waiting").status_code == 303
    assert mailing.send_due(clock("2027-01-01 12:00"))["sent"] == 1
    assert "No mail waits." in operator.get("/digests/waiting").text


def test_one_who_is_refused_holds_up_nobody(mailing: DigestMailing, smtp: RefusingServer) -> None:
    add_missed_comment(mailing)
    mailing.choose(mailing.person("reviewer"), "daily")
    smtp.refusal = "550 No"
    mailing.send_due(SEVEN)
    smtp.refusal = ""
    assert mailing.send_due(later(SEVEN, minutes=5))["sent"] == 2


def test_a_crash_between_two_mails_loses_none_and_doubles_none(
    mailing: DigestMailing, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailing.disable_others(*mailing.team.de.values())
    mailing.comment(mailing.person("editor", "partner"), "Forty bins.", later(NOON, hours=1))
    deliver = postman.deliver
    sent: list[str] = []

    def dies_at_the_third(message: EmailMessage) -> None:
        if len(sent) == 2:
            raise KeyboardInterrupt
        deliver(message)
        sent.append(message["To"])

    monkeypatch.setattr(postman, "deliver", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        mailing.send_due(SEVEN)
    monkeypatch.undo()
    assert len(mailing.box.messages) == 2
    mailing.send_due(later(SEVEN, minutes=1))
    assert len(mailing.box.messages) == 3, "the one in doubt may still be under way"
    mailing.send_due(later(SEVEN, minutes=20))
    assert sorted(entry["To"] for entry in mailing.box.messages) == sorted(
        entry.email for entry in mailing.team.de.values()
    )


def test_a_crash_while_a_mail_is_made_loses_and_doubles_nothing(
    mailing: DigestMailing, any_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_missed_comment(mailing)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(builder, "_move_marks", dies)
    with pytest.raises(KeyboardInterrupt):
        mailing.send_due(SEVEN)
    monkeypatch.undo()
    assert mailing.mails == []
    assert {mark.told_until for mark in db.session.scalars(select(DigestMark))} == {NOON}
    mailing.send_due(later(SEVEN, minutes=1))
    mailing.send_due(later(SEVEN, minutes=2))
    assert len(mailing.box.messages) == 1


class HangingServer(Mailbox):
    """Accepts a mail, and never confirms it."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.got = threading.Event()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        import asyncio

        answer = await super().handle_DATA(server, session, envelope)
        if len(self.messages) == 2:
            self.got.set()
            await asyncio.sleep(60)
        return answer


def test_a_sender_killed_in_mid_mail_sends_it_again_under_the_same_name(mailing: DigestMailing) -> None:
    """A real process, killed after the server has received the second mail and before it confirmed."""
    mailing.disable_others(*mailing.team.de.values())
    mailing.comment(mailing.person("editor", "partner"), "Forty bins.", later(NOON, hours=1))
    hanging = HangingServer(servers.free_port())
    hanging.start()
    try:
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "digest", "send"]
        environment = {
            "PATH": "/usr/bin:/bin",
            "KLIMAWERK_INSTANCE": str(mailing.app.extensions["klimawerk"].instance),
            "KLIMAWERK_DATABASE_URL": mailing.app.extensions["klimawerk"].database_url,
            "KLIMAWERK_SMTP_URL": hanging.url,
            "KLIMAWERK_SECRET_KEY": "tests",
        }
        db.session.rollback()
        process = subprocess.Popen(command, cwd=ROOT, env=environment)
        try:
            assert hanging.got.wait(60)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    finally:
        hanging.stop()
    in_doubt = [one for one in mailing.mails if one.state == "sending"]
    assert [one.message_id for one in in_doubt] == [hanging.messages[1]["Message-ID"]]
    at = max(one.claimed_at for one in in_doubt if one.claimed_at)
    mailing.send_due(later(at, minutes=1))
    assert len(mailing.box.messages) == 2
    mailing.send_due(later(at, minutes=16))
    ids = [one["Message-ID"] for one in [*hanging.messages, *mailing.box.messages]]
    assert sorted(set(ids)) == sorted(one.message_id for one in mailing.mails)
    assert len(set(ids)) == 4
    assert len(ids) == 5, "only the one in doubt went out twice"
    assert {one.state for one in mailing.mails} == {"sent"}


def test_two_senders_at_once_send_each_mail_once(mailing: DigestMailing, any_database: str) -> None:
    mailing.disable_others(*mailing.team.de.values())
    mailing.comment(mailing.person("editor", "partner"), "Forty bins.", later(NOON, hours=1))
    db.session.rollback()
    start, faults = threading.Barrier(3), []

    def sender() -> None:
        with mailing.app.app_context():
            start.wait()
            try:
                mailing.send_due(SEVEN)
            except Exception as error:
                faults.append(error)

    threads = [threading.Thread(target=sender) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    mailing.send_due(later(SEVEN, minutes=1))
    assert not faults
    assert sorted(one["To"] for one in mailing.box.messages) == sorted(one.email for one in mailing.team.de.values())


def test_a_sender_that_slept_too_long_says_nothing_about_a_mail_that_is_not_its_own_any_more(
    mailing: DigestMailing,
) -> None:
    add_missed_comment(mailing)
    with_mail(mailing.app, f"smtp://127.0.0.1:{servers.free_port()}")
    mailing.send_due(SEVEN)
    first = outbox.claim_mail(mailing.mails[0].id, later(SEVEN, minutes=6))
    assert first is not None
    second = outbox.claim_mail(first.id, later(SEVEN, minutes=30))
    assert second is not None
    outbox.mark_failed(first, "too late", later(SEVEN, minutes=31), for_good=False)
    assert mailing.mails[0].state == "sending"


@pytest.mark.parametrize("how", ["left", "ended", "never"])
def test_whoever_left_gets_nothing_any_more(mailing: DigestMailing, smtp: RefusingServer, how: str) -> None:
    add_missed_comment(mailing)
    person = mailing.person()
    smtp.refusal = "451 Later"
    mailing.send_due(SEVEN)
    with writing():
        if how == "left":
            query = select(Membership).where(Membership.person_id == person.id)
            db.session.scalars(query).one().to_date = date(2026, 11, 24)
        elif how == "ended":
            db.session.merge(person).ended_at = SEVEN
    if how == "never":
        mailing.choose(person, "never")
    smtp.refusal = ""
    mailing.comment(mailing.person("editor", "partner"), "After that.", later(SEVEN, hours=1))
    for minutes in (5, 10, 24 * 60):
        mailing.send_due(later(SEVEN, minutes=minutes))
    assert mailing.box.messages == []
    (mail,) = mailing.mails
    assert (mail.state, mail.text) == ("dropped", "")


def test_while_they_sit_together_it_is_silent_and_afterwards_it_is_summed_up(mailing: DigestMailing) -> None:
    jan, ama = mailing.person(), mailing.person("editor", "partner")
    mailing.disable_others(jan)
    mailing.choose(ama, "at_once")
    begin, end = clock("2026-11-25 06:00"), clock("2026-11-25 12:00")
    pause_rules.rules.add(mailing.app, lambda key, at: key == mailing.team.partnership.id and begin <= at < end)
    mailing.comment(ama, "Before.", later(NOON, hours=1))
    mailing.comment(jan, f"@{ama.name}, during.", later(begin, hours=2))
    for at in (SEVEN, later(begin, hours=3)):
        mailing.send_due(at)
    assert mailing.box.messages == []
    mailing.send_due(end)
    assert ", during." in words(mailing.mails_to(ama)[0])
    mailing.comment(ama, "Later on.", later(end, hours=1))
    mailing.send_due(later(SEVEN, days=1))
    (mail,) = mailing.mails_to(jan)
    assert "Before." in words(mail)
    assert "Later on." in words(mail)


def test_without_a_mail_server_nothing_is_made(mailing: DigestMailing) -> None:
    add_missed_comment(mailing)
    with_mail(mailing.app, None)
    assert not mailing.send_due(SEVEN)
    assert mailing.mails == []
    failed = mailing.app.test_cli_runner().invoke(args=["digest", "send"])
    assert failed.exit_code == 1
    assert "KLIMAWERK_SMTP_URL" in failed.output


def test_records_of_sent_mails_go_after_a_while(mailing: DigestMailing) -> None:
    add_missed_comment(mailing)
    mailing.send_due(SEVEN)
    retention.delete_expired(later(SEVEN, days=89))
    assert len(mailing.mails) == 1
    retention.delete_expired(SEVEN + timedelta(days=91))
    assert mailing.mails == []


def test_one_persons_trouble_is_not_everybodys(mailing: DigestMailing, monkeypatch: pytest.MonkeyPatch) -> None:
    add_missed_comment(mailing)
    other = mailing.person("reviewer")
    mailing.choose(other, "daily")
    rendered = rendering.render_digest

    def stumbles(person: Person, *rest: Any) -> object:
        if person.id == mailing.person().id:
            raise ZeroDivisionError
        return rendered(person, *rest)

    monkeypatch.setattr(rendering, "render_digest", stumbles)
    mailing.send_due(SEVEN)
    assert [message["To"] for message in mailing.box.messages] == [other.email]
    monkeypatch.undo()
    mailing.send_due(later(SEVEN, minutes=1))
    assert [message["To"] for message in mailing.box.messages] == [other.email, mailing.person().email]
