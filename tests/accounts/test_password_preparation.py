"""Preparation of passwords and normalisation of addresses: equal on every keyboard and system."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from click.testing import Result
from flask import Flask

from klimawerk.accounts import account_limits, audit, expiring_links, known_browsers, passwords, service
from klimawerk.accounts.models import Person
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.partnerships.access import member_of
from klimawerk.partnerships.invitations import Invitation, invite
from tests import factories
from tests.accounts.test_signing_in import attempt
from tests.client import ProofReader

COMPOSED = "Größe über Wärme"
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)
PUNYCODE = "wiesenbrück".encode("idna").decode()
BLANKS = COMPOSED.replace(" ", "\u00a0")


def store_legacy_hash(person: Person, password: str) -> None:
    """Store a legacy hash: of the characters as typed, not prepared."""
    with writing():
        db.session.get_one(Person, person.id).password_hash = passwords.hash_password(password)


def sign_out(client: ProofReader) -> None:
    client.get("/account")
    assert client.post("/logout").status_code == 302


def hash_of(person: Person) -> str:
    db.session.expire_all()
    return db.session.get_one(Person, person.id).password_hash


@pytest.mark.parametrize(("chosen", "typed"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED), (COMPOSED, BLANKS)])
def test_a_password_opens_the_account_however_it_is_typed(client: ProofReader, chosen: str, typed: str) -> None:
    person = factories.person()
    link = expiring_links.reset_link(person, by=None).removeprefix("http://localhost:8000")
    client.get(link)
    assert client.post(link, data={"new_password": chosen}).status_code == 302
    sign_out(client)
    assert attempt(client, person.email, typed) == 302
    sign_out(client)
    assert attempt(client, person.email, typed.lower()) == 422, "case counts"
    assert attempt(client, person.email, "Grosse uber Warme") == 422, "accents count"


def test_the_present_password_is_the_same_however_it_is_typed(client: ProofReader) -> None:
    person = factories.person()
    service.set_password(person, COMPOSED, by=None)
    client.login(person)
    client.get("/account")
    sent = {"present_password": DECOMPOSED, "new_password": DECOMPOSED + "!"}
    assert client.post("/account/password", data=sent).status_code == 302
    assert service.sign_in(person.email, COMPOSED + "!")
    client.get("/account/erase")
    assert client.post("/account/erase", data={"present_password": DECOMPOSED + "!"}).status_code == 302


def test_who_accepts_an_invitation_has_the_same_password_everywhere(client: ProofReader) -> None:
    team = factories.partnership()
    member = member_of(team.de["coordinator"], team.partnership.id)
    assert member
    _link, token = invite(member, Invitation("new@example.org", "de", "editor", "en"))
    link = f"/link/invitation/{token}"
    client.get(link)
    sent = {"name": "Nana", "new_password": DECOMPOSED, "language": "en", "timezone": "UTC"}
    assert client.post(link, data=sent).status_code == 302
    assert service.sign_in("new@example.org", COMPOSED)


@pytest.mark.parametrize("password", [DECOMPOSED, "Wärme\u200bplan 2027", "col·lecció 2027", "ä" * 8 + "\u00a0b"])
def test_a_password_of_before_still_opens_the_account(client: ProofReader, password: str) -> None:
    person = factories.person()
    store_legacy_hash(person, password)
    assert attempt(client, person.email, password) == 302
    sign_out(client)
    assert attempt(client, person.email, password + "x") == 422
    assert attempt(client, person.email, password) == 302, "once more, whether or not it was hashed anew"


def test_a_password_of_before_is_hashed_as_prepared_when_it_is_next_typed(client: ProofReader) -> None:
    person = factories.person()
    store_legacy_hash(person, DECOMPOSED)
    before = hash_of(person)
    assert attempt(client, person.email, COMPOSED) == 422
    assert hash_of(person) == before
    assert attempt(client, person.email, DECOMPOSED) == 302
    prepared = hash_of(person)
    assert prepared != before
    sign_out(client)
    assert attempt(client, person.email, COMPOSED) == 302
    assert hash_of(person) == prepared, "it fits, and is left alone"


def test_a_password_of_before_that_nobody_could_set_today_stays_as_it_is(client: ProofReader) -> None:
    person = factories.person()
    store_legacy_hash(person, "a\u0308" * 5)  # ten characters then, five now
    before = hash_of(person)
    assert attempt(client, person.email, "a\u0308" * 5) == 302
    assert hash_of(person) == before


def test_a_password_set_meanwhile_is_not_replaced_by_the_old_one(
    client: ProofReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = factories.person()
    store_legacy_hash(person, DECOMPOSED)
    rehashed = service._rehashed

    def meanwhile(person: Person, password: str) -> str | None:
        new_hash = rehashed(person, password)
        store_legacy_hash(person, "another passphrase")
        return new_hash

    monkeypatch.setattr(service, "_rehashed", meanwhile)
    service.sign_in(person.email, DECOMPOSED)
    assert passwords.matches(hash_of(person), "another passphrase")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("abcdef\x02ghij", "U+0002"),
        ("abcdef\tghij", "U+0009"),
        ("abcdef\u00adghij", "SOFT HYPHEN"),
        ("abcdef\u200bghij", "ZERO WIDTH SPACE"),
        ("abcdefghij\ufffe", "U+FFFE"),
        ("abcdefghij\ud83d", "U+D83D"),
    ],
)
def test_what_nobody_sees_is_refused_in_a_new_password(typed: str, name: str) -> None:
    with pytest.raises(service.InvalidInput, match=re.escape(f"cannot have the character {name}.")):
        service.check_password(typed)


@pytest.mark.parametrize(
    ("typed", "length"),
    [("a\u0308" * 9, 0), ("a\u0308" * 10, 10), ("a\u0308" * 200, 200), ("ä" * 201, 0), ("🌳" * 10, 10)],
)
def test_length_is_counted_as_it_is_hashed(typed: str, length: int) -> None:
    if length:
        assert len(service.check_password(typed)) == length
    else:
        with pytest.raises(service.InvalidInput, match="10 to 200 characters"):
            service.check_password(typed)


def test_the_form_says_what_is_wrong_and_takes_what_fits(client: ProofReader) -> None:
    link = expiring_links.reset_link(factories.person(), by=None).removeprefix("http://localhost:8000")
    client.get(link)
    refused = client.post(link, data={"new_password": "abcdef\x02ghij"})
    assert (refused.status_code, "cannot have the character U+0002. Leave it out." in refused.text) == (422, True)
    refused = client.post(link, data={"new_password": "a\u0308" * 9})
    assert (refused.status_code, "at least 10 and at most 200 characters" in refused.text) == (422, True)
    assert "maxlength" not in refused.text.partition('name="new_password"')[2].partition(">")[0]
    assert client.post(link, data={"new_password": "a\u0308" * 200}).status_code == 302


@pytest.mark.parametrize("typed", ["a plain passphrase", DECOMPOSED])
def test_as_much_is_computed_whoever_has_an_account(app: Flask, monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    """The number of computed hashes is equal for known and unknown addresses."""
    hash_count = [0]

    def counting(work: Callable[..., object]) -> Callable[..., object]:
        def counted(*args: object, **kwargs: object) -> object:
            hash_count[0] += 1
            return work(*args, **kwargs)

        return counted

    known = factories.person().email
    service.sign_in(known, "x" * 12)  # the dummy hash is computed once
    for name in ("hash", "verify"):
        monkeypatch.setattr(PasswordHasher, name, counting(getattr(PasswordHasher, name)))
    counts_by_email = []
    for email in (known, "nobody@example.org"):
        hash_count[0] = 0
        assert service.sign_in(email, typed) is None
        counts_by_email.append(hash_count[0])
    assert counts_by_email == [4, 4] if typed == DECOMPOSED else [2, 2]


def test_a_password_from_the_shell_is_the_same(app: Flask) -> None:
    def run(*arguments: str, stdin: str) -> Result:
        return app.test_cli_runner().invoke(args=["user", *arguments], input=stdin)

    assert run("add", "ama@example.org", "Ama", stdin=f"{DECOMPOSED}\n{DECOMPOSED}\n").exit_code == 0
    assert service.sign_in("ama@example.org", COMPOSED)
    refused = run("password", "ama@example.org", stdin="abcdef\u00adghij\nabcdef\u00adghij\n")
    assert refused.exit_code == 1
    assert "SOFT HYPHEN" in refused.output


def test_an_address_is_the_same_however_it_is_typed(app: Flask) -> None:
    person = factories.person(email="jürgen@wiesenbrück.example")
    for typed in (
        "JÜRGEN@wiesenbrück.example",
        "ju\u0308rgen@wiesenbru\u0308ck.example",
        f" jürgen@{PUNYCODE.upper()}.example ",
    ):
        assert service.accounts_with(typed) == [person]
        assert account_limits._comparable_address(typed) == known_browsers._stored_address(typed) == person.email, (
            "it is counted as the same"
        )
        assert audit.masked_address(typed) == audit.masked_address(person.email)
    assert service.sign_in(f"JU\u0308RGEN@{PUNYCODE}.example", factories.PASSWORD)


def test_another_mailbox_is_another_account(app: Flask) -> None:
    factories.person(email="jürgen@wiesenbrück.example")
    for typed in ("jurgen@wiesenbrück.example", "juergen@wiesenbrück.example", "jürgen@wiesenbruck.example"):
        assert service.accounts_with(typed) == []
