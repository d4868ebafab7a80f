"""Normalisation of e-mail addresses: the one form in which they are stored and compared.

NFC (RFC 6532) and the domain in its Unicode form (IDNA), as the library email-validator makes them, in lower case:
RFC 5321 leaves case to the host, and no host in use distinguishes two people by it. Nothing else is folded:
"jürgen@…" and "jurgen@…" are two mailboxes.
"""

from __future__ import annotations

import unicodedata

from email_validator import EmailNotValidError, validate_email


def normalized(typed: str) -> str:
    """The address in its stored form. Raises EmailNotValidError."""
    return validate_email(typed.strip(), check_deliverability=False, globally_deliverable=False).normalized.lower()


def comparable(typed: str) -> str:
    """The form in which an address is looked up and counted; for text that is no address: NFC in lower case."""
    try:
        return normalized(typed)
    except EmailNotValidError:
        return unicodedata.normalize("NFC", typed.strip().lower())
