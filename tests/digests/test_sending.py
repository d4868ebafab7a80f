"""Sending: when digests come, what they contain, and that nothing is lost or doubled."""

from __future__ import annotations

import re

import pytest

from klimawerk.digests.models import AT_ONCE, DAILY, WEEKLY
from tests.digests.conftest import ACCRA, NOON, DigestMailing, clock, later, words


def test_a_digest_comes_at_the_hour_of_the_readers_own_clock(mailing: DigestMailing, any_database: str) -> None:
    ama, jan = mailing.person("editor", "partner"), mailing.person("reviewer", "de")
    mailing.disable_others(ama, jan)
    mailing.comment(mailing.person("coordinator"), "Shall we begin in May?", later(NOON, hours=1))
    assert mailing.send_due(clock("2026-11-25 06:59"))["made"] == 0
    assert mailing.send_due(clock("2026-11-25 07:00"))["sent"] == 1
    assert (len(mailing.mails_to(jan)), len(mailing.mails_to(ama))) == (1, 0)
    assert mailing.send_due(clock("2026-11-25 06:59", ACCRA))["made"] == 0
    assert mailing.send_due(clock("2026-11-25 07:00", ACCRA))["sent"] == 1
    assert len(mailing.mails_to(ama)) == 1
    assert mailing.send_due(clock("2026-11-25 07:05", ACCRA))["made"] == 0


def test_it_holds_exactly_what_was_missed_in_the_readers_language_and_time(
    mailing: DigestMailing, any_database: str
) -> None:
    ama, jan, olga = mailing.person("editor", "partner"), mailing.person(), mailing.person("coordinator")
    mailing.disable_others(ama)
    first = mailing.comment(jan, "Shall we begin in May?", later(NOON, hours=1))
    mailing.comment(olga, "Unter uns: zu teuer.", later(NOON, hours=1), side="de")
    mailing.comment(ama, "My own words.", later(NOON, hours=2), thread=first.thread_id)
    second = mailing.comment(
        olga, f"Dear @{ama.name}, what do you think?", later(NOON, hours=3), thread=first.thread_id
    )
    mailing.comment(jan, "This morning.", clock("2026-11-25 07:10", ACCRA))
    mailing.send_due(clock("2026-11-25 07:00", ACCRA))
    (mail,) = mailing.mails_to(ama)
    assert mail["Subject"] == "You are asked for: Joint programme"
    text = words(mail)
    assert f"Hello {ama.name}," in text
    assert "WA-01 Green bins" in text
    assert text.index("begin in May") < text.index("what do you think")
    assert f"{jan.name}, Wiesenbrück, 24 November 2026, 13:00" in text
    assert "24 November 2026, 15:00 · calls you by name" in text
    for comment in (first, second):
        assert f"http://localhost:8000/threads/{comment.thread_id}#comment-{comment.id}" in text
    for foreign in ("zu teuer", "My own words", "This morning"):
        assert foreign not in text + words(mail, "html")
    assert not re.search(r"\n{3}", text)


def test_a_german_reads_german(mailing: DigestMailing) -> None:
    jan = mailing.person()
    mailing.disable_others(jan)
    mailing.comment(mailing.person("editor", "partner"), "Forty bins.", later(NOON, hours=1))
    mailing.send_due(clock("2026-11-25 07:00"))
    (mail,) = mailing.mails_to(jan)
    assert mail["Subject"] == "Neues: Gemeinsames Programm"
    assert mail["Content-Language"] == "de"
    assert "24. November 2026, 14:00" in words(mail)


def test_nothing_new_is_no_mail_and_nothing_comes_twice(mailing: DigestMailing) -> None:
    jan = mailing.person()
    mailing.disable_others(jan)
    mailing.comment(mailing.person("editor", "partner"), "Once.", later(NOON, hours=1))
    for day in range(25, 29):
        mailing.send_due(clock(f"2026-11-{day} 07:00"))
    assert len(mailing.mails_to(jan)) == 1


def test_weekly_is_on_the_chosen_day_and_never_is_never(mailing: DigestMailing) -> None:
    jan, ama = mailing.person(), mailing.person("editor", "partner")
    mailing.disable_others()
    mailing.choose(jan, WEEKLY, hour=18, weekday=3)
    mailing.comment(mailing.person("coordinator"), "Monday", later(NOON, hours=1))
    for hour in (7, 17):
        mailing.send_due(clock(f"2026-11-26 {hour:02}:00"))
    assert mailing.mails_to(jan) == []
    mailing.send_due(clock("2026-11-26 18:00"))
    assert len(mailing.mails_to(jan)) == 1
    assert mailing.mails_to(ama) == []


def test_whoever_wants_it_hears_at_once_of_what_means_them_and_of_the_rest_in_the_morning(
    mailing: DigestMailing, any_database: str
) -> None:
    ama, jan = mailing.person("editor", "partner"), mailing.person()
    mailing.disable_others()
    mailing.choose(ama, AT_ONCE)
    mailing.comment(jan, "To all.", later(NOON, minutes=10))
    mailing.send_due(later(NOON, minutes=15))
    assert mailing.mails_to(ama) == []
    mailing.comment(jan, f"@{ama.name}, you.", later(NOON, minutes=20))
    mailing.send_due(later(NOON, minutes=22))
    mailing.send_due(later(NOON, minutes=23))
    (at_once,) = mailing.mails_to(ama)
    assert ", you." in words(at_once)
    assert "To all" not in words(at_once)
    mailing.send_due(clock("2026-11-25 07:00", ACCRA))
    _, daily = mailing.mails_to(ama)
    assert "To all" in words(daily)
    assert ", you." not in words(daily)


def test_what_is_too_young_waits_for_the_next_mail(mailing: DigestMailing) -> None:
    """Its transaction may have begun before the digest was built, and ended after it."""
    jan = mailing.person()
    mailing.disable_others(jan)
    seven = clock("2026-11-25 07:00")
    mailing.comment(mailing.person("editor", "partner"), "Just now.", later(seven, seconds=-5))
    assert mailing.send_due(seven)["made"] == 0
    assert mailing.send_due(clock("2026-11-26 07:00"))["made"] == 1


@pytest.mark.slow
@pytest.mark.parametrize("any_database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True)
def test_five_hundred_events_of_twenty_people_are_one_mail_each(mailing: DigestMailing, any_database: str) -> None:
    from tests import factories

    town = {
        side: next(m for m in mailing.team.partnership.municipalities if m.side == side) for side in ("de", "partner")
    }
    people = [
        factories.member(mailing.team.partnership, side, "editor", town=town[side]) for side in ("de", "partner") * 10
    ]
    mailing.disable_others()
    for reader in people:
        mailing.choose(reader, DAILY)
    threads = [
        mailing.comment(people[0], f"Number {number}", later(NOON, minutes=number)).thread_id for number in range(20)
    ]
    for number in range(480):
        mailing.comment(
            people[number % 20], f"Reply {number}", later(NOON, minutes=30, seconds=number), thread=threads[number % 19]
        )
    mailing.send_due(clock("2026-11-25 07:00"))
    mailing.send_due(clock("2026-11-25 07:00", ACCRA))
    mailing.send_due(clock("2026-11-25 07:10", ACCRA))
    assert len(mailing.box.messages) == 20
    for reader in people:
        (mail,) = mailing.mails_to(reader)
        numbers = {int(reply) for reply in re.findall(r"Reply (\d+)\n", words(mail).replace("\r", ""))}
        assert numbers == {number for number in range(480) if people[number % 20].id != reader.id}
