"""How often somebody may try. Unknown accounts count like known ones, so that the limit tells nobody which exist."""

from __future__ import annotations

import hashlib
import logging

from flask import abort
from flask_limiter.util import get_remote_address
from limits import RateLimitItem, parse

from klimawerk.extensions import limiter

log = logging.getLogger(__name__)
SIGN_IN_ADDRESS = parse("200 per 10 minutes")  # a whole town hall may stand behind one address
SIGN_IN_PAIR = parse("8 per 15 minutes")  # one account from one address
SIGN_IN_ACCOUNT = parse("40 per hour")  # one account from anywhere
RESET_ADDRESS = parse("40 per hour")
RESET_ACCOUNT = parse("4 per hour")
LINK_ADDRESS = parse("100 per hour")
PASSWORD_PERSON = parse("10 per hour")
INVITE_PERSON = parse("40 per hour")
CREATE_PERSON = parse("10 per hour")


def may_sign_in(email: str) -> bool:
    """Count an attempt to sign in; whether it was not one too many, for this address or for this account."""
    counted = [_hit(limit, *key) for limit, key in _sign_in(email)]
    return all(counted)


def signed_in(email: str) -> None:
    """It was the right password: earlier attempts on this account count no more."""
    if not limiter.enabled:
        return
    for limit, key in _sign_in(email)[1:]:
        try:
            limiter.limiter.clear(limit, *key)
        except Exception:
            log.exception("attempts cannot be forgotten")


def may_ask_for_reset(email: str) -> bool:
    """Count a question for a new password; whether it was not one too many."""
    counted = [_hit(RESET_ADDRESS, "reset", get_remote_address()), _hit(RESET_ACCOUNT, "reset", _short(email))]
    return all(counted)


def or_429(limit: RateLimitItem, *key: object) -> None:
    """Count one use under `key`, by default that of the address; answer 429 when it was one too many."""
    if not _hit(limit, *(str(part) for part in key or (get_remote_address(),))):
        abort(429)


def _sign_in(email: str) -> list[tuple[RateLimitItem, tuple[str, ...]]]:
    where, who = get_remote_address(), _short(email)
    return [
        (SIGN_IN_ADDRESS, ("sign-in", where)),
        (SIGN_IN_PAIR, ("sign-in", where, who)),
        (SIGN_IN_ACCOUNT, ("sign-in-account", who)),
    ]


def _short(email: str) -> str:
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()[:24]


def _hit(limit: RateLimitItem, *key: str) -> bool:
    if not limiter.enabled:
        return True
    try:
        return limiter.limiter.hit(limit, *key)
    except Exception:
        # A counter that cannot be reached must not lock everybody out.
        log.exception("attempts cannot be counted")
        return True
