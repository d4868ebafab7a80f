"""Rate limits of sign-in, password reset and other attempts. No account is locked: waits grow by account and network.

Unknown accounts count like known ones, so that no wait discloses which exist. A browser in which an account has signed
in before has an allowance of its own (known_browsers.py), which attempts from elsewhere cannot use up. The allowance is
for that account only: an address may have several, and guesses at the others count as from an unknown browser.
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
SIGN_IN_PAIR = WaitPolicy(8, 5, 15 * _MINUTE, 6 * _HOUR)  # one account from one network, or from one known browser
SIGN_IN_NETWORK = WaitPolicy(60, 10, _MINUTE, _HOUR)  # all accounts from one network, which a whole town hall may share
SIGN_IN_ALARM = WaitPolicy(20, 5, _MINUTE, 6 * _HOUR)  # one account from all networks; a new network then waits once
RESET_PAIR = WaitPolicy(3, _MINUTE, _HOUR, 6 * _HOUR)
RESET_NETWORK = WaitPolicy(40, 5, _MINUTE, _HOUR)
RESET_ACCOUNT = WaitPolicy(
    8, 10 * _MINUTE, _HOUR, _HOUR
)  # mails to one account, requested from unknown browsers; every link of them works
LINK_ADDRESS = parse("100 per hour")
CONFIRM_PERSON = parse("4 per hour")
INVITE_PERSON = parse("40 per hour")
CREATE_PERSON = parse("10 per hour")


@dataclass(frozen=True)
class SignInAttempt:
    """Result of counting an attempt: it may be made if `wait` is 0, else after `wait` seconds.

    `counters`: where it is counted. `known`: the counter of each account, by id, that is known in this browser.
    `only`: ids of the accounts that may be tried, None for all with the address; others wait for `others_wait` seconds.
    """

    wait: int
    counters: tuple[AttemptKey, ...] = ()
    known: Mapping[int, AttemptKey] = field(default_factory=dict)
    only: Set[int] | None = None
    others_wait: int = 0

    def succeeded(self, person: Person) -> None:
        """The password was right: uncount this attempt, and earlier ones at this account from this network or browser.

        What may have been guesses at another account of the same address goes on counting. For an unconfirmed account
        only this attempt is uncounted, whether or not there is another account, so that this is not disclosed.
        """
        if not self.counters:
            return
        forget = self.known.get(person.id)
        if not self.known and person.confirmed_at and len(_open_accounts(person.email)) == 1:
            forget = self.counters[0]
        attempts.attempt_succeeded(list(self.counters), forget=forget)


def begin_sign_in(email: str) -> SignInAttempt:
    """Count an attempt to sign in.

    In a browser that knows an account with the address, that account can be opened whatever is tried from elsewhere,
    and others of the same address as far as the counters for unknown browsers allow.
    """
    if not limiter.enabled:
        return SignInAttempt(0)
    account, client_network = _comparable_address(email), network()
    alarm = AttemptKey(attempts.attempt_key("account", account), SIGN_IN_ALARM)
    unknown_browser = (
        AttemptKey(attempts.attempt_key("pair", account, client_network), SIGN_IN_PAIR, alarm),
        AttemptKey(attempts.attempt_key("network", client_network), SIGN_IN_NETWORK),
    )
    known = {
        entry.person_id: AttemptKey(entry.attempt_key(known_browsers.SIGN_IN), SIGN_IN_PAIR)
        for entry in known_browsers.accounts_known_here(email)
    }
    if not known:
        return SignInAttempt(math.ceil(attempts.begin_attempt(list(unknown_browser))), unknown_browser)
    known_counters = tuple(known.values())
    if wait := attempts.begin_attempt(list(known_counters)):
        return SignInAttempt(math.ceil(wait), known_counters, known)
    accounts = _open_accounts(email)
    if {person.id for person in accounts} <= known.keys() and any(person.confirmed_at for person in accounts):
        return SignInAttempt(0, known_counters, known)
    if others_wait := attempts.begin_attempt(list(unknown_browser)):
        return SignInAttempt(0, known_counters, known, only=known.keys(), others_wait=math.ceil(others_wait))
    return SignInAttempt(0, (*known_counters, *unknown_browser), known)


def begin_reset(email: str) -> SignInAttempt:
    """Count a request for a password reset.

    Requests from elsewhere do not use up the owner's allowance, and links that were sent before go on working. Mails go
    to the confirmed account, so only its known browsers have an allowance.
    """
    if not limiter.enabled:
        return SignInAttempt(0)
    account, client_network = _comparable_address(email), network()
    counters: tuple[AttemptKey, ...] = (
        AttemptKey(attempts.attempt_key("reset", account, client_network), RESET_PAIR),
        AttemptKey(attempts.attempt_key("reset-network", client_network), RESET_NETWORK),
        AttemptKey(attempts.attempt_key("reset-account", account), RESET_ACCOUNT),
    )
    owner = service.find_person(email)
    owner_browsers = [
        entry for entry in known_browsers.accounts_known_here(email) if owner and entry.person_id == owner.id
    ]
    if owner_browsers:
        counters = (AttemptKey(owner_browsers[0].attempt_key(known_browsers.RESET), RESET_PAIR),)
    return SignInAttempt(math.ceil(attempts.begin_attempt(list(counters))), counters)


def begin_password_check(person_id: int, login: str | None) -> SignInAttempt:
    """Count an attempt to give the present password, per session (key `login`) of the person."""
    if not limiter.enabled:
        return SignInAttempt(0)
    counter = AttemptKey(attempts.attempt_key("password", person_id, login), SIGN_IN_PAIR)
    return SignInAttempt(math.ceil(attempts.begin_attempt([counter])), (counter,), {person_id: counter})


def wait_sentence(seconds: int) -> str:
    """Error message that says after how many seconds, or minutes, to try again."""
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
    """The network of an IP address, by default the client's: its /24, of IPv6 its /56, as providers assign."""
    text = address if address is not None else get_remote_address()
    try:
        ip = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return str(ipaddress.ip_network(f"{ip}/{24 if ip.version == 4 else 56}", strict=False))


def or_429(limit: RateLimitItem, *key: object) -> None:
    """Count one use under `key`, by default the client's IP address; abort with 429 above `limit`."""
    if not _hit(limit, *(str(part) for part in key or (get_remote_address(),))):
        abort(429)


def _comparable_address(email: str) -> str:
    return email_addresses.comparable(email)


def _open_accounts(email: str) -> list[Person]:
    return [person for person in service.accounts_with(email) if person.ended_at is None]


def _hit(limit: RateLimitItem, *key: str) -> bool:
    if not limiter.enabled:
        return True
    try:
        return limiter.limiter.hit(limit, *key)
    except Exception:
        # A counter that cannot be reached must not lock all users out.
        log.exception("attempts cannot be counted")
        return True
