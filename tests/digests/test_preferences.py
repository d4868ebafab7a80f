"""Preferences on "My account", and the link to unsubscribe that needs no sign-in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from werkzeug.test import TestResponse

from klimawerk.accounts import service
from klimawerk.database import writing
from klimawerk.digests import preferences, unsubscribe_link
from klimawerk.digests.due_times import next_due, zone_of
from klimawerk.digests.models import DAILY, NEVER, WEEKLY
from klimawerk.extensions import db
from klimawerk.partnerships.models import Membership
from tests import factories
from tests.client import ProofReader
from tests.digests.conftest import NOON, DigestMailing, clock, later


def frequency(mailing: DigestMailing) -> str:
    return preferences.preference_of(mailing.person()).frequency


def link(mailing: DigestMailing) -> str:
    address = unsubscribe_link.unsubscribe_url(mailing.person())
    assert address.startswith("http://localhost:8000/digests/stop/")
    return address.removeprefix("http://localhost:8000")


def test_opening_the_link_changes_nothing_and_its_button_does(mailing: DigestMailing, client: ProofReader) -> None:
    page = client.get(link(mailing))
    assert "Keine Zusammenfassungen mehr schicken" in page.text
    assert frequency(mailing) == DAILY
    assert client.post(link(mailing)).status_code == 303
    assert frequency(mailing) == NEVER
    assert "Rückgängig" in client.get(link(mailing)).text
    client.post(link(mailing), data={"again": "yes"})
    assert frequency(mailing) == DAILY


def test_mail_programs_unsubscribe_with_one_click_without_a_token_or_a_cookie(mailing: DigestMailing) -> None:
    """As in RFC 8058: the body is fixed, and redirects are not followed."""
    stranger = mailing.app.test_client()
    mailing.app.config["WTF_CSRF_ENABLED"] = True
    answer: TestResponse = stranger.post(link(mailing), data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 204
    assert "Set-Cookie" not in answer.headers
    db.session.expire_all()
    assert frequency(mailing) == NEVER
    refused = stranger.post("/digests/choice", data={"digest-frequency": "daily"})
    assert refused.status_code == 400, "only this one door does without"


@pytest.mark.parametrize(
    "forge", [lambda t: t[:-1] + ("A" if t[-1] != "A" else "B"), lambda t: "x", lambda t: t.upper()]
)
def test_a_forged_link_gets_a_calm_page_and_changes_nothing(
    mailing: DigestMailing, client: ProofReader, forge: object
) -> None:
    path, _, token = link(mailing).rpartition("/")
    forged = f"{path}/{forge(token)}"  # type: ignore[operator]
    for answer in (client.get(forged), client.post(forged)):
        assert answer.status_code == 404
        assert "no longer valid" in answer.text
    assert frequency(mailing) == DAILY


def test_a_link_of_an_account_that_has_ended_looks_the_same(mailing: DigestMailing, client: ProofReader) -> None:
    address = link(mailing)
    service.end_person(mailing.person(), by=None)
    assert client.get(address).status_code == 404


def test_a_token_for_something_else_is_none_for_this(mailing: DigestMailing) -> None:
    from itsdangerous import URLSafeSerializer

    other = URLSafeSerializer("tests", salt="something else").dumps(mailing.person().id)
    assert unsubscribe_link.person_from_token(other) is None
    assert unsubscribe_link.person_from_token(link(mailing).rpartition("/")[2]) == mailing.person()


def test_one_chooses_on_ones_account_and_reads_when_the_next_comes(mailing: DigestMailing, client: ProofReader) -> None:
    client.login(mailing.person("editor", "partner"))
    page = client.get("/account").text
    assert "Mail digests" in page
    chosen = {"digest-frequency": "weekly", "digest-weekday": "4", "digest-hour": "18"}
    assert client.post("/digests/choice", data=chosen).status_code == 303
    choice = preferences.preference_of(mailing.person("editor", "partner"))
    assert (choice.frequency, choice.weekday, choice.hour) == (WEEKLY, 4, 18)
    assert choice.due_at.weekday() == 4
    page = client.get("/account").text
    assert "18:00, if there is something new." in page
    for wrong in ({"digest-hour": "24"}, {"digest-weekday": "7"}, {"digest-frequency": "hourly"}):
        assert client.post("/digests/choice", data=chosen | wrong).status_code == 422
    client.post("/digests/choice", data=chosen | {"digest-frequency": "never"})
    assert "Next digest" not in client.get("/account").text


def test_a_new_zone_takes_the_hour_along(mailing: DigestMailing) -> None:
    jan = mailing.person()
    service.change_profile(jan, name=jan.name, language="de", timezone="Asia/Kolkata")
    due = preferences.preference_of(jan).due_at.astimezone(zone_of("Asia/Kolkata"))
    assert (due.hour, due.minute) == (7, 0)


def test_whoever_comes_back_does_not_hear_of_years(mailing: DigestMailing) -> None:
    jan = mailing.person()
    mailing.disable_others()
    mailing.comment(mailing.person("editor", "partner"), "Long ago.", later(NOON, hours=1))
    mailing.choose(jan, DAILY, at=later(NOON, days=60))
    assert mailing.send_due(later(NOON, days=61))["made"] == 0
    mailing.comment(mailing.person("editor", "partner"), "Of today.", later(NOON, days=61, hours=1))
    assert mailing.send_due(later(NOON, days=62))["made"] == 1


def test_somebody_new_hears_of_what_came_after_them(mailing: DigestMailing) -> None:
    mailing.disable_others()
    town = mailing.team.partnership.municipalities[0]
    joined = clock("2026-11-25 00:00")
    mailing.comment(mailing.person("editor", "partner"), "Before them.", later(joined, hours=-2))
    newcomer = factories.member(
        mailing.team.partnership, "de", "editor", town=town, from_date=joined.date() + timedelta(1)
    )
    mailing.comment(mailing.person("editor", "partner"), "After.", later(joined, hours=2))
    mailing.send_due(later(joined, hours=3))
    mailing.send_due(clock("2026-11-26 07:00"))
    (mail,) = mailing.mails_to(newcomer)
    assert "After." in str(mail)
    assert "Before them." not in str(mail)


def test_whoever_left_and_came_back_hears_of_nothing_in_between(mailing: DigestMailing) -> None:
    jan = mailing.person()
    mailing.disable_others(jan)
    with writing():
        place = db.session.scalars(db.select(Membership).where(Membership.person_id == jan.id)).one()
        place.from_date = date(2026, 11, 26)
    mailing.comment(mailing.person("editor", "partner"), "Meanwhile.", later(NOON, hours=1))
    mailing.comment(mailing.person("editor", "partner"), "Back again.", clock("2026-11-26 09:00"))
    mailing.send_due(clock("2026-11-27 07:00"))
    (mail,) = mailing.mails_to(jan)
    assert "Back again." in str(mail)
    assert "Meanwhile." not in str(mail)


@pytest.mark.parametrize(
    ("zone", "hour", "after", "due"),
    [
        ("Africa/Accra", 7, "2026-11-24 06:59", "2026-11-24 07:00"),
        ("Africa/Accra", 7, "2026-11-24 07:00", "2026-11-25 07:00"),
        ("Asia/Kolkata", 7, "2026-11-24 00:00", "2026-11-24 01:30"),
        ("Asia/Kathmandu", 7, "2026-11-24 00:00", "2026-11-24 01:15"),
        # clocks in Berlin go forward on 29 March 2026 at 2:00: there is no 2:00, and 7:00 comes an hour sooner
        ("Europe/Berlin", 2, "2026-03-28 12:00", "2026-03-29 01:00"),
        ("Europe/Berlin", 7, "2026-03-28 12:00", "2026-03-29 05:00"),
        # and back on 25 October: 2:00 comes twice, the digest once
        ("Europe/Berlin", 2, "2026-10-24 12:00", "2026-10-25 00:00"),
        ("Europe/Berlin", 2, "2026-10-25 00:00", "2026-10-26 01:00"),
        ("No/Where", 7, "2026-11-24 00:00", "2026-11-24 06:00"),
    ],
)
def test_an_hour_is_one_of_the_clock_on_the_wall(zone: str, hour: int, after: str, due: str) -> None:
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert next_due(DAILY, hour, 0, zone, moment) == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_once_a_day_whatever_the_clock_does() -> None:
    for zone in ("Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Asia/Kolkata"):
        for hour in range(24):
            moment, days = datetime(2026, 1, 1, tzinfo=UTC), []
            for _ in range(370):
                moment = next_due(DAILY, hour, 0, zone, moment)
                days.append(moment.astimezone(zone_of(zone)).date())
            assert len(set(days)) == len(days), (zone, hour)
            assert (days[-1] - days[0]).days == 369, (zone, hour)
