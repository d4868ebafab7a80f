"""When digests come, what is in them, and that nothing is lost or doubled on the way."""

from __future__ import annotations

import re

import pytest

from klimawerk.digests.models import AT_ONCE, DAILY, WEEKLY
from tests.digests.conftest import ACCRA, NOON, Post, clock, later, words


def test_a_digest_comes_at_the_hour_of_the_readers_own_clock(post: Post, any_database: str) -> None:
    ama, jan = post.person("editor", "partner"), post.person("reviewer", "de")
    post.only(ama, jan)
    post.says(post.person("coordinator"), "Shall we begin in May?", later(NOON, hours=1))
    assert post.round(clock("2026-11-25 06:59"))["made"] == 0
    assert post.round(clock("2026-11-25 07:00"))["sent"] == 1
    assert (len(post.to(jan)), len(post.to(ama))) == (1, 0)
    assert post.round(clock("2026-11-25 06:59", ACCRA))["made"] == 0
    assert post.round(clock("2026-11-25 07:00", ACCRA))["sent"] == 1
    assert len(post.to(ama)) == 1
    assert post.round(clock("2026-11-25 07:05", ACCRA))["made"] == 0


def test_it_holds_exactly_what_was_missed_in_the_readers_language_and_time(post: Post, any_database: str) -> None:
    ama, jan, olga = post.person("editor", "partner"), post.person(), post.person("coordinator")
    post.only(ama)
    first = post.says(jan, "Shall we begin in May?", later(NOON, hours=1))
    post.says(olga, "Unter uns: zu teuer.", later(NOON, hours=1), side="de")
    post.says(ama, "My own words.", later(NOON, hours=2), thread=first.thread_id)
    second = post.says(olga, f"Dear @{ama.name}, what do you think?", later(NOON, hours=3), thread=first.thread_id)
    post.says(jan, "This morning.", clock("2026-11-25 07:10", ACCRA))
    post.round(clock("2026-11-25 07:00", ACCRA))
    (mail,) = post.to(ama)
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


def test_a_german_reads_german(post: Post) -> None:
    jan = post.person()
    post.only(jan)
    post.says(post.person("editor", "partner"), "Forty bins.", later(NOON, hours=1))
    post.round(clock("2026-11-25 07:00"))
    (mail,) = post.to(jan)
    assert mail["Subject"] == "Neues: Gemeinsames Programm"
    assert mail["Content-Language"] == "de"
    assert "24. November 2026, 14:00" in words(mail)


def test_nothing_new_is_no_mail_and_nothing_comes_twice(post: Post) -> None:
    jan = post.person()
    post.only(jan)
    post.says(post.person("editor", "partner"), "Once.", later(NOON, hours=1))
    for day in range(25, 29):
        post.round(clock(f"2026-11-{day} 07:00"))
    assert len(post.to(jan)) == 1


def test_weekly_is_on_the_chosen_day_and_never_is_never(post: Post) -> None:
    jan, ama = post.person(), post.person("editor", "partner")
    post.only()
    post.choose(jan, WEEKLY, hour=18, weekday=3)
    post.says(post.person("coordinator"), "Monday", later(NOON, hours=1))
    for hour in (7, 17):
        post.round(clock(f"2026-11-26 {hour:02}:00"))
    assert post.to(jan) == []
    post.round(clock("2026-11-26 18:00"))
    assert len(post.to(jan)) == 1
    assert post.to(ama) == []


def test_whoever_wants_it_hears_at_once_of_what_means_them_and_of_the_rest_in_the_morning(
    post: Post, any_database: str
) -> None:
    ama, jan = post.person("editor", "partner"), post.person()
    post.only()
    post.choose(ama, AT_ONCE)
    post.says(jan, "To all.", later(NOON, minutes=10))
    post.round(later(NOON, minutes=15))
    assert post.to(ama) == []
    post.says(jan, f"@{ama.name}, you.", later(NOON, minutes=20))
    post.round(later(NOON, minutes=22))
    post.round(later(NOON, minutes=23))
    (at_once,) = post.to(ama)
    assert ", you." in words(at_once)
    assert "To all" not in words(at_once)
    post.round(clock("2026-11-25 07:00", ACCRA))
    _, daily = post.to(ama)
    assert "To all" in words(daily)
    assert ", you." not in words(daily)


def test_what_is_too_young_waits_for_the_next_mail(post: Post) -> None:
    """Its transaction may have begun before the digest was made, and ended after it."""
    jan = post.person()
    post.only(jan)
    seven = clock("2026-11-25 07:00")
    post.says(post.person("editor", "partner"), "Just now.", later(seven, seconds=-5))
    assert post.round(seven)["made"] == 0
    assert post.round(clock("2026-11-26 07:00"))["made"] == 1


@pytest.mark.slow
@pytest.mark.parametrize("any_database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True)
def test_five_hundred_events_of_twenty_people_are_one_mail_each(post: Post, any_database: str) -> None:
    from tests import factories

    town = {side: next(m for m in post.team.partnership.municipalities if m.side == side) for side in ("de", "partner")}
    people = [
        factories.member(post.team.partnership, side, "editor", town=town[side]) for side in ("de", "partner") * 10
    ]
    post.only()
    for one in people:
        post.choose(one, DAILY)
    threads = [post.says(people[0], f"Number {number}", later(NOON, minutes=number)).thread_id for number in range(20)]
    for number in range(480):
        post.says(
            people[number % 20], f"Reply {number}", later(NOON, minutes=30, seconds=number), thread=threads[number % 19]
        )
    post.round(clock("2026-11-25 07:00"))
    post.round(clock("2026-11-25 07:00", ACCRA))
    post.round(clock("2026-11-25 07:10", ACCRA))
    assert len(post.box.messages) == 20
    for one in people:
        (mail,) = post.to(one)
        said = {int(found) for found in re.findall(r"Reply (\d+)\n", words(mail).replace("\r", ""))}
        assert said == {number for number in range(480) if people[number % 20].id != one.id}
