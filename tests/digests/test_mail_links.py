"""URLs in mails stay intact, however long the line is."""

from __future__ import annotations

import smtplib
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from klimawerk.accounts import mail as accounts_mail
from klimawerk.database import writing
from klimawerk.digests.digest_content import LONGEST
from klimawerk.digests.rendering import wrap_line
from klimawerk.web.linkify import shorten_text
from tests.digests.conftest import NOON, DigestMailing, clock, later, words

SEVEN = clock("2026-11-25 07:00")
LONG = "https://klima-partnerschaften.muster-stadt.example.org/hand-lungs-programm/" + "ein-satz-" * 12 + "ende"
EVIL = "https://stadt.example-evil.example.org/klimaschutz-und-energie/massnahmen-programm-2027/anlage-eins"


@pytest.mark.parametrize("address", [LONG, EVIL, "https://example.org/" + "—".join("abcdefgh" * 12), "x" * 200])
@pytest.mark.parametrize(
    "around", ["{}", "Siehe {} oder sonst", "Ein langer Satz " * 5 + "({}).", "> Zitat {} ", "- {}"]
)
def test_a_line_is_broken_at_blanks_alone(address: str, around: str) -> None:
    line = around.format(address)
    lines = wrap_line(line)
    assert sum(address in part for part in lines) == 1
    assert all(len(part) <= 72 or address in part for part in lines)
    assert " ".join(part.removeprefix("> ") for part in lines).split()[-1] == line.split()[-1]


def test_words_with_hyphens_and_numbers_with_units_stay_together() -> None:
    line = "Die Rad\u2011 und Geh-Wege-Verbindung kostet 1.500\u00a0€ " * 4
    assert " ".join(wrap_line(line)) == line.strip()
    assert not any(part.endswith("-") or part.startswith("€") for part in wrap_line(line))


def test_a_quotation_stays_one_on_all_of_its_lines() -> None:
    lines = wrap_line("> " + "Wer zahlt die Tonnen? " * 10)
    assert len(lines) > 2
    assert all(part.startswith("> ") for part in lines)
    assert not any(part.startswith(">") for part in wrap_line(">50 % der Dächer " * 10)[1:])


@pytest.mark.parametrize(
    ("text", "most", "kept"),
    [
        ("one two three", 7, "one two"),
        ("one two three", 8, "one two"),
        ("one two three", 6, "one"),
        ("one\ntwo-three", 8, "one"),
        (f"Hier:\n{LONG}", 60, "Hier:"),
        (f"({LONG})", 60, "("),
        (LONG, 60, ""),
        ("Donaudampfschifffahrt", 5, "Donau"),
        ("short", 5, "short"),
    ],
)
def test_a_text_is_never_cut_inside_an_address(text: str, most: int, kept: str) -> None:
    assert shorten_text(text, most) == kept


def test_a_digest_keeps_addresses_whole(mailing: DigestMailing) -> None:
    mailing.disable_others(mailing.person())
    ama = mailing.person("editor", "partner")
    mailing.comment(
        ama, f"Die Unterlagen des Ausschusses liegen jetzt unter {EVIL} und hier: {LONG}", later(NOON, hours=1)
    )
    mailing.comment(ama, f"https://example.org/{'a-' * LONGEST}", later(NOON, hours=2))
    comment = mailing.comment(ama, "Was heißt das?", later(NOON, hours=3))
    with writing():
        comment.thread.passage = f"siehe {LONG}"
    mailing.send_due(SEVEN)
    (mail,) = mailing.box.messages
    for kind in ("plain", "html"):
        text = words(mail, kind)
        assert "siehe …" in text
        assert {word for word in text.replace("<", " ").split() if word.startswith("https://")} == {LONG, EVIL}
    assert all(len(line) <= 998 for line in mail.as_bytes().splitlines())


@pytest.mark.parametrize("length", [60, 200, 3_000])
def test_a_mail_with_a_link_keeps_it_whole_on_its_way(length: int) -> None:
    link = f"https://klima-werk.example.org/{'a-' * (length // 2)}/link/reset/x-y_z"
    text = f"Hallo Jürgen,\n\nmit diesem Link:\n\n{link}\n"
    sent = accounts_mail._message("klima@example.org", "jan@example.org", "Link", text, "de").as_bytes(
        policy=EmailMessage().policy.clone(linesep=smtplib.CRLF)
    )
    assert max(map(len, sent.split(b"\r\n"))) <= 998
    received = message_from_bytes(sent, policy=default)
    assert isinstance(received, EmailMessage)
    assert link in words(received).split()
