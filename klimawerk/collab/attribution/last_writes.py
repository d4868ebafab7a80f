"""Time of the last write by other people in documents, from the log and from what compaction stored of it
(`Writer`)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select

from klimawerk.collab.models import Document, Update, Writer
from klimawerk.extensions import db


def last_writes(names: Iterable[str], since: datetime, until: datetime, *, but: int) -> dict[str, datetime]:
    """{name: time of the last write by anyone but the person `but`, within (since, until]}; without documents that have
    none."""
    latest: dict[str, datetime] = {}
    wanted = list(names)
    for by, at in ((Update.by, Update.at), (Writer.person, Writer.at)):
        model = by.class_
        query = (
            select(Document.name, func.max(at))
            .join(model, model.document_id == Document.id)
            .where(Document.name.in_(wanted), at > since, at <= until, by != but)
            .group_by(Document.name)
        )
        for name, last in db.session.execute(query).all():
            assert last is not None
            latest[name] = max(last, latest.get(name, last))
    return latest
