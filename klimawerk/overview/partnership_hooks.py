"""Hooks that partnerships call for their programmes: creation, cards, and the joint decisions of both sides.

Joint decisions are the planning rate, the working languages and deleting the programme.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from flask import Flask, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import ColumnElement, func, select

from klimawerk.accounts.models import Person
from klimawerk.collab.storage import document_store
from klimawerk.extensions import db
from klimawerk.live.changes import note
from klimawerk.partnerships import programme_hooks
from klimawerk.partnerships.joint_requests import RequestKind, request_kinds
from klimawerk.partnerships.models import JointRequest, Partnership
from klimawerk.partnerships.partnership_labels import reader_language
from klimawerk.partnerships.programme_hooks import ProgrammeCard
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.partnerships.signals import rights_changed
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import announce_order, create_programme, set_languages, set_rate
from klimawerk.sheets.models import Frame, Item
from klimawerk.sheets.options import titles_of

_MAX_DELAY = timedelta(minutes=1)
"""Longer than the time between confirmation and deletion ever was. Now both have the same timestamp; in older data the
deletion is later."""


def init_app(app: Flask) -> None:
    programme_hooks.hooks.add(app, OverviewProgrammeHooks())
    request_kinds.add(app, "rate", RequestKind(_apply_rate))
    request_kinds.add(app, "languages", RequestKind(_apply_languages))
    request_kinds.add(app, "delete", RequestKind(_delete, undo=_restore_programme))
    rights_changed.connect(app, _on_rights_changed)


class OverviewProgrammeHooks:
    """Implements `partnerships.programme_hooks.ProgrammeHooks`."""

    def create(
        self, partnership: Partnership, *, languages: list[str], lead_language: str, currency_local: str, by: int
    ) -> object:
        return create_programme(
            partnership, languages=languages, lead_language=lead_language, currency_local=currency_local, by=by
        )

    def cards(self, partnership_id: int) -> list[ProgrammeCard]:
        programmes = db.session.scalars(
            select(Programme)
            .join(Frame, Frame.id == Programme.frame_id)
            .where(Frame.partnership_id == partnership_id, Programme.deleted_at.is_(None))
        ).all()
        titles = titles_of(programmes, reader_language())
        return [
            ProgrammeCard(p.id, titles[p.id][0], url_for("overview.overview_page", item_id=p.id), _counts(p))
            for p in programmes
        ]


def _counts(programme: Programme) -> tuple[str, ...]:
    query = (
        select(Item.kind, func.count())
        .where(Item.frame_id == programme.frame_id, Item.deleted_at.is_(None))
        .group_by(Item.kind)
    )
    counts = {row[0]: row[1] for row in db.session.execute(query)}
    return (
        ngettext("%(num)d goal", "%(num)d goals", counts.get("goal", 0)),
        ngettext("%(num)d measure", "%(num)d measures", counts.get("measure", 0)),
    )


def _apply_rate(request: JointRequest, by: Person) -> None:
    payload = request.payload
    set_rate(
        _programme(request),
        rate=Decimal(payload["rate"]),
        on=date.fromisoformat(payload["date"]),
        remark=payload.get("remark", ""),
        by=by.id,
    )


def _apply_languages(request: JointRequest, by: Person) -> None:
    payload = request.payload
    set_languages(_programme(request), languages=payload["languages"], lead=payload["lead"], by=by.id)


def _delete(request: JointRequest, by: Person) -> None:
    """Delete the programme with its goals and measures. Items already in the bin stay as they are. Raises
    ActionRefused if the programme is deleted already."""
    programme = _programme(request)
    announce_order(programme)  # serialises this with creating, moving and deleting goals and measures
    if programme.deleted_at is not None:
        raise ActionRefused(_("The programme was deleted."))
    items = _items(programme, Item.deleted_at.is_(None))
    for item in items:
        note(item.name)
        item.deleted_at, item.deleted_by = request.answered_at, by.id
    document_store.mark_deleted([item.name for item in items])


def _restore_programme(request: JointRequest, by: Person) -> None:
    """Restore the items that were deleted with this request and still are. Raises ActionRefused if there are none."""
    assert request.answered_at is not None
    programme = _programme(request)
    announce_order(programme)
    deleted_with_request = Item.deleted_at.between(request.answered_at, request.answered_at + _MAX_DELAY)
    items = _items(programme, deleted_with_request)
    if not items:
        raise ActionRefused(_("Nothing is left to bring back: the programme is here, and what went with it."))
    for item in items:
        note(item.name)
        item.deleted_at, item.deleted_by = None, None
    document_store.mark_restored([item.name for item in items])


def _on_rights_changed(partnership_id: int, person_id: int) -> None:
    frames = select(Frame.id).where(Frame.partnership_id == partnership_id, Frame.arriving.is_(None))
    items = db.session.scalars(select(Item).where(Item.frame_id.in_(frames), Item.deleted_at.is_(None)))
    document_store.recheck_access([item.name for item in items])


def _items(programme: Programme, condition: ColumnElement[bool]) -> Sequence[Item]:
    """The items of the programme that match the condition, reloaded from the database."""
    query = select(Item).where(Item.frame_id == programme.frame_id, condition).order_by(Item.id)
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def _programme(request: JointRequest) -> Programme:
    programme: Programme = db.session.get_one(Programme, request.programme_id)
    return programme
