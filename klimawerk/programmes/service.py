"""Actions on programmes: create, announce changes of order and outline, set planning rate and languages."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, select

from klimawerk.collab.storage import document_store
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.live.changes import note, revision
from klimawerk.partnerships.models import Partnership
from klimawerk.programmes.models import Programme
from klimawerk.sheets.item_kinds import sheet_of
from klimawerk.sheets.items import WRITING_LANGUAGE_KEY, Texts, create_item
from klimawerk.sheets.models import Frame, Item
from klimawerk.sheets.programme_topic import ORDER, OUTLINE, RATE, note_programme_key


def create_programme(
    partnership: Partnership,
    *,
    languages: list[str],
    lead_language: str,
    currency_main: str = "EUR",
    currency_local: str = "",
    rate: Decimal | None = None,
    rate_date: date | None = None,
    rate_note: str = "",
    values: dict[str, Any] | None = None,
    texts: Texts | None = None,
    carried: dict[str, Any] | None = None,
    by: int | None,
) -> Programme:
    """Create a programme with its frame and live document. `lead_language` is one of `languages`."""
    with writing():
        frame = Frame(
            partnership=partnership,
            languages=languages,
            lead_language=lead_language,
            currency_main=currency_main,
            currency_local=currency_local,
            rate=rate,
            rate_date=rate_date,
            rate_note=rate_note,
        )
        programme = Programme(frame=frame, carried=carried or {})
        create_item(programme, values=values, texts=texts)
        return programme


_PROGRAMME_OF = select(Programme).where(Programme.frame_id == bindparam("frame"))


def programme_of(item: Item) -> Programme:
    """The programme that the item belongs to."""
    programme = db.session.scalar(_PROGRAMME_OF, {"frame": item.frame_id})
    assert programme is not None
    return programme


def announce_order(programme: Programme) -> None:
    """Note that goals or measures are created, deleted or moved, so that pages of the programme reload them. Call
    inside writing()."""
    note_programme_key(programme, ORDER)


def announce_outline(programme: Programme) -> None:
    """Note that a title changes, so that pages reload the outline. Call inside writing(), and before the item's own
    topic is noted, as everywhere, since transactions could deadlock otherwise."""
    note_programme_key(programme, OUTLINE)


def set_rate(programme: Programme, *, rate: Decimal, on: date, remark: str = "", by: int | None) -> None:
    """Set the planning rate that both sides agreed on. Pages with converted amounts are refreshed."""
    with writing():
        frame = _lock_programme(programme)
        frame.rate, frame.rate_date, frame.rate_note = rate, on, remark
        note_programme_key(programme, RATE)
        _note_all(frame)


def set_languages(programme: Programme, *, languages: list[str], lead: str, by: int | None) -> None:
    """Set the working languages. A new one gets empty texts; the texts of a removed one are kept, but not shown."""
    with writing():
        frame = _lock_programme(programme)
        frame.languages, frame.lead_language = languages, lead
        for item in _note_all(frame):
            document_store.add_fragments(item.name, sheet_of(item.kind).fragments(languages))
            item.revs = {**item.revs, WRITING_LANGUAGE_KEY: revision(item.name)}  # refreshes the language bar
            if item.writing_language not in languages:
                item.writing_language = ""


def _lock_programme(programme: Programme) -> Frame:
    """Lock the programme's topic, then reload and return the frame, so that creating goals is serialised with this."""
    note(programme.name)
    frame = programme.frame
    db.session.refresh(frame)
    return frame


def _note_all(frame: Frame) -> list[Item]:
    items = list(db.session.scalars(select(Item).where(Item.frame_id == frame.id).order_by(Item.id)))
    for item in items:
        note(item.name)
    return items
