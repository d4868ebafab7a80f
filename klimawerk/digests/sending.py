"""One round: what is due is made, then what waits is sent, one mail after the other and never inside a transaction."""

from __future__ import annotations

import logging
import smtplib
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from klimawerk.accounts import mail as postman
from klimawerk.accounts.models import Person
from klimawerk.clock import now
from klimawerk.database import WRITE_FAILURES
from klimawerk.digests import builder, outbox, preferences
from klimawerk.digests.mail_message import build_message
from klimawerk.digests.models import NEVER, DigestMail
from klimawerk.digests.outbox import ClaimedMail
from klimawerk.extensions import db
from klimawerk.partnerships.access import member_of
from klimawerk.partnerships.rights import Right
from klimawerk.text import line

log = logging.getLogger(__name__)


def send_due(moment: datetime | None = None, yield_if_due: Callable[[], None] = lambda: None) -> Counter[str]:
    """Make and send what is due at `moment` (default: now). Returns how many were made, sent, failed and dropped.

    `breathe` is called between two mails, so that a server goes on serving. Nothing happens without a mail server.
    """
    counted: Counter[str] = Counter()
    if not postman.configured():
        return counted
    at = moment or now()
    preferences.mark_new_memberships(at)
    counted["made"] = builder.make_due_digests(at, yield_if_due)
    for mail_id in outbox.due_mail_ids(at):
        outcome = _one(mail_id, at if moment else now())
        counted[outcome] += 1
        if outcome == "away":  # the rest waits for the next round, and loses no try
            break
        yield_if_due()
    return counted


def _one(mail_id: int, moment: datetime) -> str:
    taken = outbox.claim_mail(mail_id, moment)
    if taken is None:
        return "taken"
    mail = db.session.get_one(DigestMail, mail_id)
    why = _no_longer_wanted(mail)
    if why:
        outbox.mark_dropped(taken, why)
        return "dropped"
    try:
        message = build_message(mail, moment)
        db.session.rollback()  # what was read ends here: the network may take its time
        postman.deliver(message)
    except smtplib.SMTPRecipientsRefused as problem:
        code, said = next(iter(problem.recipients.values()))
        return _failed(taken, code, said, moment, for_good=code >= 500)
    except smtplib.SMTPDataError as problem:
        return _failed(taken, problem.smtp_code, problem.smtp_error, moment, for_good=problem.smtp_code >= 500)
    except smtplib.SMTPNotSupportedError:
        return _failed(taken, 0, "The server does not take such an address.", moment, for_good=True)
    except smtplib.SMTPResponseException as problem:
        _failed(taken, problem.smtp_code, type(problem).__name__, moment, for_good=False)
        return "away"
    except (OSError, smtplib.SMTPException, ValueError) as problem:
        _failed(taken, 0, type(problem).__name__, moment, for_good=False)
        return "away" if isinstance(problem, OSError) else "failed"
    except WRITE_FAILURES:
        raise
    except Exception as problem:  # whatever it is, others' mails go on
        log.exception("digest %s stumbled", mail_id)
        return _failed(taken, 0, type(problem).__name__, moment, for_good=False)
    outbox.mark_sent(taken, moment)
    return "sent"


def _failed(mail: ClaimedMail, code: int, said: str | bytes, moment: datetime, *, for_good: bool) -> str:
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    why = line(f"{code or ''} {words}")
    log.warning("digest %s was not sent (try %s): %s", mail.id, mail.tries, why)
    outbox.mark_failed(mail, why, moment, for_good=for_good)
    return "failed"


def _no_longer_wanted(mail: DigestMail) -> str:
    """Why nobody is to get it: rights and wishes are those of now, not of when it was made."""
    if mail.person.ended_at is not None:
        return "the account has ended"
    if mail.person.confirmed_at is None:
        return "the address is not confirmed"
    if preferences.preference_of(mail.person).frequency == NEVER:
        return "unsubscribed"
    if not all(_reads(mail.person, one) for one in mail.partnerships):
        return "no longer a member"
    return ""


def _reads(person: Person, partnership_id: int) -> bool:
    member = member_of(person, partnership_id)
    return member is not None and member.may(Right.READ)
