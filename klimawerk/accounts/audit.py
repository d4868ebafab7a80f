"""Audit log of sign-ins, changes of rights and deletions: who did what when; no content, no secrets."""

from __future__ import annotations

import hashlib
import hmac

from flask import current_app
from sqlalchemy import select

from klimawerk.accounts import email_addresses
from klimawerk.accounts.models import AuditEntry, Person
from klimawerk.accounts.person_names import display_name
from klimawerk.extensions import db

PAGE = 100


def record(action: str, *, by: Person | None, partnership_id: int | None = None, **detail: object) -> None:
    """Add an audit entry in the present transaction, so that both are committed or neither is."""
    entry = AuditEntry(action=action, actor_id=by.id if by else None, partnership_id=partnership_id, detail=detail)
    db.session.add(entry)


def entries(before: int | None = None, limit: int = PAGE) -> list[tuple[AuditEntry, str]]:
    """The newest audit entries with an id below `before`, each with its actor's name ("" if there is none)."""
    query = select(AuditEntry, Person.name).outerjoin(Person, Person.id == AuditEntry.actor_id)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    rows = db.session.execute(query.order_by(AuditEntry.id.desc()).limit(limit))
    return [(entry, "" if name is None else display_name(name)) for entry, name in rows]


def masked_address(email: str) -> str:
    """Pseudonym of an unknown e-mail address: 12 digits of an HMAC, equal for equal addresses."""
    secret = str(current_app.secret_key).encode()
    return hmac.new(secret, email_addresses.comparable(email).encode(), hashlib.sha256).hexdigest()[:12]
