"""An item's history as a timeline: days, with the versions taken by themselves folded between the kept ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import Text, cast, select

from klimawerk import safe_json
from klimawerk.accounts.person_names import names_of
from klimawerk.extensions import db
from klimawerk.sheets.code_labels import side_names
from klimawerk.sheets.models import Item
from klimawerk.versions import service
from klimawerk.versions.contributors import contributors_since
from klimawerk.versions.models import Version
from klimawerk.web import localisation

People = tuple[tuple[str, tuple[str, ...]], ...]

PAGE = 60  # versions on one page

REASONS = {
    service.KEPT: lazy_gettext("kept by hand"),
    service.QUIET: lazy_gettext("taken by itself after editing"),
    service.IMPORT: lazy_gettext("as imported"),
    service.RESTORE: lazy_gettext("around bringing something back"),
    service.EDITION: lazy_gettext("for a fixed copy of the programme"),
}


@dataclass(frozen=True)
class VersionEntry:
    """A version with its people: `by` in words ("" for nobody), contributors by municipality."""

    version: Version
    by: str
    people: People

    @property
    def title(self) -> str:
        return title_of(self.version)

    @property
    def reason(self) -> str:
        return str(REASONS.get(self.version.reason, self.version.reason))


@dataclass(frozen=True)
class EntryRun:
    """Entries that follow each other; `folded` when all of them were taken by themselves."""

    entries: tuple[VersionEntry, ...]
    folded: bool


@dataclass(frozen=True)
class HistoryDay:
    day: date
    runs: tuple[EntryRun, ...]


@dataclass(frozen=True)
class HistoryPage:
    """One page of it, newest first. `older`: the number to ask for next, None at the end."""

    days: tuple[HistoryDay, ...]
    newest: int
    older: int | None

    @property
    def entries(self) -> list[VersionEntry]:
        return [entry for day in self.days for run in day.runs for entry in run.entries]


def history_of(item: Item, before: int | None = None) -> HistoryPage:
    """The versions with a number below `before`, or the newest ones."""
    query = select(Version).where(Version.item_id == item.id).order_by(Version.number.desc()).limit(PAGE + 1)
    if before is not None:
        query = query.where(Version.number < before)
    versions = list(db.session.scalars(query))
    older = versions[PAGE - 1].number if len(versions) > PAGE else None
    last = service.latest_version(item.id)
    newest = last.number if last else 0
    entries = version_entries(versions[:PAGE], item)
    zone = ZoneInfo(localisation.timezone())
    days = groupby(entries, lambda entry: entry.version.at.astimezone(zone).date())
    return HistoryPage(tuple(HistoryDay(day, _runs(list(some), newest)) for day, some in days), newest, older)


def version_entries(versions: Sequence[Version], item: Item) -> list[VersionEntry]:
    """The versions with the names of their people, in one query."""
    names = _names(versions)
    sides = side_names(item.frame.partnership)
    return [_entry(version, names, sides) for version in versions]


def contributors_between(item: Item, old: Version | None, new: Version | None) -> People:
    """Who wrote between two versions (None: now), by municipality."""
    first = old.number if old else 0
    query = select(cast(Version.contributors, Text)).where(Version.item_id == item.id, Version.number > first)
    said = db.session.scalars((query.where(Version.number <= new.number) if new else query).distinct())
    found = [one for some in said for one in safe_json.loads(some)]
    if new is None:
        found += [vars(one) for one in contributors_since(item.id, service.latest_version(item.id))]
    return contributors_by_municipality(found, item)


def contributors_by_municipality(contributors: Iterable[dict[str, Any]], item: Item) -> People:
    """These contributors by municipality, each once."""
    distinct = list({one["id"]: one for one in contributors}.values())
    return _by_place(distinct, _names_of({one["id"] for one in distinct}), side_names(item.frame.partnership))


def title_of(version: Version) -> str:
    """How a version is called: "Version 12: after the second workshop"."""
    number = _("Version %(number)s", number=version.number)
    return f"{number}: {version.label}" if version.label else str(number)


def _runs(entries: list[VersionEntry], newest: int) -> tuple[EntryRun, ...]:
    """The newest one always stands open, and so does one that would be folded alone."""
    runs = []
    for folded, some in groupby(entries, lambda e: not e.version.kept and e.version.number != newest):
        found = tuple(some)
        runs.append(EntryRun(found, folded and len(found) > 1))
    return tuple(runs)


def _entry(version: Version, names: dict[int, str], sides: dict[str, str]) -> VersionEntry:
    by = names.get(version.by, str(_("Somebody"))) if version.by else ""
    return VersionEntry(version, by, _by_place(version.contributors, names, sides))


def _by_place(people: list[dict[str, Any]], names: dict[int, str], sides: dict[str, str]) -> People:
    by_place: dict[str, list[str]] = {}
    for one in people:
        place = sides.get(one["side"], str(_("On neither side")))
        by_place.setdefault(place, []).append(names.get(one["id"], str(_("Somebody"))))
    return tuple((place, tuple(sorted(found))) for place, found in sorted(by_place.items()))


def _names(versions: Sequence[Version]) -> dict[int, str]:
    ids = {one["id"] for version in versions for one in version.contributors}
    return _names_of(ids | {version.by for version in versions if version.by})


def _names_of(ids: set[int]) -> dict[int, str]:
    """Of people of this installation; those who came with a file have pseudonyms."""
    numbers = {one for one in ids if isinstance(one, int)}
    return names_of(numbers)
