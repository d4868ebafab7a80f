"""Outbox of digest mails: each is claimed by one process, retried, and given up in the end. Sends nothing itself.

A mail is claimed by a conditional update, so one of several processes gets it. If a process does not report within
`CLAIM_TIMEOUT`, it has died or hangs: the mail may have been sent or not, and is sent again under the same Message-ID,
by which mailboxes recognise it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from klimawerk.database import writing
from klimawerk.digests.models import DROPPED, FAILED, SENDING, SENT, WAITING, DigestMail, new_claim
from klimawerk.extensions import db

CLAIM_TIMEOUT = timedelta(minutes=15)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=5), timedelta(hours=6)
GIVEN_UP_AFTER = timedelta(days=5)
REFUSALS = 3
"""Attempts for a recipient whom the server refuses permanently: some servers do so by mistake."""


@dataclass(frozen=True)
class ClaimedMail:
    """A mail that this process has claimed. Not bound to a session: none is open during sending."""

    id: int
    claim: str
    tries: int
    made_at: datetime


def due_mail_ids(moment: datetime) -> list[int]:
    """Ids of the mails to be sent now, oldest first."""
    query = select(DigestMail.id).where(_due(moment)).order_by(DigestMail.id)
    return list(db.session.scalars(query))


def claim_mail(mail_id: int, moment: datetime) -> ClaimedMail | None:
    """Claim the mail for sending; None if another process has claimed it."""
    claim = new_claim()
    with writing():
        due_mail = update(DigestMail).where(DigestMail.id == mail_id, _due(moment))
        values = {"state": SENDING, "claim": claim, "claimed_at": moment, "tries": DigestMail.tries + 1}
        result = db.session.execute(due_mail.values(values).execution_options(synchronize_session=False))
        if not result.rowcount:  # type: ignore[attr-defined]
            return None
        mail = db.session.get_one(DigestMail, mail_id, populate_existing=True)
        return ClaimedMail(mail.id, claim, mail.tries, mail.made_at)


def mark_sent(mail: ClaimedMail, moment: datetime) -> None:
    """The server has accepted it; its content is deleted."""
    _finish(mail, state=SENT, sent_at=moment, error="", text="", html="")


def mark_dropped(mail: ClaimedMail, why: str) -> None:
    """It is not to be sent any more; its content is deleted."""
    _finish(mail, state=DROPPED, error=why, text="", html="")


def mark_failed(mail: ClaimedMail, why: str, moment: datetime, *, for_good: bool) -> None:
    """The attempt failed. `for_good`: the server refuses this recipient or this content, not all mails."""
    over = moment - mail.made_at >= GIVEN_UP_AFTER or (for_good and mail.tries >= REFUSALS)
    pause = min(FIRST_PAUSE * 2 ** min(mail.tries - 1, 20), LONGEST_PAUSE)
    _finish(mail, state=FAILED if over else WAITING, error=why[:300], next_try_at=moment + pause)


def retry_given_up(moment: datetime) -> int:
    """Give each given-up mail one more attempt. Returns how many."""
    given_up = update(DigestMail).where(DigestMail.state == FAILED).execution_options(synchronize_session=False)
    with writing():
        return int(db.session.execute(given_up.values(state=WAITING, next_try_at=moment)).rowcount)  # type: ignore[attr-defined]


def counts_by_state() -> Counter[str]:
    """Number of mails in each state."""
    rows = db.session.execute(select(DigestMail.state, func.count()).group_by(DigestMail.state)).all()
    return Counter(dict[str, int](rows))


def undelivered() -> Sequence[DigestMail]:
    """Mails that wait, are in doubt or were given up, oldest first."""
    query = select(DigestMail).where(DigestMail.state.in_((WAITING, SENDING, FAILED)))
    return db.session.scalars(query.order_by(DigestMail.id)).all()


def _due(moment: datetime) -> ColumnElement[bool]:
    waiting = and_(DigestMail.state == WAITING, DigestMail.next_try_at <= moment)
    in_doubt = and_(DigestMail.state == SENDING, DigestMail.claimed_at < moment - CLAIM_TIMEOUT)
    return or_(waiting, in_doubt)


def _finish(mail: ClaimedMail, **values: object) -> None:
    """Only the process that still holds the claim sets the result."""
    claimed = update(DigestMail).where(DigestMail.id == mail.id, DigestMail.state == SENDING)
    claimed = claimed.where(DigestMail.claim == mail.claim).execution_options(synchronize_session=False)
    with writing():
        db.session.execute(claimed.values(**values, claim="", claimed_at=None))
