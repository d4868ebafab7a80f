"""History of an item as a timeline by day; automatic versions between the kept ones are folded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import Text, cast, or_, select

from klimawerk import safe_json
from klimawerk.accounts.person_names import names_of
from klimawerk.extensions import db
from klimawerk.partnerships.partnership_labels import short_name
from klimawerk.sheets.code_labels import side_names
from klimawerk.sheets.models import Item
from klimawerk.versions import service
from klimawerk.versions.contributors import contributors_since
from klimawerk.versions.models import Version
from klimawerk.web import localisation


class PlacePeople(NamedTuple):
    """Persons of one side: its municipalities, the persons' names, and the side's code ("" for neither)."""

    place: str
    names: tuple[str, ...]
    side: str


People = tuple[PlacePeople, ...]

PAGE = 60  # versions on one page
CHOICES = 100  # versions to choose from, besides those that somebody kept

REASONS = {
    service.KEPT: lazy_gettext("kept by hand"),
    service.QUIET: lazy_gettext("taken by itself after editing"),
    service.IMPORT: lazy_gettext("as imported"),
    service.RESTORE: lazy_gettext("around bringing something back"),
    service.EDITION: lazy_gettext("for a fixed copy of the programme"),
}


@dataclass(frozen=True)
class VersionEntry:
    """`by`: name of who kept it ("" for an automatic one); `people`: its contributors by municipality."""

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
class VersionChoice:
    """A version in a picker. `visited`: whether it stands for the reader's last visit."""

    number: str
    title: str
    at: datetime
    visited: bool


@dataclass(frozen=True)
class EntryRun:
    """Consecutive entries; `folded` if all of them are automatic."""

    entries: tuple[VersionEntry, ...]
    folded: bool


@dataclass(frozen=True)
class HistoryDay:
    day: date
    runs: tuple[EntryRun, ...]


@dataclass(frozen=True)
class HistoryPage:
    """One page of the timeline, newest first. `older`: value of `before` for the next page, None on the last one."""

    days: tuple[HistoryDay, ...]
    newest: int
    older: int | None
    choices: tuple[VersionChoice, ...]

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
    latest = service.latest_version(item.id)
    newest = latest.number if latest else 0
    entries = version_entries(versions[:PAGE], item)
    zone = ZoneInfo(localisation.timezone())
    days = groupby(entries, lambda entry: entry.version.at.astimezone(zone).date())
    shown_days = tuple(HistoryDay(day, _runs(list(group), newest)) for day, group in days)
    return HistoryPage(shown_days, newest, older, version_choices(item))


def version_choices(item: Item, chosen: Iterable[Version] = (), visited: str = "") -> tuple[VersionChoice, ...]:
    """Versions to choose from, newest first: all that somebody kept or named, the latest others, and the chosen ones.

    `visited`: number of the version that stands for the reader's last visit.
    """
    others = select(Version.id).where(Version.item_id == item.id).order_by(Version.number.desc()).limit(CHOICES)
    latest = list(db.session.scalars(others))
    kept = or_(Version.label != "", Version.reason == service.KEPT)
    wanted = or_(kept, Version.id.in_([*latest, *(version.id for version in chosen)]))
    query = select(Version).where(Version.item_id == item.id, wanted).order_by(Version.number.desc())
    return tuple(
        VersionChoice(str(version.number), title_of(version), version.at, str(version.number) == visited)
        for version in db.session.scalars(query)
    )


def version_entries(versions: Sequence[Version], item: Item) -> list[VersionEntry]:
    """The versions with the names of their contributors, read in one query."""
    names = _names(versions)
    sides = side_names(item.frame.partnership)
    return [_entry(version, names, sides) for version in versions]


def contributors_between(item: Item, old: Version | None, new: Version | None) -> list[dict[str, Any]]:
    """Contributors between two versions (`new` None: now), as `Version.contributors`."""
    after_number = old.number if old else 0
    query = select(cast(Version.contributors, Text)).where(Version.item_id == item.id, Version.number > after_number)
    stored = db.session.scalars((query.where(Version.number <= new.number) if new else query).distinct())
    contributors = [contributor for entry in stored for contributor in safe_json.loads(entry)]
    if new is None:
        contributors += [
            vars(contributor) for contributor in contributors_since(item.id, service.latest_version(item.id))
        ]
    return contributors


def contributors_by_municipality(
    contributors: Iterable[dict[str, Any]], item: Item, own_side: str, names: dict[int, str]
) -> People:
    """These contributors by municipality, those of the reader's own side first, each person once."""
    distinct = list({contributor["id"]: contributor for contributor in contributors}.values())
    places = _by_place(distinct, names, side_names(item.frame.partnership))
    return tuple(sorted(places, key=lambda place: place.side != own_side))


def names_of_contributors(contributors: Iterable[dict[str, Any]]) -> dict[int, str]:
    return _names_of({contributor["id"] for contributor in contributors})


def title_of(version: Version) -> str:
    """Title of a version: "Version 12: after the second workshop"."""
    number = _("Version %(number)s", number=version.number)
    return f"{number}: {version.label}" if version.label else str(number)


def _runs(entries: list[VersionEntry], newest: int) -> tuple[EntryRun, ...]:
    """Runs of folded and open entries. The newest entry is always open, and so is a run of one."""
    runs = []
    for folded, group in groupby(entries, lambda entry: not entry.version.kept and entry.version.number != newest):
        run = tuple(group)
        runs.append(EntryRun(run, folded and len(run) > 1))
    return tuple(runs)


def _entry(version: Version, names: dict[int, str], sides: dict[str, str]) -> VersionEntry:
    by = names.get(version.by, str(_("Somebody"))) if version.by else ""
    return VersionEntry(version, by, _by_place(version.contributors, names, sides))


def _by_place(people: list[dict[str, Any]], names: dict[int, str], sides: dict[str, str]) -> People:
    by_place: dict[tuple[str, str], list[str]] = {}
    for contributor in people:
        side = contributor["side"] if contributor["side"] in sides else ""
        place = _short_names(sides[side]) if side else str(_("On neither side"))
        by_place.setdefault((place, side), []).append(names.get(contributor["id"], str(_("Somebody"))))
    return tuple(
        PlacePeople(place, tuple(sorted(place_names)), side) for (place, side), place_names in sorted(by_place.items())
    )


def _short_names(towns: str) -> str:
    return ", ".join(short_name(town) for town in towns.split(", "))


def _names(versions: Sequence[Version]) -> dict[int, str]:
    ids = {contributor["id"] for version in versions for contributor in version.contributors}
    return _names_of(ids | {version.by for version in versions if version.by})


def _names_of(ids: set[int]) -> dict[int, str]:
    """Names of persons of this installation. Contributors imported with a file have pseudonyms."""
    person_ids = {id_ for id_ in ids if isinstance(id_, int)}
    return names_of(person_ids)
