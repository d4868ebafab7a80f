"""Parts of the keys of cached fragments (`fragment_cache.py`): what fragments of a programme's items are made of.

The rule for every key: what it holds is read before the content, in the same transaction or an earlier one. A fragment
may then be newer than its key, which nobody notices, but never older.

Content that was read before does not become newer by a later select: a session leaves rows as they are that it holds
already, and a view keeps what it has read. So content is selected with `populate_existing`, and from a view that is
`refreshed` after the key.
"""

from __future__ import annotations

from dataclasses import replace

from flask_babel import get_locale
from sqlalchemy import String, bindparam, cast, select

from klimawerk.extensions import db
from klimawerk.fragment_cache import Key
from klimawerk.live.models import Topic
from klimawerk.sheets.models import Frame, Item
from klimawerk.sheets.programme_topic import not_older
from klimawerk.sheets.view import SheetView
from klimawerk.web.localisation import timezone

Revisions = tuple[tuple[int, int], ...]
"""(item id, revision of its topic), by id."""
_REVISIONS = (
    select(Item.id, Topic.rev)
    .outerjoin(Topic, Topic.name == Item.kind.concat(":").concat(cast(Item.id, String)))
    .where(Item.frame_id == bindparam("frame"), Item.deleted_at.is_(None))
    .order_by(Item.id)
)


def reader_key(v: SheetView) -> Key:
    """Interface language, time zone, languages shown."""
    locale = get_locale()
    shown = (v.languages.show, v.languages.beside, v.languages.all)
    return (locale.language if locale else "en", timezone(), v.reader, *shown)


def frame_key(v: SheetView) -> Key:
    """The settings of the programme, and the names of both sides: values, since they have no revision."""
    frame: Frame = v.frame
    money = (frame.currency_main, frame.currency_local, frame.rate, frame.rate_date)
    return (frame.id, tuple(frame.languages), frame.lead_language, *money, tuple(v.sides.items()))


def rights_key(v: SheetView) -> Key:
    """The reader's side, and what the reader may do with the item."""
    opened = v.opened
    return (opened.member.side, opened.writes, opened.editable, opened.locked, opened.may_moderate)


def sheet_key(v: SheetView) -> Key:
    """Item and programme, with their revisions; reader, frame and rights."""
    return (v.item.id, v.rev, v.programme_rev, reader_key(v), frame_key(v), rights_key(v))


def item_revisions(frame: Frame) -> Revisions:
    """The revisions of all items of a programme that are not in the bin, in one statement."""
    return tuple((item_id, rev or 0) for item_id, rev in db.session.execute(_REVISIONS, {"frame": frame.id}))


def refreshed(v: SheetView) -> SheetView:
    """A view of the same item without the contents read so far, so that none is older than the revisions read last."""
    not_older(v.item)
    return replace(v, options=v.options.unread())
