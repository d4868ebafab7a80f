"""Expiring links. Looking at one changes nothing; only its button uses it up, once."""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import timedelta
from typing import Any

from flask import current_app
from sqlalchemy import select, update

from klimawerk.accounts import audit, existing_accounts, service
from klimawerk.accounts.models import Link, Person
from klimawerk.accounts.sessions import key_of
from klimawerk.clock import now
from klimawerk.database import writing
from klimawerk.extensions import db

RESET, INVITATION, CONFIRM = "reset", "invitation", "confirm"
LINK_LIFETIME = {RESET: timedelta(hours=2), INVITATION: timedelta(days=14), CONFIRM: timedelta(hours=2)}


VERIFIED_BY_MAIL = "mailed"


class LinkUsedUp(Exception):
    """The link was used, has expired, was withdrawn, or never existed: nobody is told which."""


def create_link(
    purpose: str,
    *,
    by: Person | None,
    person: Person | None = None,
    partnership_id: int | None = None,
    payload: dict[str, Any] | None = None,
) -> tuple[Link, str]:
    """A new link and its token, which is stored nowhere; inside `writing()`. Raises AccountGone."""
    if person:
        existing_accounts.lock_account(person.id)
    token = secrets.token_urlsafe(32)
    link = Link(
        key=key_of(token),
        purpose=purpose,
        person_id=person.id if person else None,
        partnership_id=partnership_id,
        payload=payload or {},
        created_by=by.id if by else None,
        expires_at=now() + LINK_LIFETIME[purpose],
    )
    db.session.add(link)
    db.session.flush()
    return link, token


def renew_link(link: Link) -> str:
    """A new token and a new term for an open link; the old token is worth nothing. Inside `writing()`."""
    token = secrets.token_urlsafe(32)
    link.key, link.expires_at = key_of(token), now() + LINK_LIFETIME[link.purpose]
    link.payload = {**link.payload, VERIFIED_BY_MAIL: False}
    return token


def was_mailed(link: Link) -> None:
    """A mail server has taken the link, and nobody else saw it: whoever has it reads the mailbox it went to."""
    with writing() as database:
        own = database.get_one(Link, link.id)
        own.payload = {**own.payload, VERIFIED_BY_MAIL: True}


def proves_address(link: Link) -> bool:
    """Whether having the link proves that one reads the mailbox of its address."""
    return bool(link.payload.get(VERIFIED_BY_MAIL))


def find_link(token: str) -> Link:
    """The open link with this token. Raises UsedUp. Changes nothing."""
    link: Link | None = db.session.scalar(
        select(Link).where(Link.key == key_of(token), Link.used_at.is_(None), Link.expires_at > now())
    )
    if link is None:
        raise LinkUsedUp
    return link


def use_link(token: str) -> Link:
    """Take the open link for oneself, before anybody else; inside `writing()`. Raises UsedUp."""
    open_ones = update(Link).where(Link.key == key_of(token), Link.used_at.is_(None), Link.expires_at > now())
    taken = db.session.scalar(open_ones.values(used_at=now()).returning(Link.id))
    if taken is None:
        raise LinkUsedUp
    link: Link = db.session.get_one(Link, taken)
    return link


def link_url(purpose: str, token: str) -> str:
    """The link as it stands in a mail."""
    return f"{current_app.extensions['klimawerk'].public_url}/link/{purpose}/{token}"


def ask_for_reset(email: str) -> tuple[Person, str] | None:
    """A link for a new password, to be mailed to nobody but this address; None when there is no account with it.

    Of several accounts it is the confirmed one's, else the oldest one's. Both answers leave an audit entry.
    """
    person = next((one for one in service.accounts_with(email) if one.ended_at is None), None)
    with writing():
        if person is None or not existing_accounts.lock_if_exists(person.id):
            audit.record("reset_asked", by=None, unknown=audit.masked_address(email))
            return None
        _, token = create_link(RESET, by=None, person=person, payload={VERIFIED_BY_MAIL: True})
        audit.record("reset_asked", by=None, person=person.id)
    return person, token


def confirming_link(person: Person) -> str:
    """Address of a link that proves the person's address, to be mailed there and shown to nobody."""
    with writing():
        _, token = create_link(CONFIRM, by=person, person=person, payload={VERIFIED_BY_MAIL: True})
    return link_url(CONFIRM, token)


def confirm(token: str, password: str) -> Person:
    """The link's person has the address it went to, and this password; whoever had one before is signed out.

    Raises UsedUp; BadInput, and EmailTaken when another account has the address, leave the link open.
    """
    person = person_of(token, CONFIRM)
    made = service.password_hash_for(person, password)
    with writing():
        _lock_person(person)
        use_link(token)
        service.confirm(person, by=person)
        service.store_password(person, made, by=person)
    return person


def reset_link(person: Person, *, by: Person | None, partnership_id: int | None = None) -> str:
    """Address of a link with which the person sets a new password: for whoever must hand it over without mail."""
    with writing():
        _, token = create_link(RESET, by=by, person=person)
        audit.record("reset_link_made", by=by, person=person.id, partnership_id=partnership_id)
    return link_url(RESET, token)


def reset_password(token: str, password: str) -> Person:
    """Set the password the link stands for. Raises UsedUp; BadInput leaves the link open."""
    person = person_of(token, RESET)
    made = service.password_hash_for(person, password)
    with writing():
        _lock_person(person)
        link = use_link(token)
        service.store_password(person, made, by=person)
        if proves_address(link):
            with suppress(service.EmailTaken):
                service.confirm(person, by=person)
    return person


def person_of(token: str, purpose: str) -> Person:
    """Whose open link for that purpose it is. Raises UsedUp. Changes nothing."""
    link = find_link(token)
    person = db.session.get(Person, link.person_id) if link.person_id else None
    if link.purpose != purpose or person is None or person.ended_at is not None:
        raise LinkUsedUp
    return person


def _lock_person(person: Person) -> None:
    """Before the link itself, in the order in which an erasure takes both. Raises UsedUp."""
    if not existing_accounts.lock_if_exists(person.id):
        raise LinkUsedUp
