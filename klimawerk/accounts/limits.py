"""How often somebody may try. Nobody is locked out: waits grow, by account and network, for whoever makes mistakes.

Unknown accounts count like known ones, so that no wait tells which exist. A browser in which the person has signed in
before has an allowance of its own (browsers.py), which nobody else can use up.
"""

from __future__ import annotations

import ipaddress
import logging
import math
from dataclasses import dataclass

from flask import abort
from flask_babel import ngettext
from flask_limiter.util import get_remote_address
from limits import RateLimitItem, parse

from klimawerk.accounts import attempts, browsers
from klimawerk.accounts.attempts import Lane, Pace
from klimawerk.extensions import limiter

log = logging.getLogger(__name__)
_MINUTE, _HOUR = 60.0, 3_600.0
SIGN_IN_PAIR = Pace(8, 5, 15 * _MINUTE, 6 * _HOUR)  # one account from one network, or from a browser that is known
SIGN_IN_NETWORK = Pace(60, 10, _MINUTE, _HOUR)  # all accounts from one network: a whole town hall may stand behind it
SIGN_IN_ALARM = Pace(20, 5, _MINUTE, 6 * _HOUR)  # one account from anywhere: a new network then waits once
RESET_PAIR = Pace(3, _MINUTE, _HOUR, 6 * _HOUR)
RESET_NETWORK = Pace(40, 5, _MINUTE, _HOUR)
RESET_ACCOUNT = Pace(8, 10 * _MINUTE, _HOUR, _HOUR)  # mails to one account that strangers ask for; all of them work
LINK_ADDRESS = parse("100 per hour")
CONFIRM_PERSON = parse("4 per hour")
INVITE_PERSON = parse("40 per hour")
CREATE_PERSON = parse("10 per hour")


@dataclass(frozen=True)
class Trial:
    """One attempt: made, when `wait` is 0; else to be made after so many seconds. `known`: from a known browser."""

    wait: int
    lanes: tuple[Lane, ...] = ()
    known: bool = False

    def succeeded(self) -> None:
        """It was the right password: earlier attempts on this account from here count no more."""
        if self.lanes:
            attempts.succeeded(list(self.lanes), forget=self.lanes[0])


def sign_in(email: str) -> Trial:
    """Begin an attempt to sign in."""
    who, where = _account(email), network()
    alarm = Lane(attempts.key("account", who), SIGN_IN_ALARM)
    strangers = (
        Lane(attempts.key("pair", who, where), SIGN_IN_PAIR, alarm),
        Lane(attempts.key("network", where), SIGN_IN_NETWORK),
    )
    return _begin(email, "browser", SIGN_IN_PAIR, strangers)


def reset(email: str) -> Trial:
    """Begin a request for a new password. What others ask for uses up nothing of the owner's: links that were sent
    before go on working."""
    who, where = _account(email), network()
    strangers = (
        Lane(attempts.key("reset", who, where), RESET_PAIR),
        Lane(attempts.key("reset-network", where), RESET_NETWORK),
        Lane(attempts.key("reset-account", who), RESET_ACCOUNT),
    )
    return _begin(email, "reset-browser", RESET_PAIR, strangers)


def present_password(person_id: int, login: str | None) -> Trial:
    """Begin an attempt to name the present password, in one sign-in; others of the same person count apart."""
    if not limiter.enabled:
        return Trial(0)
    lane = Lane(attempts.key("password", person_id, login), SIGN_IN_PAIR)
    return Trial(math.ceil(attempts.begin([lane])), (lane,), True)


def in_words(seconds: int) -> str:
    """When it may be tried again, as a sentence."""
    if seconds <= 90:
        return str(
            ngettext(
                "Too many attempts. Try again in %(num)d second.",
                "Too many attempts. Try again in %(num)d seconds.",
                seconds,
            )
        )
    return str(
        ngettext(
            "Too many attempts. Try again in %(num)d minute.",
            "Too many attempts. Try again in %(num)d minutes.",
            math.ceil(seconds / 60),
        )
    )


def network(address: str | None = None) -> str:
    """The network of an address (of this request): its first 24 bits, of IPv6 the first 56, as providers assign."""
    text = address if address is not None else get_remote_address()
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return str(ipaddress.ip_network(f"{found}/{24 if found.version == 4 else 56}", strict=False))


def or_429(limit: RateLimitItem, *key: object) -> None:
    """Count one use under `key`, by default that of the address; answer 429 when it was one too many."""
    if not _hit(limit, *(str(part) for part in key or (get_remote_address(),))):
        abort(429)


def _begin(email: str, browser: str, pace: Pace, strangers: tuple[Lane, ...]) -> Trial:
    if not limiter.enabled:
        return Trial(0)
    mine = browsers.known(email)
    lanes = (Lane(attempts.key(browser, mine), pace),) if mine else strangers
    return Trial(math.ceil(attempts.begin(list(lanes))), lanes, bool(mine))


def _account(email: str) -> str:
    return email.strip().lower()


def _hit(limit: RateLimitItem, *key: str) -> bool:
    if not limiter.enabled:
        return True
    try:
        return limiter.limiter.hit(limit, *key)
    except Exception:
        # A counter that cannot be reached must not lock everybody out.
        log.exception("attempts cannot be counted")
        return True
