"""Operations on accounts, independent of requests. `by`: the acting person; None: a command of the operator."""

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
    """Another confirmed account has this e-mail address."""


class InvalidInput(ValueError):
    """A value that an account cannot have; the text says why."""


class WrongPassword(ValueError):
    """The present password that was given is wrong."""


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
    """Create an account; without a password, sign-in is impossible until one is set.

    Raises EmailTaken, and InvalidInput for an invalid address, name, time zone or password.
    """
    new_hash = password_hash(password) if password else ""
    with writing():
        person = add_person(email, name, new_hash, language=language, timezone=timezone, by=by)
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
    """`create_person` with a hash of the password; inside `writing()`.

    An account that is not `confirmed` does not own its address: any address is accepted, without EmailTaken.
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
    except IntegrityError:  # another transaction has taken the address meanwhile
        raise EmailTaken(email) from None
    audit.record("person_created", by=by, person=person.id, confirmed=confirmed)
    return person


def find_person(email: str) -> Person | None:
    """The confirmed account with this address, also an ended one."""
    return next((person for person in accounts_with(email) if person.confirmed_at), None)


def accounts_with(email: str) -> list[Person]:
    """All accounts with this address: the confirmed one first, then the others by age, oldest first."""
    normalized_address = email_addresses.comparable(email)
    if not normalized_address or not normalized_address.isprintable():  # PostgreSQL refuses NUL in text
        return []
    people = db.session.scalars(select(Person).where(Person.email == normalized_address).order_by(Person.id))
    return sorted(people, key=lambda person: person.confirmed_at is None)


def unconfirmed() -> list[Person]:
    """Accounts with an unconfirmed address that have not ended, by address."""
    query = select(Person).where(Person.confirmed_at.is_(None), Person.ended_at.is_(None))
    return list(db.session.scalars(query.order_by(Person.email, Person.id)))


def confirm(person: Person, *, by: Person | None) -> None:
    """Mark the person's address as confirmed. Raises EmailTaken when another account has been confirmed for it."""
    with writing() as database:
        account = existing_accounts.lock_account(person.id)
        if account.confirmed_at is not None:
            return
        if find_person(account.email):
            raise EmailTaken(account.email)
        try:
            with database.begin_nested():
                account.confirmed_at = now()
        except IntegrityError:  # another transaction has confirmed the address meanwhile
            raise EmailTaken(account.email) from None
        audit.record("address_confirmed", by=by, person=account.id)


def list_people() -> list[Person]:
    """All accounts, by address: ended ones too, but not erased ones."""
    return list(db.session.scalars(select(Person).where(Person.erased_at.is_(None)).order_by(Person.email, Person.id)))


def sign_in(email: str, password: str, *, only: Set[int] | None = None) -> Person | None:
    """Authenticate by address and password: the person, or None. `only`: ids of the accounts that may be tried.

    Two hashes are computed whether the address has a confirmed account, several accounts, or none; four for a password
    that differs from its prepared form. So timing discloses nothing. A hash with outdated parameters or of an
    unprepared password is replaced.
    """
    open_accounts = [account for account in accounts_with(email) if account.ended_at is None]
    allowed = [account for account in open_accounts if only is None or account.id in only]
    confirmed = [account for account in allowed if account.confirmed_at]
    others = [account for account in allowed if not account.confirmed_at]
    owner = confirmed[0] if confirmed else None
    owner_match = passwords.match(owner.password_hash if owner else "", password)
    other_match = passwords.first_match([account.password_hash for account in others], password)
    person = owner if owner_match else others[other_match.position] if other_match else None
    match = owner_match or other_match
    old_hash = person.password_hash if person else ""
    new_hash = None
    if person and match and (not match.prepared or passwords.needs_rehash(old_hash)):
        new_hash = _rehashed(person, password)
    with writing():
        existing = existing_accounts.lock_existing(account.id for account in open_accounts)  # hashing takes time
        open_accounts = [account for account in open_accounts if account.id in existing]
        if person is None or person.id not in existing:
            subject = {"person": open_accounts[0].id} if open_accounts else {"unknown": audit.masked_address(email)}
            audit.record("sign_in_failed", by=None, **subject)
            return None
        if new_hash:  # unless another password was set meanwhile
            if_unchanged = update(Person).where(Person.id == person.id, Person.password_hash == old_hash)
            db.session.execute(if_unchanged.values(password_hash=new_hash))
        audit.record("signed_in", by=person)
    return person


def sign_out(person: Person, key: str | None) -> None:
    """Record the sign-out and notify open pages of the session with this key. The caller ends the session itself."""
    with writing():
        audit.record("signed_out", by=person)
        logins_ended.send([key] if key else [])


def sign_out_everywhere(person: Person, *, keep: str | None = None, by: Person | None) -> int:
    """End all sessions of the person, except the one with the key `keep`; returns how many ended."""
    with writing():
        ended = _end_logins(person, keep)
        audit.record("signed_out_everywhere", by=by, person=person.id, logins=ended)
    return ended


def change_password(person: Person, present: str, new: str, *, keep: str | None) -> None:
    """Change the own password; other sessions end. Raises WrongPassword, InvalidInput."""
    if not passwords.matches(person.password_hash, present):
        raise WrongPassword
    set_password(person, new, by=person, keep=keep)


def set_password(person: Person, password: str, *, by: Person | None, keep: str | None = None) -> None:
    """Set a new password. All sessions but `keep` end, and the person's open links become invalid.

    Raises InvalidInput (`check_password`).
    """
    new_hash = password_hash_for(person, password)
    with writing():
        store_password(person, new_hash, by=by, keep=keep)


def store_password(person: Person, password_hash: str, *, by: Person | None, keep: str | None = None) -> None:
    """`set_password` with a hash of the password; inside `writing()`."""
    existing_accounts.lock_unless_erased(person.id).password_hash = password_hash
    for link in db.session.scalars(select(Link).where(Link.person_id == person.id, Link.used_at.is_(None))):
        link.used_at = now()
    if keep is None:
        known_browsers.forget_browsers(person.id)
    _end_logins(person, keep)
    audit.record("password_set", by=by, person=person.id)


def password_hash(password: str, unconfirmed_email: str = "") -> str:
    """The hash of a new password. It takes time, so never in a transaction. Raises InvalidInput (`check_password`).

    Unconfirmed accounts of one address share a salt, so that sign-in takes as long however many there are:
    `unconfirmed_email` is that address if the hash is for an unconfirmed account.
    """
    prepared = check_password(password)
    same_address = [account.password_hash for account in accounts_with(unconfirmed_email) if not account.confirmed_at]
    return passwords.hash_password(prepared, like=next(filter(None, same_address), ""))


def password_hash_for(person: Person, password: str) -> str:
    """The hash of a present or new password of this person. Raises InvalidInput (`check_password`)."""
    return password_hash(password, "" if person.confirmed_at else person.email)


def check_password(password: str) -> str:
    """The prepared form of a new password. Raises InvalidInput for its length or disallowed characters."""
    try:
        prepared = passwords.prepare_password(password)
    except passwords.DisallowedCharacter as disallowed:
        raise InvalidInput(str(disallowed)) from None
    if not passwords.MIN_LENGTH <= len(prepared) <= passwords.MAX_LENGTH:
        raise InvalidInput(f"A password has {passwords.MIN_LENGTH} to {passwords.MAX_LENGTH} characters.")
    return prepared


def _rehashed(person: Person, password: str) -> str | None:
    """The hash of the present password by the present rules; None if these would refuse it."""
    try:
        return password_hash_for(person, password)
    except InvalidInput:
        return None


def change_profile(person: Person, *, name: str, language: str, timezone: str) -> None:
    """Change name, language and time zone. Raises InvalidInput, AccountDeleted.

    The old name is stored (`FormerName`), so that erasing can find it.
    """
    name, timezone = clean_name(name), clean_zone(timezone)
    with writing():
        account = existing_accounts.lock_account(person.id)
        if account.name != name:
            add_missing(FormerName, person_id=account.id, name=account.name)
        account.name, account.language, account.timezone = name, language, timezone
        person_changed.send(person.id)


def end_person(person: Person, *, by: Person | None) -> None:
    """End the account: no sign-in, no rights, all sessions end. What the person wrote stays, with their name.

    Erasing personal data is done in `klimawerk/privacy`.
    """
    with writing():
        account = existing_accounts.lock_unless_erased(person.id)
        account.ended_at = account.ended_at or now()
        known_browsers.forget_browsers(person.id)
        _end_logins(person, None)
        audit.record("person_ended", by=by, person=person.id)
        person_changed.send(person.id)


def set_operator(person: Person, operator: bool, *, by: Person | None) -> None:
    """Grant or revoke the right to see the operator's pages."""
    with writing():
        existing_accounts.lock_unless_erased(person.id).operator = operator
        audit.record("operator_set", by=by, person=person.id, operator=operator)


def clean_email(text: str) -> str:
    """The normalised e-mail address. Raises InvalidInput with a message."""
    try:
        return email_addresses.normalized(text)
    except EmailNotValidError as error:
        raise InvalidInput(str(error)) from error


def clean_name(text: str) -> str:
    """A name as one line without control characters, at most 120 characters. Raises InvalidInput if none is visible.

    Zero-width joiners stay where they change how letters look, as in Persian and in Indic scripts.
    """
    with_joiners = "".join(c if c.isprintable() or c in _JOINERS else " " for c in line(text))
    without_joiners = with_joiners.translate(dict.fromkeys(map(ord, _JOINERS)))
    name = truncate(
        " ".join((without_joiners if visually_equal(with_joiners, without_joiners) else with_joiners).split()), 120
    )
    if not name:
        raise InvalidInput("A name is needed.")
    return name


def clean_zone(name: str) -> str:
    """The name of an existing time zone. Raises InvalidInput."""
    if name not in known_zones():
        raise InvalidInput(f"There is no time zone {name!r}.")
    return name


def _end_logins(person: Person, keep: str | None) -> int:
    ended = sessions.end_logins(person.id, keep)
    logins_ended.send(ended)
    return len(ended)
