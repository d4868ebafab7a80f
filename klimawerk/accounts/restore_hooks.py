"""Restore hook: a restored backup must not reopen links that were used or withdrawn since."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select, update

from klimawerk.accounts.models import Link
from klimawerk.clock import now
from klimawerk.extensions import db


def keep_link_state() -> Callable[[], str]:
    """Read the open links before a restore; the returned function closes all others after it.

    So a restore into an empty installation leaves no link open: whether one was used since the backup is not known.
    """
    still_open = set(db.session.scalars(select(Link.key).where(Link.used_at.is_(None))))

    def close() -> str:
        restored = select(Link.id, Link.key).where(Link.used_at.is_(None))
        closed = [link_id for link_id, key in db.session.execute(restored).all() if key not in still_open]
        db.session.execute(
            update(Link).where(Link.id.in_(closed)).values(used_at=now()),
            execution_options={"synchronize_session": False},
        )
        return f"{len(closed)} invitations and links of the backup hold no more; invite again." if closed else ""

    return close
