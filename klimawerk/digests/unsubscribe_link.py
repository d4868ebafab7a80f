"""Unsubscribe link: ends digests without a sign-in, by a token that is signed for this purpose only."""

from __future__ import annotations

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from klimawerk.accounts.models import Person
from klimawerk.extensions import db


def unsubscribe_url(person: Person) -> str:
    """The link in each mail; valid as long as the account exists."""
    return f"{current_app.extensions['klimawerk'].public_url}/digests/stop/{_signer().dumps(person.id)}"


def person_from_token(token: str) -> Person | None:
    """The person of the token; None for a forged one, or if the account has ended."""
    try:
        person_id = _signer().loads(token)
    except BadSignature:
        return None
    person = db.session.get(Person, person_id) if isinstance(person_id, int) else None
    return person if person and person.ended_at is None else None


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.extensions["klimawerk"].secret_key, salt="klimawerk-digest-stop")
