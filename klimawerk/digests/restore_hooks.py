"""Restore hook: a restored backup must not send digests again, nor inform of the same activity twice."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select, update

from klimawerk import installation
from klimawerk.clock import now
from klimawerk.digests.models import DROPPED, SENDING, SENT, WAITING, DigestMail, DigestMark
from klimawerk.extensions import db


def keep_digest_state() -> Callable[[], str]:
    """Remember the marks and the waiting mails before a restore; the returned function applies them after it.

    A mark that is unknown now (in an empty or another installation) moves to the present moment: activity is rather not
    mailed than mailed twice. Mails of the backup that are not waiting now were sent or given up, so they are dropped.
    """
    installation_before = installation.installation_id()[0]
    marks = {(mark.person_id, mark.partnership_id): (mark.told_until, mark.called_until) for mark in _marks()}
    waiting = set(db.session.scalars(select(DigestMail.message_id).where(DigestMail.state.in_((WAITING, SENDING)))))

    def apply_state() -> str:
        moment, is_same = now(), installation.installation_id()[0] == installation_before
        for mark in _marks():
            known_mark = marks.get((mark.person_id, mark.partnership_id)) if is_same else None
            told_until, called_until = known_mark or (moment, moment)
            mark.told_until, mark.called_until = max(mark.told_until, told_until), max(mark.called_until, called_until)
        restored = select(DigestMail.id, DigestMail.message_id).where(DigestMail.state.not_in((SENT, DROPPED)))
        dropped_ids = [number for number, name in db.session.execute(restored).all() if name not in waiting]
        values = {"state": DROPPED, "error": "restored from a backup", "text": "", "html": ""}
        drop = update(DigestMail).where(DigestMail.id.in_(dropped_ids)).values(values)
        db.session.execute(drop, execution_options={"synchronize_session": False})
        db.session.flush()
        return f"{len(dropped_ids)} mail digests of the backup are not sent again." if dropped_ids else ""

    return apply_state


def _marks() -> list[DigestMark]:
    return list(db.session.scalars(select(DigestMark)))
