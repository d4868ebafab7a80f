"""Wrong passwords make whoever types them wait, longer each time; they never lock the owner out."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from klimawerk import config as configuration
from klimawerk import create_app
from klimawerk.accounts import account_limits, attempts, cleanup, known_browsers, passwords, service
from klimawerk.accounts.attempts import Attempts
from klimawerk.accounts.known_browsers import COOKIE, KnownBrowser
from klimawerk.accounts.models import AuditEntry, Person
from klimawerk.clock import now
from klimawerk.database import writing
from klimawerk.extensions import db, limiter
from tests import factories
from tests.accounts.test_signing_in import token_in
from tests.mailbox import Mailbox

HERE = "192.0.2.1"


def build(database_address: str, folder: Path, smtp: Mailbox | None = None, **more: object) -> Flask:
    return create_app(
        configuration.load(
            instance=folder,
            database_url=database_address,
            secret_key="tests",
            testing=True,
            rate_limits=True,
            smtp_url=smtp.url if smtp else None,
            **more,
        )
    )


@pytest.fixture
def house(app: Flask, database_address: str, tmp_path: Path) -> Iterator[Flask]:
    """An app that counts attempts; `app` is for looking at its database."""
    yield build(database_address, tmp_path / "counting")
    limiter.reset()
    limiter.enabled = False


def attempt(browser: FlaskClient, email: str, password: str = "wrong", at: str = HERE, **more: str) -> TestResponse:
    place = {"REMOTE_ADDR": at}
    form = browser.get("/login", environ_base=place).text
    data = {"email": email, "password": password, "csrf_token": token_in(form), **more}
    answer = browser.post("/login", data=data, environ_base=place)
    db.session.rollback()
    db.session.expire_all()
    return answer


def let_pass(seconds: float) -> None:
    """As if so much time had passed."""
    with writing() as session:
        gone = timedelta(seconds=seconds)
        for row in session.scalars(select(Attempts)):
            row.until, row.at = row.until - gone, row.at - gone


def leave(browser: FlaskClient) -> None:
    """The sign-in of this browser has ended."""
    browser.delete_cookie("klimawerk_session")


def guess(house: Flask, email: str, count: int) -> list[int]:
    """Wrong passwords, each from a network of its own."""
    return [attempt(house.test_client(), email, at=f"198.18.{n}.9").status_code for n in range(count)]


@pytest.mark.parametrize("any_database", ["sqlite", "postgresql"], indirect=True)
def test_forty_wrong_passwords_from_everywhere_do_not_stop_the_owners_browser(any_database: str, house: Flask) -> None:
    """They locked the account for everybody, for an hour."""
    owner, browser = factories.person(), house.test_client()
    assert attempt(browser, owner.email, factories.PASSWORD).status_code == 302
    leave(browser)
    assert 422 in guess(house, owner.email, 40)
    for _ in range(8):
        attempt(house.test_client(), owner.email)
    assert attempt(house.test_client(), owner.email).status_code == 429, "the owner's own network has to wait"
    assert attempt(browser, owner.email, factories.PASSWORD).status_code == 302


def test_the_owner_in_a_new_browser_waits_once_whatever_others_do(house: Flask) -> None:
    owner, browser = factories.person(), house.test_client()
    guess(house, owner.email, 30)
    refused = attempt(browser, owner.email, factories.PASSWORD)
    assert refused.status_code == 429
    wait = int(refused.headers["Retry-After"])
    assert 0 < wait <= 60
    assert f"Try again in {wait} seconds" in refused.text
    guess(house, owner.email, 20)
    let_pass(wait)
    assert attempt(browser, owner.email, factories.PASSWORD).status_code == 302


def test_waits_grow_are_said_and_end(house: Flask) -> None:
    email, browser, waits = factories.person().email, house.test_client(), []
    assert [attempt(browser, email).status_code for _ in range(8)] == [422] * 8
    for _ in range(12):
        waits.append(longest_wait())
        refused = attempt(browser, email)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= waits[-1]
        let_pass(waits[-1])
        assert attempt(browser, email).status_code == 422
    assert waits[:4] == [5, 10, 20, 40]
    assert waits == sorted(waits)
    assert waits[-1] == 15 * 60
    browser.get("/login?lang=de")
    assert "in 15 Minuten" in attempt(browser, email).text
    let_pass(15 * 60)
    assert attempt(browser, email, factories.PASSWORD).status_code == 302
    assert attempt(house.test_client(), email).status_code == 422, "the right password forgives"


def test_who_has_to_wait_costs_no_password_and_no_row(house: Flask) -> None:
    """Nor does asking again make the wait longer."""
    email = factories.person().email
    for _ in range(8):
        attempt(house.test_client(), email)
    before = db.session.scalar(select(func.count()).select_from(AuditEntry)), rows()
    waits = [int(attempt(house.test_client(), email).headers["Retry-After"]) for _ in range(4)]
    assert max(waits) <= 5
    assert (db.session.scalar(select(func.count()).select_from(AuditEntry)), rows()) == before


def test_known_and_unknown_addresses_wait_alike(house: Flask) -> None:
    said = []
    for email in (factories.person().email, "nobody@example.org"):
        codes = guess(house, email, 24)
        pages = [attempt(house.test_client(), email, at="203.0.113.5") for _ in range(2)]
        said.append((codes, [(page.status_code, re.sub(r"\d+ second", "", shorn(page.text, email))) for page in pages]))
    assert said[0] == said[1]


def test_many_at_once_gain_nothing_and_another_process_knows_of_them(
    app: Flask, house: Flask, database_address: str, tmp_path: Path
) -> None:
    """Each is counted before its password is looked at, where a restart does not lose it."""
    email = factories.person().email
    with house.test_request_context("/login", environ_base={"REMOTE_ADDR": HERE}):
        assert [account_limits.begin_sign_in(email).wait for _ in range(9)] == [0] * 8 + [5]
    again = build(database_address, tmp_path / "again")
    assert attempt(again.test_client(), email, factories.PASSWORD).status_code == 429
    assert attempt(again.test_client(), factories.person().email, factories.PASSWORD).status_code == 302


@pytest.mark.parametrize("any_database", ["sqlite", "postgresql"], indirect=True)
def test_right_and_wrong_passwords_at_the_same_moment_are_all_answered(any_database: str, house: Flask) -> None:
    """Rows are locked in one order: no transaction is in another one's way for good."""
    owner, codes = factories.person(), []

    def sign_in(password: str) -> None:
        with house.app_context():
            codes.append(attempt(house.test_client(), owner.email, password).status_code)
            db.session.remove()

    words = [factories.PASSWORD, "wrong"] * 6
    threads = [threading.Thread(target=sign_in, args=(password,), daemon=True) for password in words]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(codes) == len(words)
    assert set(codes) <= {302, 422, 429}


def test_a_whole_town_hall_is_slowed_by_guesses_at_many_accounts_and_not_the_next_one(house: Flask) -> None:
    codes = [attempt(house.test_client(), f"somebody{n}@example.org").status_code for n in range(62)]
    assert codes == [422] * 60 + [429] * 2
    owner = factories.person()
    assert attempt(house.test_client(), owner.email, factories.PASSWORD, at="192.0.3.1").status_code == 302


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.200", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("2001:db8:1:100::1", "2001:db8:1:1ff:9::2", True),
        ("2001:db8:1:100::1", "2001:db8:1:200::1", False),
        ("::ffff:192.0.2.1", "192.0.2.9", True),
        ("fe80::1%eth0", "fe80::2", True),
        ("no address", "", True),
    ],
)
def test_neighbours_are_one_network(one: str, other: str, same: bool) -> None:
    assert (account_limits.network(one) == account_limits.network(other)) is same


def test_the_browsers_cookie_is_random_for_the_server_alone_and_opens_nothing(house: Flask) -> None:
    owner, browser = factories.person(), house.test_client()
    set_cookies = attempt(browser, owner.email, factories.PASSWORD).headers.getlist("Set-Cookie")
    ours = [one for one in set_cookies if one.startswith(COOKIE)]
    assert [one.partition("Path=")[2].partition(";")[0] for one in ours] == ["/login", "/forgot"] or len(ours) == 2
    for one in ours:
        assert "HttpOnly" in one
        assert "SameSite=Lax" in one
        assert f"Max-Age={180 * 86_400}" in one
    token = ours[0].partition("=")[2].partition(";")[0]
    assert len(token) > 40
    assert token not in db.session.scalars(select(KnownBrowser.key)).all()
    thief = house.test_client()
    thief.set_cookie(COOKIE, token, path="/")
    assert thief.get("/account").status_code == 302


def test_a_planted_cookie_and_that_of_somebody_else_are_worth_nothing(house: Flask) -> None:
    mallory, owner = factories.person(), factories.person()
    own, victims = house.test_client(), house.test_client()
    attempt(own, mallory.email, factories.PASSWORD)
    planted = value(own)
    victims.set_cookie(COOKIE, planted, path="/login")
    assert attempt(victims, owner.email, factories.PASSWORD).status_code == 302
    assert value(victims) != planted
    guess(house, owner.email, 40)
    leave(own)
    assert attempt(own, owner.email, at="203.0.113.1").status_code == 429


def test_a_shared_computer_gets_no_such_cookie(house: Flask) -> None:
    browser = house.test_client()
    answer = attempt(browser, factories.person().email, factories.PASSWORD, shared="y")
    assert answer.status_code == 302
    assert not value(browser)
    assert db.session.scalars(select(KnownBrowser)).all() == []


def test_known_browsers_end_with_the_account_with_time_and_in_number(
    house: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_browsers, "MAX_BROWSERS", 3)
    owner, other = factories.person(), factories.person()
    for _ in range(5):
        attempt(house.test_client(), owner.email, factories.PASSWORD)
    attempt(house.test_client(), other.email, factories.PASSWORD)
    assert [known(owner), known(other)] == [3, 1]
    with writing() as session:
        old = now() - known_browsers.KEEP_FOR
        session.execute(update(KnownBrowser).where(KnownBrowser.person_id == other.id).values(seen_at=old))
    cleanup.clean_up()
    assert [known(owner), known(other)] == [3, 0]
    service.end_person(owner, by=None)
    assert known(owner) == 0


def test_what_was_counted_is_swept_after_a_day_and_never_too_much(
    house: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    guess(house, "nobody@example.org", 5)
    assert rows() == 11  # five pairs, five networks, one account
    monkeypatch.setattr(attempts, "MAX_ROWS", 4)
    attempts.delete_old_attempts()
    assert rows() == 4
    let_pass(86_401)
    cleanup.clean_up()
    assert rows() == 0


@pytest.fixture
def mailing(app: Flask, database_address: str, tmp_path: Path, smtp: Mailbox) -> Iterator[Flask]:
    yield build(database_address, tmp_path / "mailing", smtp)
    limiter.reset()
    limiter.enabled = False


def ask(browser: FlaskClient, email: str, at: str = HERE) -> TestResponse:
    place = {"REMOTE_ADDR": at}
    token = token_in(browser.get("/forgot", environ_base=place).text)
    answer = browser.post("/forgot", data={"email": email, "csrf_token": token}, environ_base=place)
    db.session.rollback()
    return answer


def test_what_others_ask_for_uses_up_nothing_of_the_owners(mailing: Flask, smtp: Mailbox) -> None:
    """Four requests of anybody were all that an account had in an hour."""
    owner, browser = factories.person(), mailing.test_client()
    attempt(browser, owner.email, factories.PASSWORD)
    leave(browser)
    codes = [ask(mailing.test_client(), owner.email, at=f"198.18.{n}.9").status_code for n in range(12)]
    assert codes == [200] * 8 + [429] * 4, "and nobody can fill a mailbox"
    refused = ask(mailing.test_client(), owner.email)
    assert "Links that were sent in the last two hours still work." in refused.text
    assert int(refused.headers["Retry-After"]) > 60
    assert ask(browser, owner.email).status_code == 200
    message = smtp.wait(9)[0]
    link = re.search(r"/link/reset/\S+", message.get_content())
    assert link
    assert browser.get(link[0]).status_code == 200, "the first of them works as well as the last"


def test_one_network_asks_seldom_for_known_and_unknown_addresses_alike(mailing: Flask, smtp: Mailbox) -> None:
    said = []
    for email in (factories.person().email, "nobody@example.org"):
        answers = [ask(mailing.test_client(), email) for _ in range(4)]
        assert [one.status_code for one in answers] == [200] * 3 + [429]
        said.append([shorn(one.text, email) for one in answers])
    assert said[0] == said[1]
    assert ask(mailing.test_client(), factories.person().email).status_code == 200


def test_wrong_present_passwords_wait_in_their_own_sign_in_alone(house: Flask) -> None:
    """Whoever sits at a page that was left open uses up nothing of the owner's."""
    owner, left_open, own = factories.person(), house.test_client(), house.test_client()
    for browser in (left_open, own):
        attempt(browser, owner.email, factories.PASSWORD)
    codes = [change(left_open, "wrong").status_code for _ in range(9)]
    assert codes == [422] * 8 + [429]
    assert "Too many attempts. Try again in" in change(left_open, factories.PASSWORD).text
    assert change(own, factories.PASSWORD).status_code == 302


def change(browser: FlaskClient, present: str) -> TestResponse:
    """Change the password."""
    token = token_in(browser.get("/account").text)
    data = {"present_password": present, "new_password": "quite another passphrase", "csrf_token": token}
    return browser.post("/account/password", data=data)


def test_a_flood_of_passwords_waits_in_a_bounded_line_and_who_is_known_comes_first(
    house: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "QUEUE", 2)
    owner, browser = factories.person(), house.test_client()
    attempt(browser, owner.email, factories.PASSWORD)
    leave(browser)
    done: list[int] = []
    for _ in range(passwords.AT_ONCE):
        passwords._workers.acquire()  # passwords that take long
    line = [waiting(house, f"somebody{n}@example.org", done) for n in range(2)]
    refused = attempt(house.test_client(), owner.email, factories.PASSWORD, at="203.0.113.1")
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert "Too many people sign in at this moment" in refused.text
    assert done == []
    for _ in range(passwords.AT_ONCE):
        passwords._workers.release()
    for thread in line:
        thread.join(20)
    assert done == [422, 422]
    assert attempt(browser, owner.email, factories.PASSWORD).status_code == 302


def waiting(house: Flask, email: str, done: list[int]) -> threading.Thread:
    """Somebody whose password waits to be counted."""
    before = passwords._queued

    def sign_in() -> None:
        with house.app_context():
            done.append(attempt(house.test_client(), email).status_code)
            db.session.remove()

    thread = threading.Thread(target=sign_in, daemon=True)
    thread.start()
    while passwords._queued == before and thread.is_alive():
        thread.join(0.01)
    return thread


def longest_wait() -> float:
    """Seconds from the last attempt to the next."""
    return max((row.until - row.at).total_seconds() for row in db.session.scalars(select(Attempts)))


def known(person: Person) -> int:
    query = select(func.count()).select_from(KnownBrowser).where(KnownBrowser.person_id == person.id)
    return db.session.scalar(query) or 0


def rows() -> int:
    return db.session.scalar(select(func.count()).select_from(Attempts)) or 0


def value(browser: FlaskClient) -> str:
    found = browser.get_cookie(COOKIE, path="/login")
    return found.value if found else ""


def shorn(page: str, email: str) -> str:
    """Without what differs from form to form."""
    return re.sub(r'(value|content)="[^"]{40,}"', "", page).replace(email, "")
