"""What partnerships ask of their programmes: founding, cards, and the verbs that need both sides' word."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from flask import url_for
from flask_babel import ngettext
from sqlalchemy import func, select

from klimawerk.accounts.models import Person
from klimawerk.clock import now
from klimawerk.collab import store
from klimawerk.extensions import db
from klimawerk.live.changes import note
from klimawerk.partnerships import hooks, requests
from klimawerk.partnerships.hooks import Card
from klimawerk.partnerships.labels import reader_language
from klimawerk.partnerships.models import JointRequest, Partnership
from klimawerk.partnerships.signals import rights_changed
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import create_programme, set_languages, set_rate
from klimawerk.sheets.models import Frame, Item
from klimawerk.sheets.options import titles_of


def init_app() -> None:
    hooks.register(Programmes())
    requests.register("rate", _apply_rate)
    requests.register("languages", _apply_languages)
    requests.register("delete", _delete, undo=_bring_back)
    rights_changed.connect(_ask_again_who_may_write)


class Programmes:
    """See `partnerships.hooks.Programmes`."""

    def found(
        self, partnership: Partnership, *, languages: list[str], lead_language: str, currency_local: str, by: int
    ) -> object:
        return create_programme(
            partnership, languages=languages, lead_language=lead_language, currency_local=currency_local, by=by
        )

    def cards(self, partnership_id: int) -> list[Card]:
        found = db.session.scalars(
            select(Programme)
            .join(Frame, Frame.id == Programme.frame_id)
            .where(Frame.partnership_id == partnership_id, Programme.deleted_at.is_(None))
        ).all()
        titles = titles_of(found, reader_language())
        return [
            Card(one.id, titles[one.id][0], url_for("overview.programme", item_id=one.id), _counts(one))
            for one in found
        ]


def _counts(programme: Programme) -> tuple[str, ...]:
    kinds = (
        select(Item.kind, func.count())
        .where(Item.frame_id == programme.frame_id, Item.deleted_at.is_(None))
        .group_by(Item.kind)
    )
    counts = {row[0]: row[1] for row in db.session.execute(kinds)}
    return (
        ngettext("%(num)d goal", "%(num)d goals", counts.get("goal", 0)),
        ngettext("%(num)d measure", "%(num)d measures", counts.get("measure", 0)),
    )


def _apply_rate(request: JointRequest, by: Person) -> None:
    asked = request.payload
    set_rate(
        _programme(request),
        rate=Decimal(asked["rate"]),
        on=date.fromisoformat(asked["date"]),
        remark=asked.get("remark", ""),
        by=by.id,
    )


def _apply_languages(request: JointRequest, by: Person) -> None:
    asked = request.payload
    set_languages(_programme(request), languages=asked["languages"], lead=asked["lead"], by=by.id)


def _delete(request: JointRequest, by: Person) -> None:
    """The programme goes with all its goals and measures; what lay in the bin before stays there."""
    programme = _programme(request)
    items = _items(programme.frame_id, deleted_at=None)
    moment = now()
    for item in items:
        note(item.name)
        item.deleted_at, item.deleted_by = moment, by.id
    store.mark_deleted([item.name for item in items])


def _bring_back(request: JointRequest, by: Person) -> None:
    programme = _programme(request)
    items = _items(programme.frame_id, deleted_at=programme.deleted_at)
    for item in items:
        note(item.name)
        item.deleted_at, item.deleted_by = None, None
    store.mark_restored([item.name for item in items])


def _ask_again_who_may_write(_sender: object, partnership_id: int, person_id: int) -> None:
    frames = select(Frame.id).where(Frame.partnership_id == partnership_id)
    items = db.session.scalars(select(Item).where(Item.frame_id.in_(frames), Item.deleted_at.is_(None)))
    store.bump_access([item.name for item in items])


def _items(frame_id: int, deleted_at: object) -> Sequence[Item]:
    same = Item.deleted_at.is_(None) if deleted_at is None else Item.deleted_at == deleted_at
    return db.session.scalars(select(Item).where(Item.frame_id == frame_id, same).order_by(Item.id)).all()


def _programme(request: JointRequest) -> Programme:
    found: Programme = db.session.get_one(Programme, request.programme_id)
    return found
