"""A round of sending: builds what is due, then sends what waits, one mail at a time and never inside a transaction."""

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
    """Build and send what is due at `moment` (default: now). Returns how many were made, sent, failed and dropped.

    `yield_if_due` is called between two mails, so that a server keeps responding. Does nothing without a mail server.
    """
    counts: Counter[str] = Counter()
    if not postman.configured():
        return counts
    at = moment or now()
    preferences.mark_new_memberships(at)
    counts["made"] = builder.make_due_digests(at, yield_if_due)
    for mail_id in outbox.due_mail_ids(at):
        outcome = _send_one(mail_id, at if moment else now())
        counts[outcome] += 1
        if outcome == "away":  # the others wait for the next round, without losing an attempt
            break
        yield_if_due()
    return counts


def _send_one(mail_id: int, moment: datetime) -> str:
    claimed = outbox.claim_mail(mail_id, moment)
    if claimed is None:
        return "taken"
    mail = db.session.get_one(DigestMail, mail_id)
    reason = _no_longer_wanted(mail)
    if reason:
        outbox.mark_dropped(claimed, reason)
        return "dropped"
    try:
        message = build_message(mail, moment)
        db.session.rollback()  # end the read transaction: the network may be slow
        postman.deliver(message)
    except smtplib.SMTPRecipientsRefused as problem:
        code, answer = next(iter(problem.recipients.values()))
        return _failed(claimed, code, answer, moment, for_good=code >= 500)
    except smtplib.SMTPDataError as problem:
        return _failed(claimed, problem.smtp_code, problem.smtp_error, moment, for_good=problem.smtp_code >= 500)
    except smtplib.SMTPNotSupportedError:
        return _failed(claimed, 0, "The server does not take such an address.", moment, for_good=True)
    except smtplib.SMTPResponseException as problem:
        _failed(claimed, problem.smtp_code, type(problem).__name__, moment, for_good=False)
        return "away"
    except (OSError, smtplib.SMTPException, ValueError) as problem:
        _failed(claimed, 0, type(problem).__name__, moment, for_good=False)
        return "away" if isinstance(problem, OSError) else "failed"
    except WRITE_FAILURES:
        raise
    except Exception as problem:  # one failed mail must not stop the others
        log.exception("digest %s stumbled", mail_id)
        return _failed(claimed, 0, type(problem).__name__, moment, for_good=False)
    outbox.mark_sent(claimed, moment)
    return "sent"


def _failed(mail: ClaimedMail, code: int, answer: str | bytes, moment: datetime, *, for_good: bool) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    reason = line(f"{code or ''} {text}")
    log.warning("digest %s was not sent (try %s): %s", mail.id, mail.tries, reason)
    outbox.mark_failed(mail, reason, moment, for_good=for_good)
    return "failed"


def _no_longer_wanted(mail: DigestMail) -> str:
    """Why it is not to be sent any more, "" if it is. Permissions and preference are the present ones."""
    if mail.person.ended_at is not None:
        return "the account has ended"
    if mail.person.confirmed_at is None:
        return "the address is not confirmed"
    if preferences.preference_of(mail.person).frequency == NEVER:
        return "unsubscribed"
    if not all(_may_read(mail.person, partnership_id) for partnership_id in mail.partnerships):
        return "no longer a member"
    return ""


def _may_read(person: Person, partnership_id: int) -> bool:
    member = member_of(person, partnership_id)
    return member is not None and member.may(Right.READ)
