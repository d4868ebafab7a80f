"""The mails that wait: taken by one process at a time, tried again, given up in the end. Nothing here sends.

A mail is taken by a conditional update, so of two processes one gets it. Whoever has taken one and is not heard of for
`DOUBT` has died, or hangs: it may have been sent or not, and is sent again under the same Message-ID, by which
mailboxes know it.
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
"""So often a mail is tried whose recipient the server refuses for good: some servers say so in error."""


@dataclass(frozen=True)
class ClaimedMail:
    """A mail that is in this process's hands for now, apart from any session: none is open while it is sent."""

    id: int
    claim: str
    tries: int
    made_at: datetime


def due_mail_ids(moment: datetime) -> list[int]:
    """The numbers of the mails to be sent now, oldest first."""
    query = select(DigestMail.id).where(_due(moment)).order_by(DigestMail.id)
    return list(db.session.scalars(query))


def claim_mail(mail_id: int, moment: datetime) -> ClaimedMail | None:
    """Take the mail for sending; None when somebody else was faster."""
    claim = new_claim()
    with writing():
        taken = update(DigestMail).where(DigestMail.id == mail_id, _due(moment))
        values = {"state": SENDING, "claim": claim, "claimed_at": moment, "tries": DigestMail.tries + 1}
        done = db.session.execute(taken.values(values).execution_options(synchronize_session=False))
        if not done.rowcount:  # type: ignore[attr-defined]
            return None
        mail = db.session.get_one(DigestMail, mail_id, populate_existing=True)
        return ClaimedMail(mail.id, claim, mail.tries, mail.made_at)


def mark_sent(mail: ClaimedMail, moment: datetime) -> None:
    """The server has taken it; what it said is forgotten here."""
    _end(mail, state=SENT, sent_at=moment, error="", text="", html="")


def mark_dropped(mail: ClaimedMail, why: str) -> None:
    """Nobody is to get it any more."""
    _end(mail, state=DROPPED, error=why, text="", html="")


def mark_failed(mail: ClaimedMail, why: str, moment: datetime, *, for_good: bool) -> None:
    """It was not taken. `for_good`: the server refuses this recipient or these words, not everything."""
    over = moment - mail.made_at >= GIVEN_UP_AFTER or (for_good and mail.tries >= REFUSALS)
    pause = min(FIRST_PAUSE * 2 ** min(mail.tries - 1, 20), LONGEST_PAUSE)
    _end(mail, state=FAILED if over else WAITING, error=why[:300], next_try_at=moment + pause)


def retry_given_up(moment: datetime) -> int:
    """Give every mail that was given up one more try. Returns how many."""
    given_up = update(DigestMail).where(DigestMail.state == FAILED).execution_options(synchronize_session=False)
    with writing():
        return int(db.session.execute(given_up.values(state=WAITING, next_try_at=moment)).rowcount)  # type: ignore[attr-defined]


def counts_by_state() -> Counter[str]:
    """How many mails are in each state."""
    rows = db.session.execute(select(DigestMail.state, func.count()).group_by(DigestMail.state)).all()
    return Counter(dict[str, int](rows))


def undelivered() -> Sequence[DigestMail]:
    """What waits, is in doubt or was given up, oldest first."""
    query = select(DigestMail).where(DigestMail.state.in_((WAITING, SENDING, FAILED)))
    return db.session.scalars(query.order_by(DigestMail.id)).all()


def _due(moment: datetime) -> ColumnElement[bool]:
    waiting = and_(DigestMail.state == WAITING, DigestMail.next_try_at <= moment)
    in_doubt = and_(DigestMail.state == SENDING, DigestMail.claimed_at < moment - CLAIM_TIMEOUT)
    return or_(waiting, in_doubt)


def _end(mail: ClaimedMail, **values: object) -> None:
    """Only whoever still holds the mail says how it ended."""
    mine = update(DigestMail).where(DigestMail.id == mail.id, DigestMail.state == SENDING)
    mine = mine.where(DigestMail.claim == mail.claim).execution_options(synchronize_session=False)
    with writing():
        db.session.execute(mine.values(**values, claim="", claimed_at=None))
