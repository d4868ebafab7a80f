"""Rate limits of accounts that share an address: owning one gives no additional attempts at another."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from klimawerk.accounts import account_limits, attempts, known_browsers, service
from klimawerk.accounts.attempts import Attempts
from klimawerk.accounts.models import Person
from klimawerk.database import writing
from klimawerk.extensions import db
from tests import factories
from tests.accounts.test_attempt_limits import HERE, attempt, build, drop_session, let_pass, request_reset
from tests.mailbox import Mailbox

STRANGER_PASSWORD = "a passphrase of the stranger"


@pytest.fixture
def limited_app(app: Flask, database_address: str, tmp_path: Path) -> Flask:
    """An app with rate limits on; `app` reads the same database."""
    return build(database_address, tmp_path / "counting")


def unconfirmed(email: str) -> Person:
    """An unconfirmed account, as made by an invitation whose link was shown to the inviting coordinator."""
    password_hash = service.password_hash(STRANGER_PASSWORD, email)
    with writing():
        return service.add_person(
            email, "Stranger", password_hash, language="en", timezone="UTC", by=None, confirmed=False
        )


def guesses(browser: FlaskClient, email: str, count: int) -> list[int]:
    return [attempt(browser, email, f"guess {n}").status_code for n in range(count)]


@pytest.mark.slow
@pytest.mark.parametrize("cookie", [True, False])
@pytest.mark.parametrize("any_database", ["sqlite", "postgresql"], indirect=True)
def test_a_strangers_account_with_the_owners_address_buys_no_guesses(
    any_database: str, limited_app: Flask, cookie: bool
) -> None:
    """Before, seven wrong passwords and one sign-in with the own one could be repeated without a wait."""
    owner, browser, codes = factories.person(), limited_app.test_client(), []
    unconfirmed(owner.email)
    for _ in range(3):
        codes += [*guesses(browser, owner.email, 7), attempt(browser, owner.email, STRANGER_PASSWORD).status_code]
        drop_session(browser)
        browser = browser if cookie else limited_app.test_client()
    assert 429 in codes
    refused = attempt(browser, owner.email, factories.PASSWORD)
    assert (refused.status_code, 'class="error" role="alert">Too many attempts.' in refused.text) == (429, True)
    assert codes.count(422) <= account_limits.SIGN_IN_PAIR.free


def test_nor_does_the_owner_gain_guesses_at_a_strangers_account(limited_app: Flask) -> None:
    owner = factories.person()
    unconfirmed(owner.email)
    for browser in (limited_app.test_client(), None):
        codes = []
        for _ in range(3):
            current_browser = browser or limited_app.test_client()
            codes += [
                *guesses(current_browser, owner.email, 7),
                attempt(current_browser, owner.email, factories.PASSWORD).status_code,
            ]
            drop_session(current_browser)
        assert 429 in codes
        assert attempt(current_browser, owner.email, STRANGER_PASSWORD).status_code == 429


def test_the_strangers_own_account_stays_open_to_its_known_browser(limited_app: Flask) -> None:
    """Negative control: many people have no other account, where no mail is configured."""
    owner, browser = factories.person(), limited_app.test_client()
    unconfirmed(owner.email)
    assert attempt(browser, owner.email, STRANGER_PASSWORD).status_code == 302
    drop_session(browser)
    for _ in range(9):
        attempt(limited_app.test_client(), owner.email)
    assert attempt(limited_app.test_client(), owner.email, STRANGER_PASSWORD).status_code == 429
    assert attempt(browser, owner.email, STRANGER_PASSWORD).status_code == 302


def test_waits_do_not_tell_whether_the_address_has_another_account(limited_app: Flask) -> None:
    results = []
    for email in (factories.person().email, "nobody@example.org"):
        unconfirmed(email)
        browser, codes = limited_app.test_client(), []
        for _ in range(3):
            codes += [*guesses(browser, email, 7), attempt(browser, email, STRANGER_PASSWORD).status_code]
            drop_session(browser)
        results.append(codes)
    assert results[0] == results[1]


def test_another_persons_sign_in_in_the_same_browser_gives_no_new_attempts(limited_app: Flask) -> None:
    """Before, each sign-in brought a new cookie, and with it a new count for all accounts known in the browser."""
    owner, colleague, browser = factories.person(), factories.person(), limited_app.test_client()
    for person in (owner, colleague):
        assert attempt(browser, person.email, factories.PASSWORD).status_code == 302
        drop_session(browser)
    codes = []
    for _ in range(3):
        codes += guesses(browser, owner.email, 7)
        assert attempt(browser, colleague.email, factories.PASSWORD).status_code == 302
        drop_session(browser)
    assert codes == [422] * 8 + [429] * 13
    let_pass(account_limits.SIGN_IN_PAIR.longest)
    assert attempt(browser, owner.email, factories.PASSWORD).status_code == 302


def test_ones_own_sign_in_does_not_forgive_guesses_at_many_accounts_from_the_network(limited_app: Flask) -> None:
    own_account = factories.person()
    with limited_app.test_request_context("/login", environ_base={"REMOTE_ADDR": HERE}):
        waits = [account_limits.begin_sign_in(f"somebody{n}@example.org").wait for n in range(59)]
    assert not any(waits)
    for _ in range(2):
        assert attempt(limited_app.test_client(), own_account.email, factories.PASSWORD).status_code == 302
    db.session.expire_all()
    count = db.session.get_one(Attempts, attempts.attempt_key("network", account_limits.network(HERE))).count
    assert round(count) == 59
    assert attempt(limited_app.test_client(), "somebody@example.org").status_code == 422
    assert attempt(limited_app.test_client(), own_account.email, factories.PASSWORD).status_code == 429


def test_a_stranger_does_not_fill_the_owners_mailbox(
    app: Flask, database_address: str, tmp_path: Path, smtp: Mailbox
) -> None:
    mailing = build(database_address, tmp_path / "mailing", smtp)
    owner, browser, codes = factories.person(), mailing.test_client(), []
    unconfirmed(owner.email)
    for _ in range(3):
        assert attempt(browser, owner.email, STRANGER_PASSWORD).status_code == 302
        drop_session(browser)
        codes += [request_reset(browser, owner.email).status_code for _ in range(2)]
    assert codes == [200] * 3 + [429] * 3
    assert db.session.scalars(select(known_browsers.KnownBrowser.person_id)).all() == [
        service.accounts_with(owner.email)[1].id
    ]
