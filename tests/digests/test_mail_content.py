"""What stands in a mail and its head, and what never does."""

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
from tests.digests.conftest import NOON, Post, clock, later, words

SEVEN = clock("2026-11-25 07:00")


def test_the_head_says_what_kind_of_mail_it_is(post: Post) -> None:
    post.only(post.person())
    post.says(post.person("editor", "partner"), "Forty bins.", later(NOON, hours=1))
    post.round(SEVEN)
    (mail,) = post.box.messages
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(r"<http://localhost:8000/digests/stop/\S+>", mail["List-Unsubscribe"])
    assert re.fullmatch(r"<digest\.\w+@localhost>", mail["Message-ID"])
    assert mail["Date"].datetime == SEVEN
    assert mail["Content-Language"] == "de"
    assert mail["List-Unsubscribe"].strip("<>") in words(mail)


def test_a_long_address_to_unsubscribe_stays_an_address(post: Post) -> None:
    import dataclasses

    settings = post.app.extensions["klimawerk"]
    address = "https://klimawerk.klimapartnerschaften.musterstadt-am-see.example.org/programme"
    post.app.extensions["klimawerk"] = dataclasses.replace(settings, public_url=address)
    post.only(post.person())
    post.says(post.person("editor", "partner"), "Forty bins.", later(NOON, hours=1))
    post.round(SEVEN)
    assert post.box.messages[0]["List-Unsubscribe"].startswith(f"<{address}/digests/stop/")


def test_the_html_loads_nothing_and_links_to_this_installation_alone(post: Post) -> None:
    post.only(post.person())
    nasty = '<img src="https://spy.example/x.gif"> https://spy.example/ <script>alert(1)</script>'
    post.says(post.person("editor", "partner"), nasty, later(NOON, hours=1))
    post.round(SEVEN)
    html = words(post.box.messages[0], "html")
    assert "&lt;img src=" in html
    assert not re.search(r"<(img|script|link|style|iframe)\b|\ssrc=\"|url\(", html)
    assert {address.split("/")[2] for address in re.findall(r'href="([^"]+)"', html)} == {"localhost:8000"}


def test_a_thread_says_what_it_is_about(post: Post) -> None:
    jan, ama = post.person(), post.person("editor", "partner")
    post.only(jan)
    row = rows_of(post.measure)["costs"][0]
    for number, about in enumerate(
        [
            {"field": "description.en", "value": "Forty bins.", "passage": "Forty bins"},
            {"field": "amount", "row_id": row.id},
            {"field": "amount", "row_id": "gone"},
            {},
        ]
    ):
        post.says(ama, f"Comment {number}", later(NOON, hours=1, minutes=number))
        with writing():
            thread = db.session.scalars(db.select(Thread).order_by(Thread.id.desc()).limit(1)).one()
            for name, value in about.items():
                setattr(thread, name, value)
    post.round(SEVEN)
    html = words(post.box.messages[0], "html")
    threads = [line for line in words(post.box.messages[0]).splitlines() if line.startswith("* ")]
    assert threads == [
        "* Frage: Beschreibung (EN) „Forty bins“",
        "* Frage: Kostenzeile: Betrag",
        "* Frage: gelöschte Zeile",
        "* Frage",
    ]
    assert "Frage: Beschreibung (EN)</a> <q>Forty bins</q>" in html


def test_names_and_titles_cannot_write_into_the_head(post: Post) -> None:
    jan, ama = post.person(), post.person("editor", "partner")
    with writing():
        db.session.merge(jan).name = "Jan\r\nBcc: spy@spy.example"
    from klimawerk.collab.models import Document, LiveText

    post.only(jan)
    title = {"title.de": "Zeile eins\r\nBcc: spy@spy.example"}
    with writing():
        for document in db.session.scalars(db.select(Document).where(Document.name == post.programme.name)):
            for text in db.session.scalars(db.select(LiveText).where(LiveText.document_id == document.id)):
                text.plain = title.get(text.fragment, text.plain)
    post.says(ama, "Forty bins.", later(NOON, hours=1))
    post.round(SEVEN)
    (mail,) = post.box.messages
    assert mail["Subject"] == "Neues: Zeile eins Bcc: spy@spy.example"
    assert mail["Bcc"] is None


def test_a_thread_of_one_side_is_never_in_a_mail_to_the_other(post: Post) -> None:
    jan, ama, moderator = post.person(), post.person("editor", "partner"), post.team.moderator
    post.only(jan, ama, moderator)
    post.says(post.person("coordinator"), "Unter uns.", later(NOON, hours=1), side="de")
    post.round(later(SEVEN, hours=2))
    (mail,) = post.box.messages
    assert mail["To"] == jan.email
    assert "Nur für Wiesenbrück sichtbar." in words(mail)


def test_what_was_seen_in_the_app_is_left_out(post: Post) -> None:
    jan = post.person()
    post.only(jan)
    post.says(post.person("editor", "partner"), "Seen.", later(NOON, hours=1))
    seen_marks.mark_seen([post.measure.id], by=jan.id, at=later(NOON, hours=2))
    post.says(post.person("editor", "partner"), "Missed.", later(NOON, hours=3))
    post.round(SEVEN)
    text = words(post.box.messages[0])
    assert "Missed." in text
    assert "Seen." not in text


def test_deleted_words_are_not_mailed(post: Post) -> None:
    jan, ama = post.person(), post.person("editor", "partner")
    post.only(jan)
    comment = post.says(ama, "Regretted.", later(NOON, hours=1))
    service.delete(comment, by=post.member(ama))
    assert post.round(SEVEN)["made"] == 0


def test_a_long_comment_is_cut_after_a_word_and_leads_to_the_rest(post: Post) -> None:
    post.only(post.person())
    post.says(post.person("editor", "partner"), "word " * 400, later(NOON, hours=1))
    post.round(SEVEN)
    text = words(post.box.messages[0])
    assert LONGEST // 5 - 2 <= text.count("word") <= LONGEST // 5
    assert "Der Kommentar geht weiter." in text


def test_a_task_and_an_outcome_are_told(post: Post) -> None:
    jan, ama = post.person(), post.person("editor", "partner")
    post.only(jan)
    first = post.says(ama, "Ask the council", later(NOON, hours=1), kind="task")
    service.assign(db.session.get_one(Thread, first.thread_id), jan.id, date(2027, 1, 15), by=post.member(ama))
    second = post.says(ama, "Fifty?", later(NOON, hours=1))
    service.resolve(db.session.get_one(Thread, second.thread_id), "Forty it is.", by=post.member(ama))
    with writing():
        rows = db.session.scalars(db.select(CommentEvent).where(CommentEvent.at > SEVEN))
        for row in rows:
            row.at = later(NOON, hours=2)
    post.round(SEVEN)
    (mail,) = post.box.messages
    text = words(mail)
    assert mail["Subject"] == "Sie sind gefragt: Gemeinsames Programm"
    assert "* Aufgabe · Die Aufgabe liegt bei Ihnen" in text
    assert "Ergebnis: Forty it is." in text
    assert text.index("Aufgabe") < text.index("Frage")


def test_a_changed_field_is_one_line(post: Post) -> None:
    from klimawerk.clock import now

    jan, ama = post.person("editor", "partner"), post.person()
    post.only(jan)
    set_value(FieldRef(post.measure, "priority"), "low", based_on=post.measure.revs["priority"], by=ama.id)
    at = later(now(), days=2).replace(hour=7, minute=0)
    post.round(at)
    (mail,) = post.to(jan)
    assert re.search(r"Changed: Priority: high → low", words(mail)), words(mail)
    assert "http://localhost:8000/measures/" in words(mail)


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_texts_hold_what_a_reader_needs_to_know_about_the_mail(post: Post, kind: str) -> None:
    post.only(post.person("editor", "partner"))
    post.says(post.person(), "Forty bins.", later(NOON, hours=1))
    post.round(later(SEVEN, hours=1))
    text = words(post.box.messages[0], kind)
    assert "because you have an account at http://localhost:8000" in text
    assert "Africa/Accra" in text
    assert "http://localhost:8000/account#digests" in text
