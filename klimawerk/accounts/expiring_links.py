"""Expiring single-use links: password reset, invitation, address confirmation. Opening one does not use it up."""

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
VERIFIED_BY_MAIL = "mailed"  # key in the payload


class LinkUsedUp(Exception):
    """The link was used, has expired, was withdrawn, or never existed; which of these is not disclosed."""


def create_link(
    purpose: str,
    *,
    by: Person | None,
    person: Person | None = None,
    partnership_id: int | None = None,
    payload: dict[str, Any] | None = None,
) -> tuple[Link, str]:
    """Create a link; returns it and its token, which is not stored. Inside `writing()`. Raises AccountDeleted."""
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
    """Give an open link a new token and expiry; the old token becomes invalid. Inside `writing()`."""
    token = secrets.token_urlsafe(32)
    link.key, link.expires_at = key_of(token), now() + LINK_LIFETIME[link.purpose]
    link.payload = {**link.payload, VERIFIED_BY_MAIL: False}
    return token


def was_mailed(link: Link) -> None:
    """Record that the link was mailed and not shown to anyone else, so that its bearer can read that mailbox."""
    with writing() as database:
        stored_link = database.get_one(Link, link.id)
        stored_link.payload = {**stored_link.payload, VERIFIED_BY_MAIL: True}


def proves_address(link: Link) -> bool:
    """Whether the bearer of the link can read the mailbox of its address."""
    return bool(link.payload.get(VERIFIED_BY_MAIL))


def find_link(token: str) -> Link:
    """The open link with this token, unchanged. Raises LinkUsedUp."""
    link: Link | None = db.session.scalar(
        select(Link).where(Link.key == key_of(token), Link.used_at.is_(None), Link.expires_at > now())
    )
    if link is None:
        raise LinkUsedUp
    return link


def use_link(token: str) -> Link:
    """Mark the open link as used by a conditional update, once only; inside `writing()`. Raises LinkUsedUp."""
    if_open = update(Link).where(Link.key == key_of(token), Link.used_at.is_(None), Link.expires_at > now())
    link_id = db.session.scalar(if_open.values(used_at=now()).returning(Link.id))
    if link_id is None:
        raise LinkUsedUp
    link: Link = db.session.get_one(Link, link_id)
    return link


def link_url(purpose: str, token: str) -> str:
    """Absolute URL of the link."""
    return f"{current_app.extensions['klimawerk'].public_url}/link/{purpose}/{token}"


def ask_for_reset(email: str) -> tuple[Person, str] | None:
    """Create a password reset link, to be mailed to this address only; None if no account has the address.

    Of several accounts the confirmed one is taken, else the oldest one. Both results leave an audit entry.
    """
    person = next((account for account in service.accounts_with(email) if account.ended_at is None), None)
    with writing():
        if person is None or not existing_accounts.lock_if_exists(person.id):
            audit.record("reset_asked", by=None, unknown=audit.masked_address(email))
            return None
        _, token = create_link(RESET, by=None, person=person, payload={VERIFIED_BY_MAIL: True})
        audit.record("reset_asked", by=None, person=person.id)
    return person, token


def confirming_link(person: Person) -> str:
    """URL of a link that confirms the person's e-mail address; to be mailed there and never shown."""
    with writing():
        _, token = create_link(CONFIRM, by=person, person=person, payload={VERIFIED_BY_MAIL: True})
    return link_url(CONFIRM, token)


def confirm(token: str, password: str) -> Person:
    """Confirm the address of the link's account and set its password, which ends its sessions.

    Raises LinkUsedUp. InvalidInput, and EmailTaken when another account has the address, leave the link open.
    """
    person = person_of(token, CONFIRM)
    new_hash = service.password_hash_for(person, password)
    with writing():
        _lock_person(person)
        use_link(token)
        service.confirm(person, by=person)
        service.store_password(person, new_hash, by=person)
    return person


def reset_link(person: Person, *, by: Person | None, partnership_id: int | None = None) -> str:
    """URL of a password reset link for handing over in another way than by mail."""
    with writing():
        _, token = create_link(RESET, by=by, person=person)
        audit.record("reset_link_made", by=by, person=person.id, partnership_id=partnership_id)
    return link_url(RESET, token)


def reset_password(token: str, password: str) -> Person:
    """Set the password of the link's account. Raises LinkUsedUp; InvalidInput leaves the link open."""
    person = person_of(token, RESET)
    new_hash = service.password_hash_for(person, password)
    with writing():
        _lock_person(person)
        link = use_link(token)
        service.store_password(person, new_hash, by=person)
        if proves_address(link):
            with suppress(service.EmailTaken):
                service.confirm(person, by=person)
    return person


def person_of(token: str, purpose: str) -> Person:
    """The account that an open link for this purpose belongs to; the link is unchanged. Raises LinkUsedUp."""
    link = find_link(token)
    person = db.session.get(Person, link.person_id) if link.person_id else None
    if link.purpose != purpose or person is None or person.ended_at is not None:
        raise LinkUsedUp
    return person


def _lock_person(person: Person) -> None:
    """Lock the account, before the link: the order that erasing uses, too. Raises LinkUsedUp."""
    if not existing_accounts.lock_if_exists(person.id):
        raise LinkUsedUp
