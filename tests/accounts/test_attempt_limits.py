"""Rate limits of sign-in: wrong passwords cause growing waits and never lock the owner out."""

from __future__ import annotations

import re
import threading
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
from klimawerk.extensions import db
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
def limited_app(app: Flask, database_address: str, tmp_path: Path) -> Flask:
    """An app with rate limits on; `app` reads the same database."""
    return build(database_address, tmp_path / "counting")


def attempt(browser: FlaskClient, email: str, password: str = "wrong", at: str = HERE, **more: str) -> TestResponse:
    place = {"REMOTE_ADDR": at}
    form = browser.get("/login", environ_base=place).text
    data = {"email": email, "password": password, "csrf_token": token_in(form), **more}
    answer = browser.post("/login", data=data, environ_base=place)
    db.session.rollback()
    db.session.expire_all()
    return answer


def let_pass(seconds: float) -> None:
    """Shift the stored times into the past by so many seconds."""
    with writing() as session:
        shift = timedelta(seconds=seconds)
        for row in session.scalars(select(Attempts)):
            row.until, row.at = row.until - shift, row.at - shift


def drop_session(browser: FlaskClient) -> None:
    """End the session in this browser, by deleting its cookie."""
    browser.delete_cookie("klimawerk_session")


def guess(limited_app: Flask, email: str, count: int) -> list[int]:
    """Status codes of wrong passwords, each from a network of its own."""
    return [attempt(limited_app.test_client(), email, at=f"198.18.{n}.9").status_code for n in range(count)]


@pytest.mark.parametrize("any_database", ["sqlite", "postgresql"], indirect=True)
def test_forty_wrong_passwords_from_everywhere_do_not_stop_the_owners_browser(
    any_database: str, limited_app: Flask
) -> None:
    """Before, they locked the account for all browsers for an hour."""
    owner, browser = factories.person(), limited_app.test_client()
    assert attempt(browser, owner.email, factories.PASSWORD).status_code == 302
    drop_session(browser)
    assert 422 in guess(limited_app, owner.email, 40)
    for _ in range(8):
        attempt(limited_app.test_client(), owner.email)
    assert attempt(limited_app.test_client(), owner.email).status_code == 429, "the owner's own network has to wait"
    assert attempt(browser, owner.email, factories.PASSWORD).status_code == 302


def test_the_owner_in_a_new_browser_waits_once_whatever_others_do(limited_app: Flask) -> None:
    owner, browser = factories.person(), limited_app.test_client()
    guess(limited_app, owner.email, 30)
    refused = attempt(browser, owner.email, factories.PASSWORD)
    assert refused.status_code == 429
    wait = int(refused.headers["Retry-After"])
    assert 0 < wait <= 60
    assert f"Try again in {wait} seconds" in refused.text
    guess(limited_app, owner.email, 20)
    let_pass(wait)
    assert attempt(browser, owner.email, factories.PASSWORD).status_code == 302


def test_waits_grow_are_said_and_end(limited_app: Flask) -> None:
    email, browser, waits = factories.person().email, limited_app.test_client(), []
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
    assert attempt(limited_app.test_client(), email).status_code == 422, "the right password forgives"


def test_who_has_to_wait_costs_no_password_and_no_row(limited_app: Flask) -> None:
    """Nor does asking again make the wait longer."""
    email = factories.person().email
    for _ in range(8):
        attempt(limited_app.test_client(), email)
    before = db.session.scalar(select(func.count()).select_from(AuditEntry)), row_count()
    waits = [int(attempt(limited_app.test_client(), email).headers["Retry-After"]) for _ in range(4)]
    assert max(waits) <= 5
    assert (db.session.scalar(select(func.count()).select_from(AuditEntry)), row_count()) == before


def test_known_and_unknown_addresses_wait_alike(limited_app: Flask) -> None:
    results = []
    for email in (factories.person().email, "nobody@example.org"):
        codes = guess(limited_app, email, 24)
        pages = [attempt(limited_app.test_client(), email, at="203.0.113.5") for _ in range(2)]
        results.append(
            (codes, [(page.status_code, re.sub(r"\d+ second", "", comparable(page.text, email))) for page in pages])
        )
    assert results[0] == results[1]


def test_many_at_once_gain_nothing_and_another_process_knows_of_them(
    app: Flask, limited_app: Flask, database_address: str, tmp_path: Path
) -> None:
    """Each is counted in the database, before its password is checked."""
    email = factories.person().email
    with limited_app.test_request_context("/login", environ_base={"REMOTE_ADDR": HERE}):
        assert [account_limits.begin_sign_in(email).wait for _ in range(9)] == [0] * 8 + [5]
    second_app = build(database_address, tmp_path / "again")
    assert attempt(second_app.test_client(), email, factories.PASSWORD).status_code == 429
    assert attempt(second_app.test_client(), factories.person().email, factories.PASSWORD).status_code == 302


@pytest.mark.parametrize("any_database", ["sqlite", "postgresql"], indirect=True)
def test_right_and_wrong_passwords_at_the_same_moment_are_all_answered(any_database: str, limited_app: Flask) -> None:
    """Rows are locked in one order, so that no deadlock occurs."""
    owner, codes = factories.person(), []

    def sign_in(password: str) -> None:
        with limited_app.app_context():
            codes.append(attempt(limited_app.test_client(), owner.email, password).status_code)
            db.session.remove()

    typed_passwords = [factories.PASSWORD, "wrong"] * 6
    threads = [threading.Thread(target=sign_in, args=(password,), daemon=True) for password in typed_passwords]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(codes) == len(typed_passwords)
    assert set(codes) <= {302, 422, 429}


@pytest.mark.slow
def test_a_whole_town_hall_is_slowed_by_guesses_at_many_accounts_and_not_the_next_one(limited_app: Flask) -> None:
    codes = [attempt(limited_app.test_client(), f"somebody{n}@example.org").status_code for n in range(62)]
    assert codes == [422] * 60 + [429] * 2
    owner = factories.person()
    assert attempt(limited_app.test_client(), owner.email, factories.PASSWORD, at="192.0.3.1").status_code == 302


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


def test_the_browsers_cookie_is_random_for_the_server_alone_and_opens_nothing(limited_app: Flask) -> None:
    owner, browser = factories.person(), limited_app.test_client()
    set_cookies = attempt(browser, owner.email, factories.PASSWORD).headers.getlist("Set-Cookie")
    cookies = [cookie for cookie in set_cookies if cookie.startswith(COOKIE)]
    assert [cookie.partition("Path=")[2].partition(";")[0] for cookie in cookies] == ["/login", "/forgot"] or len(
        cookies
    ) == 2
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert f"Max-Age={180 * 86_400}" in cookie
    token = cookies[0].partition("=")[2].partition(";")[0]
    assert len(token) > 40
    assert token not in db.session.scalars(select(KnownBrowser.key)).all()
    thief = limited_app.test_client()
    thief.set_cookie(COOKIE, token, path="/")
    assert thief.get("/account").status_code == 302


def test_a_planted_cookie_and_that_of_somebody_else_are_worth_nothing(limited_app: Flask) -> None:
    attacker, owner = factories.person(), factories.person()
    attacker_browser, victim_browser = limited_app.test_client(), limited_app.test_client()
    attempt(attacker_browser, attacker.email, factories.PASSWORD)
    planted = browser_token(attacker_browser)
    victim_browser.set_cookie(COOKIE, planted, path="/login")
    assert attempt(victim_browser, owner.email, factories.PASSWORD).status_code == 302
    assert browser_token(victim_browser) != planted
    guess(limited_app, owner.email, 40)
    drop_session(attacker_browser)
    assert attempt(attacker_browser, owner.email, at="203.0.113.1").status_code == 429


def test_a_shared_computer_gets_no_such_cookie(limited_app: Flask) -> None:
    browser = limited_app.test_client()
    answer = attempt(browser, factories.person().email, factories.PASSWORD, shared="y")
    assert answer.status_code == 302
    assert not browser_token(browser)
    assert db.session.scalars(select(KnownBrowser)).all() == []


def test_known_browsers_end_with_the_account_with_time_and_in_number(
    limited_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_browsers, "MAX_BROWSERS", 3)
    owner, other = factories.person(), factories.person()
    for _ in range(5):
        attempt(limited_app.test_client(), owner.email, factories.PASSWORD)
    attempt(limited_app.test_client(), other.email, factories.PASSWORD)
    assert [known_browser_count(owner), known_browser_count(other)] == [3, 1]
    with writing() as session:
        old = now() - known_browsers.KEEP_FOR
        session.execute(update(KnownBrowser).where(KnownBrowser.person_id == other.id).values(seen_at=old))
    cleanup.clean_up()
    assert [known_browser_count(owner), known_browser_count(other)] == [3, 0]
    service.end_person(owner, by=None)
    assert known_browser_count(owner) == 0


def test_what_was_counted_is_swept_after_a_day_and_never_too_much(
    limited_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    guess(limited_app, "nobody@example.org", 5)
    assert row_count() == 11  # five pairs, five networks, one account
    monkeypatch.setattr(attempts, "MAX_ROWS", 4)
    attempts.delete_old_attempts()
    assert row_count() == 4
    let_pass(86_401)
    cleanup.clean_up()
    assert row_count() == 0


@pytest.fixture
def mailing(app: Flask, database_address: str, tmp_path: Path, smtp: Mailbox) -> Flask:
    return build(database_address, tmp_path / "mailing", smtp)


def request_reset(browser: FlaskClient, email: str, at: str = HERE) -> TestResponse:
    place = {"REMOTE_ADDR": at}
    token = token_in(browser.get("/forgot", environ_base=place).text)
    answer = browser.post("/forgot", data={"email": email, "csrf_token": token}, environ_base=place)
    db.session.rollback()
    return answer


def test_what_others_ask_for_uses_up_nothing_of_the_owners(mailing: Flask, smtp: Mailbox) -> None:
    """Before, an account had four requests in an hour, whoever sent them."""
    owner, browser = factories.person(), mailing.test_client()
    attempt(browser, owner.email, factories.PASSWORD)
    drop_session(browser)
    codes = [request_reset(mailing.test_client(), owner.email, at=f"198.18.{n}.9").status_code for n in range(12)]
    assert codes == [200] * 8 + [429] * 4, "and nobody can fill a mailbox"
    refused = request_reset(mailing.test_client(), owner.email)
    assert "Links that were sent in the last two hours still work." in refused.text
    assert int(refused.headers["Retry-After"]) > 60
    assert request_reset(browser, owner.email).status_code == 200
    message = smtp.wait(9)[0]
    link = re.search(r"/link/reset/\S+", message.get_content())
    assert link
    assert browser.get(link[0]).status_code == 200, "the first of them works as well as the last"


def test_one_network_asks_seldom_for_known_and_unknown_addresses_alike(mailing: Flask, smtp: Mailbox) -> None:
    results = []
    for email in (factories.person().email, "nobody@example.org"):
        answers = [request_reset(mailing.test_client(), email) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200] * 3 + [429]
        results.append([comparable(answer.text, email) for answer in answers])
    assert results[0] == results[1]
    assert request_reset(mailing.test_client(), factories.person().email).status_code == 200


def test_wrong_present_passwords_wait_in_their_own_sign_in_alone(limited_app: Flask) -> None:
    """A page that was left open uses up nothing of the owner's limit."""
    owner, left_open, own_browser = factories.person(), limited_app.test_client(), limited_app.test_client()
    for browser in (left_open, own_browser):
        attempt(browser, owner.email, factories.PASSWORD)
    codes = [change_password(left_open, "wrong").status_code for _ in range(9)]
    assert codes == [422] * 8 + [429]
    assert "Too many attempts. Try again in" in change_password(left_open, factories.PASSWORD).text
    assert change_password(own_browser, factories.PASSWORD).status_code == 302


def change_password(browser: FlaskClient, present: str) -> TestResponse:
    """Submit the form for changing the password."""
    token = token_in(browser.get("/account").text)
    data = {"present_password": present, "new_password": "quite another passphrase", "csrf_token": token}
    return browser.post("/account/password", data=data)


def test_a_flood_of_passwords_waits_in_a_bounded_line_and_who_is_known_comes_first(
    limited_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "QUEUE", 2)
    owner, browser = factories.person(), limited_app.test_client()
    attempt(browser, owner.email, factories.PASSWORD)
    drop_session(browser)
    codes: list[int] = []
    for _ in range(passwords.AT_ONCE):
        passwords._workers.acquire()  # as if all workers were busy
    threads = [start_queued_sign_in(limited_app, f"somebody{n}@example.org", codes) for n in range(2)]
    refused = attempt(limited_app.test_client(), owner.email, factories.PASSWORD, at="203.0.113.1")
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert "Too many people sign in at this moment" in refused.text
    assert codes == []
    for _ in range(passwords.AT_ONCE):
        passwords._workers.release()
    for thread in threads:
        thread.join(20)
    assert codes == [422, 422]
    assert attempt(browser, owner.email, factories.PASSWORD).status_code == 302


def start_queued_sign_in(limited_app: Flask, email: str, codes: list[int]) -> threading.Thread:
    """Start a sign-in in a thread; returns once its password waits in the queue."""
    before = passwords._queued

    def sign_in() -> None:
        with limited_app.app_context():
            codes.append(attempt(limited_app.test_client(), email).status_code)
            db.session.remove()

    thread = threading.Thread(target=sign_in, daemon=True)
    thread.start()
    while passwords._queued == before and thread.is_alive():
        thread.join(0.01)
    return thread


def longest_wait() -> float:
    """The longest stored wait, in seconds."""
    return max((row.until - row.at).total_seconds() for row in db.session.scalars(select(Attempts)))


def known_browser_count(person: Person) -> int:
    query = select(func.count()).select_from(KnownBrowser).where(KnownBrowser.person_id == person.id)
    return db.session.scalar(query) or 0


def row_count() -> int:
    return db.session.scalar(select(func.count()).select_from(Attempts)) or 0


def browser_token(browser: FlaskClient) -> str:
    cookie = browser.get_cookie(COOKIE, path="/login")
    return cookie.value if cookie else ""


def comparable(page: str, email: str) -> str:
    """The page without tokens and the address, which differ between requests."""
    return re.sub(r'(value|content)="[^"]{40,}"', "", page).replace(email, "")
