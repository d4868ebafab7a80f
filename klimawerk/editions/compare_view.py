"""What the page of a comparison of two editions shows, in the reader's words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import and_, or_, select

from klimawerk.database import yield_if_due
from klimawerk.editions import comparison
from klimawerk.editions.comparison import ItemChange
from klimawerk.editions.edition_view import title_in
from klimawerk.editions.snapshots import SnapshotPart, SnapshotParts, load_decoded_parts
from klimawerk.extensions import db
from klimawerk.sheets.models import Item
from klimawerk.sheets.view import SheetView
from klimawerk.versions import item_keys, version_states
from klimawerk.versions.compare_view import VersionComparison
from klimawerk.versions.comparison import ADDED, CHANGED, MOVED, REMOVED, SAME, Comparison, ItemState
from klimawerk.versions.contributors import contributors_since
from klimawerk.versions.history import People, contributors_by_municipality
from klimawerk.versions.models import Version
from klimawerk.versions.reference_names import names_for

MOST_OPEN = 60  # items compared on one page; the others have a link


@dataclass(frozen=True)
class ShownItemChange:
    """One item in which something changed. `c`: its comparison, or all that stood in it when it came or went.

    `address`: of the comparison on a page of its own; "" where there is none.
    """

    change: ItemChange
    code: str
    title: str
    lang: str
    c: VersionComparison | None
    address: str

    @property
    def whole(self) -> bool:
        """Whether it is there at one of the two points only."""
        return self.change.old is None or self.change.new is None


@dataclass(frozen=True)
class EditionComparison:
    """Two points in time of one programme for one reader; `language` limits texts to one, "" for all."""

    v: SheetView
    old: SnapshotParts
    new: SnapshotParts
    view: str
    language: str

    @cached_property
    def changes(self) -> list[ItemChange]:
        """Of those that are compared here, one in which nobody sees a difference is the same."""
        return [replace(one, what=SAME) if self._looks_same(one) else one for one in self._changes]

    @cached_property
    def _changes(self) -> list[ItemChange]:
        return comparison.compare_parts(self.old, self.new, self._known)

    @cached_property
    def shown(self) -> list[ShownItemChange]:
        """All in which something changed, in order."""
        return [self._shown(one) for one in self.changes if one.what != SAME]

    @cached_property
    def _opened(self) -> dict[int, VersionComparison]:
        """The comparisons that are on this page, by the item's id."""
        changed = [one for one in self._changes if one.what != SAME][:MOST_OPEN]
        contents = load_decoded_parts([part for one in changed for part in (one.old, one.new) if part])
        items = self._items([one.item_id for one in changed])
        return {one.item_id: self._compared(one, items[one.item_id], contents) for one in changed}

    def _looks_same(self, change: ItemChange) -> bool:
        if change.what != CHANGED or change.moved or change.item_id not in self._opened:
            return False
        return self._opened[change.item_id].comparison.is_empty

    def unchanged(self) -> list[tuple[str, str, str]]:
        """Code, title and its language of every goal and measure that is as it was."""
        same = [one for one in self.changes if one.what == SAME and one.kind != "programme" and one.new]
        return [self._named(one.new, self._titles) for one in same if one.new]

    def summary(self) -> list[str]:
        """How much changed, in phrases: "40 measures changed", "1 goal added"."""
        kinds = [(kind, what) for kind in ("programme", "goal", "measure") for what in (ADDED, REMOVED, MOVED, CHANGED)]
        counted = [(kind, what, comparison.count_changes(self.changes, kind, what)) for kind, what in kinds]
        return [_phrase(kind, what, found) for kind, what, found in counted if found]

    def people(self) -> People:
        """Who wrote between the two points, by municipality."""
        changed = [one for one in self.changes if one.what not in (SAME, MOVED)]
        spans = [(one.item_id, _number(one.old), _number(one.new or one.old)) for one in changed]
        found = [one for some in _contributors(spans) for one in some]
        for one in changed:
            if one.new is not None and one.new.reading is not None:
                found += [vars(person) for person in contributors_since(one.item_id, _version(one.new))]
        return contributors_by_municipality(found, self.v.item)

    # One item

    def _shown(self, change: ItemChange) -> ShownItemChange:
        either = change.new or change.old
        assert either is not None
        code, title, lang = self._named(either, self._titles)
        return ShownItemChange(change, code, title, lang, self._opened.get(change.item_id), self._address(change))

    def _compared(self, change: ItemChange, item: Item, contents: dict[str, Any]) -> VersionComparison:
        yield_if_due()  # others are not kept waiting by a long programme
        found = [
            version_states.state_from_manifest(part.head, contents, self._known)
            for part in (change.old, change.new)
            if part
        ]
        old, new = found[0], found[-1]
        v = replace(self.v, opened=replace(self.v.opened, item=item))
        names = names_for(v.frame, v.reader, old, new)
        comparison = version_states.compare_in_thread(old, new) if len(found) == 2 else Comparison()
        return VersionComparison(v, old, new, comparison, names, self.view, self.language)

    def _address(self, change: ItemChange) -> str:
        """Where it can be read alone: compared, or as it was before it went."""
        item = f"/items/{change.item_id}"
        if change.old is None or change.new is None:
            part = change.new or change.old
            return f"{item}/history/{part.version.number}" if part and part.version and not part.reading else ""
        if change.old.version is None:
            return ""
        to = "now" if change.new.reading or not change.new.version else change.new.version.number
        return f"{item}/compare?from={change.old.version.number}&to={to}&view={self.view}&texts={self.language}"

    @cached_property
    def _known(self) -> item_keys.KeyMap:
        return item_keys.keys_of_frame(self.v.item.frame_id)

    @cached_property
    def _titles(self) -> dict[str, Any]:
        """Only the titles, whatever else has to be read."""
        return load_decoded_parts([*self.old.values(), *self.new.values()], "text:title.")

    def _named(self, part: SnapshotPart, contents: dict[str, Any]) -> tuple[str, str, str]:
        titles = {name: contents[key] for name, key in part.hashes.items() if name.startswith("text:title.")}
        title, lang = title_in(ItemState(part.head, {}, titles), self.v.languages.show, self.v.frame.lead_language)
        return part.head.get("code", ""), title, lang

    def _items(self, ids: list[int]) -> dict[int, Item]:
        return {item.id: item for item in db.session.scalars(select(Item).where(Item.id.in_(ids)))}


def _number(part: SnapshotPart | None) -> int:
    return part.version.number if part and part.version else 0


def _version(part: SnapshotPart) -> Version | None:
    return db.session.get(Version, part.version.id) if part.version else None


def _contributors(spans: list[tuple[int, int, int]]) -> list[list[dict[str, Any]]]:
    """Of every version behind the first and up to the second number, for each (item, first, second)."""
    between = [
        and_(Version.item_id == item_id, Version.number > first, Version.number <= last)
        for item_id, first, last in spans
        if last > first
    ]
    return list(db.session.scalars(select(Version.contributors).where(or_(*between)))) if between else []


def _phrase(kind: str, what: str, n: int) -> str:
    if kind == "programme":
        return str(_("The programme's own texts and fields changed"))
    said = {
        ("goal", ADDED): ngettext("%(num)s goal added", "%(num)s goals added", n),
        ("goal", REMOVED): ngettext("%(num)s goal removed", "%(num)s goals removed", n),
        ("goal", MOVED): ngettext("%(num)s goal moved", "%(num)s goals moved", n),
        ("goal", CHANGED): ngettext("%(num)s goal changed", "%(num)s goals changed", n),
        ("measure", ADDED): ngettext("%(num)s measure added", "%(num)s measures added", n),
        ("measure", REMOVED): ngettext("%(num)s measure removed", "%(num)s measures removed", n),
        ("measure", MOVED): ngettext("%(num)s measure moved", "%(num)s measures moved", n),
        ("measure", CHANGED): ngettext("%(num)s measure changed", "%(num)s measures changed", n),
    }
    return str(said[kind, what])
