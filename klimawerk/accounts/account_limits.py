"""How often somebody may try. Nobody is locked out: waits grow, by account and network, for whoever makes mistakes.

Unknown accounts count like known ones, so that no wait tells which exist. A browser in which somebody has signed in
before has an allowance of its own (known_browsers.py), which nobody else can use up. It is one for the very account: an
address may have several, and guesses at the others count like anybody's.
"""

from __future__ import annotations

import ipaddress
import logging
import math
from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from flask import abort
from flask_babel import ngettext
from flask_limiter.util import get_remote_address
from limits import RateLimitItem, parse

from klimawerk.accounts import attempts, email_addresses, known_browsers, service
from klimawerk.accounts.attempts import AttemptKey, WaitPolicy
from klimawerk.accounts.models import Person
from klimawerk.extensions import limiter

log = logging.getLogger(__name__)
_MINUTE, _HOUR = 60.0, 3_600.0
SIGN_IN_PAIR = WaitPolicy(
    8, 5, 15 * _MINUTE, 6 * _HOUR
)  # one account from one network, or from a browser that is known
SIGN_IN_NETWORK = WaitPolicy(
    60, 10, _MINUTE, _HOUR
)  # all accounts from one network: a whole town hall may stand behind it
SIGN_IN_ALARM = WaitPolicy(20, 5, _MINUTE, 6 * _HOUR)  # one account from anywhere: a new network then waits once
RESET_PAIR = WaitPolicy(3, _MINUTE, _HOUR, 6 * _HOUR)
RESET_NETWORK = WaitPolicy(40, 5, _MINUTE, _HOUR)
RESET_ACCOUNT = WaitPolicy(
    8, 10 * _MINUTE, _HOUR, _HOUR
)  # mails to one account that strangers ask for; all of them work
LINK_ADDRESS = parse("100 per hour")
CONFIRM_PERSON = parse("4 per hour")
INVITE_PERSON = parse("40 per hour")
CREATE_PERSON = parse("10 per hour")


@dataclass(frozen=True)
class SignInAttempt:
    """One attempt: made, when `wait` is 0; else to be made after so many seconds.

    `lanes`: where it is counted. `known`: the lane of each account that is known in this browser. `only`: the accounts
    that the password may open, None for all with the address; the others have to wait for `others` seconds.
    """

    wait: int
    lanes: tuple[AttemptKey, ...] = ()
    known: Mapping[int, AttemptKey] = field(default_factory=dict)
    only: Set[int] | None = None
    others: int = 0

    def succeeded(self, person: Person) -> None:
        """It was the right password of this account: the attempt counts no more, nor do earlier ones at it from here.

        What may have been guesses at another account of the same address goes on counting. An account that is not
        confirmed takes back its own attempt alone, whether or not there is another one, which nobody is told.
        """
        if not self.lanes:
            return
        forget = self.known.get(person.id)
        if not self.known and person.confirmed_at and len(_accounts(person.email)) == 1:
            forget = self.lanes[0]
        attempts.attempt_succeeded(list(self.lanes), forget=forget)


def begin_sign_in(email: str) -> SignInAttempt:
    """Begin an attempt to sign in.

    In a browser that knows an account with the address, that one can be opened whatever strangers do, and others of the
    same address when strangers' lanes allow it.
    """
    if not limiter.enabled:
        return SignInAttempt(0)
    who, where = _account(email), network()
    alarm = AttemptKey(attempts.attempt_key("account", who), SIGN_IN_ALARM)
    strangers = (
        AttemptKey(attempts.attempt_key("pair", who, where), SIGN_IN_PAIR, alarm),
        AttemptKey(attempts.attempt_key("network", where), SIGN_IN_NETWORK),
    )
    known = {
        one.person_id: AttemptKey(one.lane(known_browsers.SIGN_IN), SIGN_IN_PAIR)
        for one in known_browsers.accounts_known_here(email)
    }
    if not known:
        return SignInAttempt(math.ceil(attempts.begin_attempt(list(strangers))), strangers)
    own = tuple(known.values())
    if wait := attempts.begin_attempt(list(own)):
        return SignInAttempt(math.ceil(wait), own, known)
    there = _accounts(email)
    if {one.id for one in there} <= known.keys() and any(one.confirmed_at for one in there):
        return SignInAttempt(0, own, known)
    if others := attempts.begin_attempt(list(strangers)):
        return SignInAttempt(0, own, known, only=known.keys(), others=math.ceil(others))
    return SignInAttempt(0, (*own, *strangers), known)


def begin_reset(email: str) -> SignInAttempt:
    """Begin a request for a new password. What others ask for uses up nothing of the owner's: links that were sent
    before go on working. Mails go to the confirmed account, so that only its browsers have an allowance."""
    if not limiter.enabled:
        return SignInAttempt(0)
    who, where = _account(email), network()
    lanes: tuple[AttemptKey, ...] = (
        AttemptKey(attempts.attempt_key("reset", who, where), RESET_PAIR),
        AttemptKey(attempts.attempt_key("reset-network", where), RESET_NETWORK),
        AttemptKey(attempts.attempt_key("reset-account", who), RESET_ACCOUNT),
    )
    owner = service.find_person(email)
    mine = [one for one in known_browsers.accounts_known_here(email) if owner and one.person_id == owner.id]
    if mine:
        lanes = (AttemptKey(mine[0].lane(known_browsers.RESET), RESET_PAIR),)
    return SignInAttempt(math.ceil(attempts.begin_attempt(list(lanes))), lanes)


def begin_password_check(person_id: int, login: str | None) -> SignInAttempt:
    """Begin an attempt to name the present password, in one sign-in; others of the same person count apart."""
    if not limiter.enabled:
        return SignInAttempt(0)
    lane = AttemptKey(attempts.attempt_key("password", person_id, login), SIGN_IN_PAIR)
    return SignInAttempt(math.ceil(attempts.begin_attempt([lane])), (lane,), {person_id: lane})


def wait_sentence(seconds: int) -> str:
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


def _account(email: str) -> str:
    return email_addresses.comparable(email)


def _accounts(email: str) -> list[Person]:
    return [one for one in service.accounts_with(email) if one.ended_at is None]


def _hit(limit: RateLimitItem, *key: str) -> bool:
    if not limiter.enabled:
        return True
    try:
        return limiter.limiter.hit(limit, *key)
    except Exception:
        # A counter that cannot be reached must not lock everybody out.
        log.exception("attempts cannot be counted")
        return True
