"""Verbs on people and their accounts. They never see a request; `by` is who does it (None: the operator's command)."""

from __future__ import annotations

from collections.abc import Set

from email_validator import EmailNotValidError
from sqlalchemy import null, select, update
from sqlalchemy.exc import IntegrityError

from klimawerk.accounts import audit, email_addresses, existing_accounts, known_browsers, passwords, sessions
from klimawerk.accounts.models import FormerName, Link, Person
from klimawerk.accounts.signals import logins_ended, person_changed
from klimawerk.clock import now
from klimawerk.database import add_missing, writing
from klimawerk.extensions import db
from klimawerk.text import line, truncate, visually_equal
from klimawerk.web.localisation import known_zones

_JOINERS = "\u200c\u200d"


class EmailTaken(ValueError):
    """Somebody has a confirmed account with this e-mail address."""


class InvalidInput(ValueError):
    """A value that no account can have; the text says which."""


class WrongPassword(ValueError):
    """The present password was not the right one."""


def create_person(
    email: str,
    name: str,
    password: str = "",
    *,
    language: str = "en",
    timezone: str = "Europe/Berlin",
    operator: bool = False,
    demo: bool = False,
    by: Person | None = None,
) -> Person:
    """Make an account; without a password nobody can sign in to it until one is set.

    Raises EmailTaken, and BadInput for an address, a name, a zone or a password that cannot be.
    """
    made = password_hash(password) if password else ""
    with writing():
        person = add_person(email, name, made, language=language, timezone=timezone, by=by)
        person.operator, person.demo = operator, demo
    return person


def add_person(
    email: str,
    name: str,
    password_hash: str,
    *,
    language: str,
    timezone: str,
    by: Person | None,
    confirmed: bool = True,
) -> Person:
    """`create_person` for a password that is hashed already; inside `writing()`.

    An account that is not `confirmed` does not own its address: it may be made for any, and raises no EmailTaken.
    """
    email, name = clean_email(email), clean_name(name)
    if confirmed and find_person(email):
        raise EmailTaken(email)
    person = Person(
        email=email,
        name=name,
        password_hash=password_hash,
        language=language,
        timezone=clean_zone(timezone),
        confirmed_at=now() if confirmed else null(),  # a None would get the column's default
    )
    try:
        with db.session.begin_nested():
            db.session.add(person)
    except IntegrityError:  # somebody else has taken the address at this very moment
        raise EmailTaken(email) from None
    audit.record("person_created", by=by, person=person.id, confirmed=confirmed)
    return person


def find_person(email: str) -> Person | None:
    """The person whose address this is: the confirmed account, also one that has ended."""
    return next((one for one in accounts_with(email) if one.confirmed_at), None)


def accounts_with(email: str) -> list[Person]:
    """All accounts with this address: the confirmed one first, then the others from the oldest one on."""
    wanted = email_addresses.comparable(email)
    if not wanted or not wanted.isprintable():  # a NUL is no text for PostgreSQL
        return []
    found = db.session.scalars(select(Person).where(Person.email == wanted).order_by(Person.id))
    return sorted(found, key=lambda one: one.confirmed_at is None)


def unconfirmed() -> list[Person]:
    """Accounts that are used and whose address nobody has confirmed, by address."""
    query = select(Person).where(Person.confirmed_at.is_(None), Person.ended_at.is_(None))
    return list(db.session.scalars(query.order_by(Person.email, Person.id)))


def confirm(person: Person, *, by: Person | None) -> None:
    """The address is this person's. Raises EmailTaken when another account has been confirmed for it."""
    with writing() as database:
        own = existing_accounts.lock_account(person.id)
        if own.confirmed_at is not None:
            return
        if find_person(own.email):
            raise EmailTaken(own.email)
        try:
            with database.begin_nested():
                own.confirmed_at = now()
        except IntegrityError:  # another account has been confirmed at this very moment
            raise EmailTaken(own.email) from None
        audit.record("address_confirmed", by=by, person=own.id)


def list_people() -> list[Person]:
    """Everybody with an account, by address; ended ones too, but not who was erased."""
    return list(db.session.scalars(select(Person).where(Person.erased_at.is_(None)).order_by(Person.email, Person.id)))


def sign_in(email: str, password: str, *, only: Set[int] | None = None) -> Person | None:
    """The person whose address and password these are; with `only`, one of the accounts with these numbers.

    Two hashes are computed, whether there is an account with the address, a confirmed one, several, or none; four for a
    password that is not typed as it is prepared. One that was hashed in another way is hashed anew.
    """
    known = [one for one in accounts_with(email) if one.ended_at is None]
    tried = [one for one in known if only is None or one.id in only]
    owners, others = [one for one in tried if one.confirmed_at], [one for one in tried if not one.confirmed_at]
    owner = owners[0] if owners else None
    right = passwords.match(owner.password_hash if owner else "", password)
    other = passwords.first_match([one.password_hash for one in others], password)
    person = owner if right else others[other.position] if other else None
    match = right or other
    before = person.password_hash if person else ""
    fresh = None
    if person and match and (not match.prepared or passwords.needs_rehash(before)):
        fresh = _rehashed(person, password)
    with writing():
        there = existing_accounts.lock_existing(one.id for one in known)  # hashing takes time
        known = [one for one in known if one.id in there]
        if person is None or person.id not in there:
            who = {"person": known[0].id} if known else {"unknown": audit.masked_address(email)}
            audit.record("sign_in_failed", by=None, **who)
            return None
        if fresh:  # unless another one was set meanwhile
            same = update(Person).where(Person.id == person.id, Person.password_hash == before)
            db.session.execute(same.values(password_hash=fresh))
        audit.record("signed_in", by=person)
    return person


def sign_out(person: Person, key: str | None) -> None:
    """The login with this key has ended; its open pages are told. The caller forgets the cookie."""
    with writing():
        audit.record("signed_out", by=person)
        logins_ended.send(keys=[key] if key else [])


def sign_out_everywhere(person: Person, *, keep: str | None = None, by: Person | None) -> int:
    """End all of the person's logins, except the one with the key `keep`; answers how many ended."""
    with writing():
        ended = _end_logins(person, keep)
        audit.record("signed_out_everywhere", by=by, person=person.id, logins=ended)
    return ended


def change_password(person: Person, present: str, new: str, *, keep: str | None) -> None:
    """The person's own change; other logins end. Raises WrongPassword, BadInput."""
    if not passwords.matches(person.password_hash, present):
        raise WrongPassword
    set_password(person, new, by=person, keep=keep)


def set_password(person: Person, password: str, *, by: Person | None, keep: str | None = None) -> None:
    """Give the person a new password; all logins but `keep` end, and open links for a new password too.

    Raises BadInput for a password that cannot be (`check_password`).
    """
    made = password_hash_for(person, password)
    with writing():
        store_password(person, made, by=by, keep=keep)


def store_password(person: Person, password_hash: str, *, by: Person | None, keep: str | None = None) -> None:
    """`set_password` for a password that is hashed already; inside `writing()`."""
    existing_accounts.lock_unless_erased(person.id).password_hash = password_hash
    for link in db.session.scalars(select(Link).where(Link.person_id == person.id, Link.used_at.is_(None))):
        link.used_at = now()
    if keep is None:
        known_browsers.forget_browsers(person.id)
    _end_logins(person, keep)
    audit.record("password_set", by=by, person=person.id)


def password_hash(password: str, unconfirmed_email: str = "") -> str:
    """The hash of a new password: waits for it, so never inside a transaction. Raises BadInput (`check_password`).

    Accounts that are not confirmed share a salt if they have the same address, so that signing in takes as long
    however many there are: name the address where the hash is for one.
    """
    prepared = check_password(password)
    same = [one.password_hash for one in accounts_with(unconfirmed_email) if not one.confirmed_at]
    return passwords.hash_password(prepared, like=next(filter(None, same), ""))


def password_hash_for(person: Person, password: str) -> str:
    """The hash of a password that this person has or is to have. Raises BadInput (`check_password`)."""
    return password_hash(password, "" if person.confirmed_at else person.email)


def check_password(password: str) -> str:
    """A new password as it is to be hashed. Raises BadInput for its length, and for what no password can have."""
    try:
        prepared = passwords.prepare_password(password)
    except passwords.DisallowedCharacter as disallowed:
        raise InvalidInput(str(disallowed)) from None
    if not passwords.MIN_LENGTH <= len(prepared) <= passwords.MAX_LENGTH:
        raise InvalidInput(f"A password has {passwords.MIN_LENGTH} to {passwords.MAX_LENGTH} characters.")
    return prepared


def _rehashed(person: Person, password: str) -> str | None:
    """The hash of the present password by today's rules; None for one that nobody could set today."""
    try:
        return password_hash_for(person, password)
    except InvalidInput:
        return None


def change_profile(person: Person, *, name: str, language: str, timezone: str) -> None:
    """Name, language and time zone. Raises BadInput, AccountGone.

    The name of before is remembered, to be erased one day.
    """
    name, timezone = clean_name(name), clean_zone(timezone)
    with writing():
        own = existing_accounts.lock_account(person.id)
        if own.name != name:
            add_missing(FormerName, person_id=own.id, name=own.name)
        own.name, own.language, own.timezone = name, language, timezone
        person_changed.send(person_id=person.id)


def end_person(person: Person, *, by: Person | None) -> None:
    """Close the account: no sign-in, no rights, all logins end. What the person wrote stays, with its name.

    To erase a person is something else: `klimawerk/privacy`.
    """
    with writing():
        own = existing_accounts.lock_unless_erased(person.id)
        own.ended_at = own.ended_at or now()
        known_browsers.forget_browsers(person.id)
        _end_logins(person, None)
        audit.record("person_ended", by=by, person=person.id)
        person_changed.send(person_id=person.id)


def set_operator(person: Person, operator: bool, *, by: Person | None) -> None:
    """Give or take the right to see the operator's pages."""
    with writing():
        existing_accounts.lock_unless_erased(person.id).operator = operator
        audit.record("operator_set", by=by, person=person.id, operator=operator)


def clean_email(text: str) -> str:
    """The address in the form it is stored in. Raises BadInput with a sentence."""
    try:
        return email_addresses.normalized(text)
    except EmailNotValidError as error:
        raise InvalidInput(str(error)) from error


def clean_name(text: str) -> str:
    """One line without control characters, at most 120 characters. Raises BadInput when nothing is left to be seen.

    Of what is not seen joiners stay where they change how letters look, as in Persian and in scripts of India.
    """
    words = "".join(c if c.isprintable() or c in _JOINERS else " " for c in line(text))
    bare = words.translate(dict.fromkeys(map(ord, _JOINERS)))
    name = truncate(" ".join((bare if visually_equal(words, bare) else words).split()), 120)
    if not name:
        raise InvalidInput("A name is needed.")
    return name


def clean_zone(name: str) -> str:
    """The name of a time zone. Raises BadInput for one that does not exist."""
    if name not in known_zones():
        raise InvalidInput(f"There is no time zone {name!r}.")
    return name


def _end_logins(person: Person, keep: str | None) -> int:
    ended = sessions.end_logins(person.id, keep)
    logins_ended.send(keys=ended)
    return len(ended)
