"""Content and headers of a mail, and what they never contain."""

from __future__ import annotations

import re
from datetime import date

import pytest

from klimawerk.comments import service
from klimawerk.comments.models import CommentEvent, Thread
from klimawerk.database import writing
from klimawerk.digests.digest_content import LONGEST
from klimawerk.extensions import db
from klimawerk.news import seen_marks
from klimawerk.sheets.rows import rows_of
from klimawerk.sheets.service import FieldRef, set_value
from tests.digests.conftest import NOON, DigestMailing, clock, later, words

SEVEN = clock("2026-11-25 07:00")


def test_the_head_says_what_kind_of_mail_it_is(mailing: DigestMailing) -> None:
    mailing.disable_others(mailing.person())
    mailing.comment(mailing.person("editor", "partner"), "Forty bins.", later(NOON, hours=1))
    mailing.send_due(SEVEN)
    (mail,) = mailing.box.messages
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(r"<http://localhost:8000/digests/stop/\S+>", mail["List-Unsubscribe"])
    assert re.fullmatch(r"<digest\.\w+@localhost>", mail["Message-ID"])
    assert mail["Date"].datetime == SEVEN
    assert mail["Content-Language"] == "de"
    assert mail["List-Unsubscribe"].strip("<>") in words(mail)


def test_a_long_address_to_unsubscribe_stays_an_address(mailing: DigestMailing) -> None:
    import dataclasses

    settings = mailing.app.extensions["klimawerk"]
    address = "https://klimawerk.klimapartnerschaften.musterstadt-am-see.example.org/programme"
    mailing.app.extensions["klimawerk"] = dataclasses.replace(settings, public_url=address)
    mailing.disable_others(mailing.person())
    mailing.comment(mailing.person("editor", "partner"), "Forty bins.", later(NOON, hours=1))
    mailing.send_due(SEVEN)
    assert mailing.box.messages[0]["List-Unsubscribe"].startswith(f"<{address}/digests/stop/")


def test_the_html_loads_nothing_and_links_to_this_installation_alone(mailing: DigestMailing) -> None:
    mailing.disable_others(mailing.person())
    nasty = '<img src="https://spy.example/x.gif"> https://spy.example/ <script>alert(1)</script>'
    mailing.comment(mailing.person("editor", "partner"), nasty, later(NOON, hours=1))
    mailing.send_due(SEVEN)
    html = words(mailing.box.messages[0], "html")
    assert "&lt;img src=" in html
    assert not re.search(r"<(img|script|link|style|iframe)\b|\ssrc=\"|url\(", html)
    assert {address.split("/")[2] for address in re.findall(r'href="([^"]+)"', html)} == {"localhost:8000"}


def test_a_thread_says_what_it_is_about(mailing: DigestMailing) -> None:
    jan, ama = mailing.person(), mailing.person("editor", "partner")
    mailing.disable_others(jan)
    row = rows_of(mailing.measure)["costs"][0]
    for number, about in enumerate(
        [
            {"field": "description.en", "value": "Forty bins.", "passage": "Forty bins"},
            {"field": "amount", "row_id": row.id},
            {"field": "amount", "row_id": "gone"},
            {},
        ]
    ):
        mailing.comment(ama, f"Comment {number}", later(NOON, hours=1, minutes=number))
        with writing():
            thread = db.session.scalars(db.select(Thread).order_by(Thread.id.desc()).limit(1)).one()
            for name, value in about.items():
                setattr(thread, name, value)
    mailing.send_due(SEVEN)
    html = words(mailing.box.messages[0], "html")
    threads = [line for line in words(mailing.box.messages[0]).splitlines() if line.startswith("* ")]
    assert threads == [
        "* Frage: Beschreibung (EN) „Forty bins“",
        "* Frage: Kostenzeile: Betrag",
        "* Frage: gelöschte Zeile",
        "* Frage",
    ]
    assert "Frage: Beschreibung (EN)</a> <q>Forty bins</q>" in html


def test_names_and_titles_cannot_write_into_the_head(mailing: DigestMailing) -> None:
    jan, ama = mailing.person(), mailing.person("editor", "partner")
    with writing():
        db.session.merge(jan).name = "Jan\r\nBcc: spy@spy.example"
    from klimawerk.collab.models import Document, LiveText

    mailing.disable_others(jan)
    title = {"title.de": "Zeile eins\r\nBcc: spy@spy.example"}
    with writing():
        for document in db.session.scalars(db.select(Document).where(Document.name == mailing.programme.name)):
            for text in db.session.scalars(db.select(LiveText).where(LiveText.document_id == document.id)):
                text.plain = title.get(text.fragment, text.plain)
    mailing.comment(ama, "Forty bins.", later(NOON, hours=1))
    mailing.send_due(SEVEN)
    (mail,) = mailing.box.messages
    assert mail["Subject"] == "Neues: Zeile eins Bcc: spy@spy.example"
    assert mail["Bcc"] is None


def test_a_thread_of_one_side_is_never_in_a_mail_to_the_other(mailing: DigestMailing) -> None:
    jan, ama, moderator = mailing.person(), mailing.person("editor", "partner"), mailing.team.moderator
    mailing.disable_others(jan, ama, moderator)
    mailing.comment(mailing.person("coordinator"), "Unter uns.", later(NOON, hours=1), side="de")
    mailing.send_due(later(SEVEN, hours=2))
    (mail,) = mailing.box.messages
    assert mail["To"] == jan.email
    assert "Nur für Wiesenbrück sichtbar." in words(mail)


def test_what_was_seen_in_the_app_is_left_out(mailing: DigestMailing) -> None:
    jan = mailing.person()
    mailing.disable_others(jan)
    mailing.comment(mailing.person("editor", "partner"), "Seen.", later(NOON, hours=1))
    seen_marks.mark_seen([mailing.measure.id], by=jan.id, at=later(NOON, hours=2))
    mailing.comment(mailing.person("editor", "partner"), "Missed.", later(NOON, hours=3))
    mailing.send_due(SEVEN)
    text = words(mailing.box.messages[0])
    assert "Missed." in text
    assert "Seen." not in text


def test_deleted_words_are_not_mailed(mailing: DigestMailing) -> None:
    jan, ama = mailing.person(), mailing.person("editor", "partner")
    mailing.disable_others(jan)
    comment = mailing.comment(ama, "Regretted.", later(NOON, hours=1))
    service.delete(comment, by=mailing.member(ama))
    assert mailing.send_due(SEVEN)["made"] == 0


def test_a_long_comment_is_cut_after_a_word_and_leads_to_the_rest(mailing: DigestMailing) -> None:
    mailing.disable_others(mailing.person())
    mailing.comment(mailing.person("editor", "partner"), "word " * 400, later(NOON, hours=1))
    mailing.send_due(SEVEN)
    text = words(mailing.box.messages[0])
    assert LONGEST // 5 - 2 <= text.count("word") <= LONGEST // 5
    assert "Der Kommentar geht weiter." in text


def test_a_task_and_an_outcome_are_told(mailing: DigestMailing) -> None:
    jan, ama = mailing.person(), mailing.person("editor", "partner")
    mailing.disable_others(jan)
    first = mailing.comment(ama, "Ask the council", later(NOON, hours=1), kind="task")
    service.assign(db.session.get_one(Thread, first.thread_id), jan.id, date(2027, 1, 15), by=mailing.member(ama))
    second = mailing.comment(ama, "Fifty?", later(NOON, hours=1))
    service.resolve(db.session.get_one(Thread, second.thread_id), "Forty it is.", by=mailing.member(ama))
    with writing():
        rows = db.session.scalars(db.select(CommentEvent).where(CommentEvent.at > SEVEN))
        for row in rows:
            row.at = later(NOON, hours=2)
    mailing.send_due(SEVEN)
    (mail,) = mailing.box.messages
    text = words(mail)
    assert mail["Subject"] == "Sie sind gefragt: Gemeinsames Programm"
    assert "* Aufgabe · Die Aufgabe liegt bei Ihnen" in text
    assert "Ergebnis: Forty it is." in text
    assert text.index("Aufgabe") < text.index("Frage")


def test_a_changed_field_is_one_line(mailing: DigestMailing) -> None:
    from klimawerk.clock import now

    jan, ama = mailing.person("editor", "partner"), mailing.person()
    mailing.disable_others(jan)
    set_value(FieldRef(mailing.measure, "priority"), "low", based_on=mailing.measure.revs["priority"], by=ama.id)
    at = later(now(), days=2).replace(hour=7, minute=0)
    mailing.send_due(at)
    (mail,) = mailing.mails_to(jan)
    assert re.search(r"Changed: Priority: high → low", words(mail)), words(mail)
    assert "http://localhost:8000/measures/" in words(mail)


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_texts_hold_what_a_reader_needs_to_know_about_the_mail(mailing: DigestMailing, kind: str) -> None:
    mailing.disable_others(mailing.person("editor", "partner"))
    mailing.comment(mailing.person(), "Forty bins.", later(NOON, hours=1))
    mailing.send_due(later(SEVEN, hours=1))
    text = words(mailing.box.messages[0], kind)
    assert "because you have an account at http://localhost:8000" in text
    assert "Africa/Accra" in text
    assert "http://localhost:8000/account#digests" in text
