"""E-mail addresses: the one form in which they are stored and compared.

Composed letters (NFC, RFC 6532) and the domain in its Unicode form (IDNA), as email-validator makes them. Case does not
count: RFC 5321 leaves it to the host, and none that is in use tells two people apart by it. Nothing else is folded:
"jürgen@…" and "jurgen@…" are two mailboxes.
"""

from __future__ import annotations

import unicodedata

from email_validator import EmailNotValidError, validate_email


def normalized(typed: str) -> str:
    """The address in the form it is stored in. Raises EmailNotValidError."""
    return validate_email(typed.strip(), check_deliverability=False, globally_deliverable=False).normalized.lower()


def comparable(typed: str) -> str:
    """The form in which an address is looked up and counted; also of what is no address."""
    try:
        return normalized(typed)
    except EmailNotValidError:
        return unicodedata.normalize("NFC", typed.strip().lower())
