"""Who has one account with an address gets no more guesses at another account with it than anybody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from klimawerk.accounts import account_limits, attempts, known_browsers, service
from klimawerk.accounts.attempts import Attempts
from klimawerk.accounts.models import Person
from klimawerk.database import writing
from klimawerk.extensions import db, limiter
from tests import factories
from tests.accounts.test_attempt_limits import HERE, ask, attempt, build, leave, let_pass
from tests.mailbox import Mailbox

OWN = "a passphrase of the stranger"


@pytest.fixture
def house(app: Flask, database_address: str, tmp_path: Path) -> Iterator[Flask]:
    """An app that counts attempts; `app` is for looking at its database."""
    yield build(database_address, tmp_path / "counting")
    limiter.reset()
    limiter.enabled = False


def unconfirmed(email: str) -> Person:
    """An account as an invitation's link makes it that was shown to whoever invited."""
    made = service.password_hash(OWN, email)
    with writing():
        return service.add_person(email, "Stranger", made, language="en", timezone="UTC", by=None, confirmed=False)


def guesses(browser: FlaskClient, email: str, count: int) -> list[int]:
    return [attempt(browser, email, f"guess {n}").status_code for n in range(count)]


@pytest.mark.parametrize("cookie", [True, False])
@pytest.mark.parametrize("any_database", ["sqlite", "postgresql"], indirect=True)
def test_a_strangers_account_with_the_owners_address_buys_no_guesses(
    any_database: str, house: Flask, cookie: bool
) -> None:
    """Seven wrong passwords and one sign-in with one's own, again and again: nobody ever had to wait."""
    owner, browser, codes = factories.person(), house.test_client(), []
    unconfirmed(owner.email)
    for _ in range(3):
        codes += [*guesses(browser, owner.email, 7), attempt(browser, owner.email, OWN).status_code]
        leave(browser)
        browser = browser if cookie else house.test_client()
    assert 429 in codes
    refused = attempt(browser, owner.email, factories.PASSWORD)
    assert (refused.status_code, 'class="error" role="alert">Too many attempts.' in refused.text) == (429, True)
    assert codes.count(422) <= account_limits.SIGN_IN_PAIR.free


def test_nor_does_the_owner_gain_guesses_at_a_strangers_account(house: Flask) -> None:
    owner = factories.person()
    unconfirmed(owner.email)
    for browser in (house.test_client(), None):
        codes = []
        for _ in range(3):
            mine = browser or house.test_client()
            codes += [*guesses(mine, owner.email, 7), attempt(mine, owner.email, factories.PASSWORD).status_code]
            leave(mine)
        assert 429 in codes
        assert attempt(mine, owner.email, OWN).status_code == 429


def test_the_strangers_own_account_stays_open_to_its_known_browser(house: Flask) -> None:
    """Negative control: many people have no other account, where no mail is configured."""
    owner, browser = factories.person(), house.test_client()
    unconfirmed(owner.email)
    assert attempt(browser, owner.email, OWN).status_code == 302
    leave(browser)
    for _ in range(9):
        attempt(house.test_client(), owner.email)
    assert attempt(house.test_client(), owner.email, OWN).status_code == 429
    assert attempt(browser, owner.email, OWN).status_code == 302


def test_waits_do_not_tell_whether_the_address_has_another_account(house: Flask) -> None:
    said = []
    for email in (factories.person().email, "nobody@example.org"):
        unconfirmed(email)
        browser, codes = house.test_client(), []
        for _ in range(3):
            codes += [*guesses(browser, email, 7), attempt(browser, email, OWN).status_code]
            leave(browser)
        said.append(codes)
    assert said[0] == said[1]


def test_another_persons_sign_in_in_the_same_browser_gives_no_new_attempts(house: Flask) -> None:
    """A new cookie came with each sign-in, and with it a fresh count for everybody who is known there."""
    owner, colleague, browser = factories.person(), factories.person(), house.test_client()
    for one in (owner, colleague):
        assert attempt(browser, one.email, factories.PASSWORD).status_code == 302
        leave(browser)
    codes = []
    for _ in range(3):
        codes += guesses(browser, owner.email, 7)
        assert attempt(browser, colleague.email, factories.PASSWORD).status_code == 302
        leave(browser)
    assert codes == [422] * 8 + [429] * 13
    let_pass(account_limits.SIGN_IN_PAIR.longest)
    assert attempt(browser, owner.email, factories.PASSWORD).status_code == 302


def test_ones_own_sign_in_does_not_forgive_guesses_at_many_accounts_from_the_network(house: Flask) -> None:
    mine = factories.person()
    with house.test_request_context("/login", environ_base={"REMOTE_ADDR": HERE}):
        before = [account_limits.begin_sign_in(f"somebody{n}@example.org").wait for n in range(59)]
    assert not any(before)
    for _ in range(2):
        assert attempt(house.test_client(), mine.email, factories.PASSWORD).status_code == 302
    db.session.expire_all()
    count = db.session.get_one(Attempts, attempts.attempt_key("network", account_limits.network(HERE))).count
    assert round(count) == 59
    assert attempt(house.test_client(), "somebody@example.org").status_code == 422
    assert attempt(house.test_client(), mine.email, factories.PASSWORD).status_code == 429


def test_a_stranger_does_not_fill_the_owners_mailbox(
    app: Flask, database_address: str, tmp_path: Path, smtp: Mailbox
) -> None:
    mailing = build(database_address, tmp_path / "mailing", smtp)
    owner, browser, codes = factories.person(), mailing.test_client(), []
    unconfirmed(owner.email)
    for _ in range(3):
        assert attempt(browser, owner.email, OWN).status_code == 302
        leave(browser)
        codes += [ask(browser, owner.email).status_code for _ in range(2)]
    limiter.reset()
    limiter.enabled = False
    assert codes == [200] * 3 + [429] * 3
    assert db.session.scalars(select(known_browsers.KnownBrowser.person_id)).all() == [
        service.accounts_with(owner.email)[1].id
    ]
