"""Who wrote in which documents, and when last: from the log, and from what is kept of it after it was folded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select

from klimawerk.collab.models import Document, Update, Writer
from klimawerk.extensions import db


def last_writes(names: Iterable[str], since: datetime, until: datetime, *, but: int) -> dict[str, datetime]:
    """{name: when somebody else than the person `but` last wrote in it, within (since, until]}; only where they did."""
    found: dict[str, datetime] = {}
    listed = list(names)
    for by, at in ((Update.by, Update.at), (Writer.person, Writer.at)):
        model = by.class_
        query = (
            select(Document.name, func.max(at))
            .join(model, model.document_id == Document.id)
            .where(Document.name.in_(listed), at > since, at <= until, by != but)
            .group_by(Document.name)
        )
        for name, last in db.session.execute(query).all():
            assert last is not None
            found[name] = max(last, found.get(name, last))
    return found
