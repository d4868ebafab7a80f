"""The link that ends digests without a sign-in: signed, for this purpose alone."""

from __future__ import annotations

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from klimawerk.accounts.models import Person
from klimawerk.extensions import db


def unsubscribe_url(person: Person) -> str:
    """As it stands in each mail; it works as long as the account does."""
    return f"{current_app.extensions['klimawerk'].public_url}/digests/stop/{_signer().dumps(person.id)}"


def person_from_token(token: str) -> Person | None:
    """Whose digests the token ends; None for a forged one and for an account that has ended."""
    try:
        number = _signer().loads(token)
    except BadSignature:
        return None
    person = db.session.get(Person, number) if isinstance(number, int) else None
    return person if person and person.ended_at is None else None


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.extensions["klimawerk"].secret_key, salt="klimawerk-digest-stop")
