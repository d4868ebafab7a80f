"""What a restored backup must not bring back: digests that were sent, and what they told."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select, update

from klimawerk import installation
from klimawerk.clock import now
from klimawerk.digests.models import DROPPED, SENDING, SENT, WAITING, DigestMail, DigestMark
from klimawerk.extensions import db


def keep_digest_state() -> Callable[[], str]:
    """Before a restore: up to when everybody was told, and which mails wait. Afterwards nobody is told again.

    A mark that is not known now (in an empty installation, or another one) moves to this moment: rather is something
    not told by mail than twice. Mails of the backup that do not wait now have been sent, or given up by somebody.
    """
    here = installation.installation_id()[0]
    marks = {(one.person_id, one.partnership_id): (one.told_until, one.called_until) for one in _marks()}
    waiting = set(db.session.scalars(select(DigestMail.message_id).where(DigestMail.state.in_((WAITING, SENDING)))))

    def move() -> str:
        moment, same = now(), installation.installation_id()[0] == here
        for mark in _marks():
            known = marks.get((mark.person_id, mark.partnership_id)) if same else None
            told, called = known or (moment, moment)
            mark.told_until, mark.called_until = max(mark.told_until, told), max(mark.called_until, called)
        restored = select(DigestMail.id, DigestMail.message_id).where(DigestMail.state.not_in((SENT, DROPPED)))
        gone = [number for number, name in db.session.execute(restored).all() if name not in waiting]
        words = {"state": DROPPED, "error": "restored from a backup", "text": "", "html": ""}
        dropped = update(DigestMail).where(DigestMail.id.in_(gone)).values(words)
        db.session.execute(dropped, execution_options={"synchronize_session": False})
        db.session.flush()
        return f"{len(gone)} mail digests of the backup are not sent again." if gone else ""

    return move


def _marks() -> list[DigestMark]:
    return list(db.session.scalars(select(DigestMark)))
