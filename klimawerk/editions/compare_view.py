"""View of a comparison of two editions for templates, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
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
from klimawerk.sheets.item_kinds import item_kinds
from klimawerk.sheets.models import Item
from klimawerk.sheets.view import SheetView
from klimawerk.versions import item_keys, version_states
from klimawerk.versions.compare_view import VersionComparison
from klimawerk.versions.comparison import ADDED, CHANGED, MOVED, REMOVED, SAME, Comparison, ItemState
from klimawerk.versions.contributors import contributors_since
from klimawerk.versions.history import People, contributors_by_municipality, names_of_contributors
from klimawerk.versions.models import Version
from klimawerk.versions.reference_names import names_for

MAX_COMPARED = 60  # items compared on one page; the others get a link


@dataclass(frozen=True)
class ShownItemChange:
    """A changed item. `c`: its comparison, or its whole content if it was added or removed.

    `address`: URL of the comparison on a page of its own; "" if there is none. `people`: who changed it.
    """

    change: ItemChange
    code: str
    title: str
    lang: str
    c: VersionComparison | None
    address: str
    people: People

    @property
    def whole(self) -> bool:
        """Whether it exists in one of the two states only."""
        return self.change.old is None or self.change.new is None


@dataclass(frozen=True)
class EditionComparison:
    """Two states of one programme for one reader. `language` limits texts to one language; "" for all."""

    v: SheetView
    old: SnapshotParts
    new: SnapshotParts
    view: str
    language: str

    @cached_property
    def changes(self) -> list[ItemChange]:
        """All items. An item compared on this page counts as unchanged if its difference is invisible."""
        return [replace(change, what=SAME) if self._is_visually_equal(change) else change for change in self._changes]

    @cached_property
    def _changes(self) -> list[ItemChange]:
        return comparison.compare_parts(self.old, self.new, self._known)

    @cached_property
    def shown(self) -> list[ShownItemChange]:
        """All changed items, in the order of the programme."""
        return [self._shown(change) for change in self.changes if change.what != SAME]

    @cached_property
    def _compared_items(self) -> dict[int, VersionComparison]:
        """The comparisons on this page, by the item's id."""
        changed = [change for change in self._changes if change.what != SAME][:MAX_COMPARED]
        contents = load_decoded_parts([part for change in changed for part in (change.old, change.new) if part])
        items = self._items([change.item_id for change in changed])
        return {change.item_id: self._compare_item(change, items[change.item_id], contents) for change in changed}

    def _is_visually_equal(self, change: ItemChange) -> bool:
        if change.what != CHANGED or change.moved or change.item_id not in self._compared_items:
            return False
        return self._compared_items[change.item_id].comparison.is_empty

    def unchanged(self) -> list[tuple[str, str, str]]:
        """Code, title and language of the title of every unchanged goal and measure."""
        unchanged_items = [
            change for change in self.changes if change.what == SAME and change.kind != "programme" and change.new
        ]
        return [self._named(change.new, self._titles) for change in unchanged_items if change.new]

    def summary(self) -> list[str]:
        """How much changed, in at most three phrases: "1 goal added", "40 measures changed"."""
        return [phrase for kind in item_kinds if (phrase := self._kind_phrase(kind))]

    def _kind_phrase(self, kind: str) -> str:
        """How many items of that kind changed, and how; "" for none. Changes of several sorts count as changed."""
        changes = [change for change in self.changes if change.kind == kind and change.what != SAME]
        sorts = {change.what for change in changes} | {MOVED for change in changes if change.moved}
        return _phrase(kind, sorts.pop() if len(sorts) == 1 else CHANGED, len(changes)) if changes else ""

    def people(self) -> People:
        """Contributors between the two states, by municipality."""
        return self._by_municipality(person for people in self._contributors.values() for person in people)

    def _by_municipality(self, contributors: Iterable[dict[str, Any]]) -> People:
        return contributors_by_municipality(contributors, self.v.item, self.v.opened.member.side, self._names)

    @cached_property
    def _names(self) -> dict[int, str]:
        return names_of_contributors(person for people in self._contributors.values() for person in people)

    @cached_property
    def _contributors(self) -> dict[int, list[dict[str, Any]]]:
        """Contributors to each changed item between the two states, by its id."""
        changed = [change for change in self.changes if change.what not in (SAME, MOVED)]
        ranges = [(change.item_id, _number(change.old), _number(change.new or change.old)) for change in changed]
        contributors = _contributors(ranges)
        for change in changed:
            if change.new is not None and change.new.reading is not None:
                present = contributors_since(change.item_id, _version(change.new))
                contributors.setdefault(change.item_id, []).extend(vars(person) for person in present)
        return contributors

    def _shown(self, change: ItemChange) -> ShownItemChange:
        either = change.new or change.old
        assert either is not None
        code, title, lang = self._named(either, self._titles)
        people = self._by_municipality(self._contributors.get(change.item_id, []))
        compared = self._compared_items.get(change.item_id)
        return ShownItemChange(change, code, title, lang, compared, self._address(change), people)

    def _compare_item(self, change: ItemChange, item: Item, contents: dict[str, Any]) -> VersionComparison:
        yield_if_due()  # a long programme must not block the event loop
        states = [
            version_states.state_from_manifest(part.head, contents, self._known)
            for part in (change.old, change.new)
            if part
        ]
        old, new = states[0], states[-1]
        v = replace(self.v, opened=replace(self.v.opened, item=item))
        names = names_for(v.frame, v.reader, old, new)
        item_comparison = version_states.compare_in_thread(old, new) if len(states) == 2 else Comparison()
        return VersionComparison(v, old, new, item_comparison, names, self.view, self.language)

    def _address(self, change: ItemChange) -> str:
        """URL of the item's own page: its comparison, or its last version before it was removed."""
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
        """The titles of all items; nothing else is read."""
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


def _contributors(ranges: list[tuple[int, int, int]]) -> dict[int, list[dict[str, Any]]]:
    """Contributors of the versions after the first and up to the second number, for each (item, first, second)."""
    between = [
        and_(Version.item_id == item_id, Version.number > first, Version.number <= last)
        for item_id, first, last in ranges
        if last > first
    ]
    found: dict[int, list[dict[str, Any]]] = {}
    if between:
        for item_id, people in db.session.execute(select(Version.item_id, Version.contributors).where(or_(*between))):
            found.setdefault(item_id, []).extend(people)
    return found


def _phrase(kind: str, what: str, count: int) -> str:
    if kind == "programme":
        return str(_("the programme itself changed"))
    phrases = {
        ("goal", ADDED): ngettext("%(num)s goal added", "%(num)s goals added", count),
        ("goal", REMOVED): ngettext("%(num)s goal removed", "%(num)s goals removed", count),
        ("goal", MOVED): ngettext("%(num)s goal moved", "%(num)s goals moved", count),
        ("goal", CHANGED): ngettext("%(num)s goal changed", "%(num)s goals changed", count),
        ("measure", ADDED): ngettext("%(num)s measure added", "%(num)s measures added", count),
        ("measure", REMOVED): ngettext("%(num)s measure removed", "%(num)s measures removed", count),
        ("measure", MOVED): ngettext("%(num)s measure moved", "%(num)s measures moved", count),
        ("measure", CHANGED): ngettext("%(num)s measure changed", "%(num)s measures changed", count),
    }
    return str(phrases[kind, what])
