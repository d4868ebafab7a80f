"""Verbs: look at a file, import it, write a programme out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _

from klimawerk.accounts.models import Person
from klimawerk.collab import rich_text
from klimawerk.database import writing
from klimawerk.exchange.draft import ItemDraft, MeasureDraft, ProgrammeDraft
from klimawerk.exchange.draft_loader import load_draft
from klimawerk.exchange.draft_store import store_draft
from klimawerk.exchange.history_draft import HistoryKeys
from klimawerk.exchange.history_export import write_history
from klimawerk.exchange.history_store import find_programme, foreign_keys_taken, holds_all
from klimawerk.exchange.import_problems import ImportProblem, ImportRefused
from klimawerk.exchange.import_validator import validate_import
from klimawerk.exchange.json_export import to_bytes, write_programme
from klimawerk.exchange.json_reader import read_json
from klimawerk.exchange.json_size import check_size
from klimawerk.exchange.threads_export import write_threads
from klimawerk.exchange.totals import rates_of, sums_of
from klimawerk.extensions import db
from klimawerk.money import Sums, summed
from klimawerk.partnerships.models import Partnership
from klimawerk.partnerships.service import add_member
from klimawerk.programmes.models import Programme
from klimawerk.sheets.models import Item
from klimawerk.versions.service import IMPORT, items_of, record_version


@dataclass(frozen=True)
class ImportSummary:
    """What would come in. `counts`: how many rows of each kind, besides goals and measures."""

    draft: ProgrammeDraft
    counts: dict[str, int]
    sums: Sums

    @property
    def warnings(self) -> list[ImportProblem]:
        return self.draft.warnings

    @property
    def imported(self) -> list[str]:
        """Codes of the measures whose consent comes with the file ("" for the programme itself)."""
        return [item.code for item in (self.draft.programme, *self.draft.measures) if item.imported]

    def outline(self) -> list[tuple[ItemDraft, str, list[tuple[MeasureDraft, str]]]]:
        """Each goal with its title and its measures with theirs, in the original's language."""
        measures = [(measure, self.title(measure)) for measure in self.draft.measures]
        return [
            (goal, self.title(goal), [pair for pair in measures if pair[0].goal == goal.code])
            for goal in self.draft.goals
        ]

    def title(self, item: ItemDraft) -> str:
        text = item.texts.get(f"title.{self.draft.frame.lead_language}")
        return rich_text.to_plain_text(text) if text else ""


def preview(data: bytes) -> ImportSummary:
    """Read and check the file; the database is not asked. Raises Refused."""
    max_bytes = current_app.extensions["klimawerk"].max_import_size
    check_size(BytesIO(data), max_bytes)
    return summarise(validate_import(read_json(data, max_bytes)))


def summarise(draft: ProgrammeDraft) -> ImportSummary:
    """The draft with what a person wants to know of it."""
    counts: Counter[str] = Counter()
    for item in (draft.programme, *draft.goals, *draft.measures):
        counts.update({kind: len(rows) for kind, rows in item.rows.items()})
    rates = rates_of(draft.frame)
    return ImportSummary(draft, dict(counts), summed(sums_of(measure, rates) for measure in draft.measures))


def import_programme(data: bytes, *, by: Person | None, side: str = "de") -> Programme:
    """Import the file whole; `by` becomes coordinator of that side. Raises Refused and leaves nothing behind."""
    return import_draft(preview(data).draft, by=by, side=side)


@dataclass(frozen=True)
class KnownProgramme:
    """The programme of a file is here already; `whole`: and so is every version and edition that the file holds."""

    programme: Programme
    whole: bool


def find_imported(names: HistoryKeys | None) -> KnownProgramme | None:
    """Whether the file's programme is here. A file without versions makes a new programme each time."""
    programme = find_programme(names.programme) if names else None
    return KnownProgramme(programme, holds_all(names, programme)) if names and programme else None


def refuse_known(names: HistoryKeys | None) -> None:
    """Raises Refused for a file whose programme, or a part of it, is here already. Inside writing()."""
    if names and (find_programme(names.programme) or foreign_keys_taken(names)):
        raise ImportRefused(
            _(
                "This programme is here already, and its saved versions are others than those in the file. "
                "It can only come in as a new programme, without its versions."
            )
        )


def import_draft(draft: ProgrammeDraft, *, by: Person | None, side: str = "de", copy: bool = False) -> Programme:
    """The same for a file that has been checked, in one transaction: for what is small, or where nobody else writes.

    What is here already is not imported again: then nothing changes, and nobody becomes a member. With `copy` it
    becomes a new programme without its versions. Raises Refused when the one here has gone another way than the file's.
    """
    with writing():
        draft = replace(draft, history=None) if copy else draft
        names = draft.history.names() if draft.history else None
        known = find_imported(names)
        if known and known.whole:
            return known.programme
        refuse_known(names)
        programme = build_programme(draft, by.id if by else None)
        if by:
            make_coordinator(programme.frame.partnership, by, side)
        return programme


def build_programme(
    draft: ProgrammeDraft, by: int | None, progress: Callable[[float], None] = lambda _share: None
) -> Programme:
    """Partnership, programme and a first version of each item; no member. `progress`: the share that is done."""
    with writing():
        programme = store_draft(draft, by=by)
        items = items_of(programme.frame)
        for number, item_id in enumerate(items):
            progress(0.5 + number / len(items) / 2)
            if db.session.get_one(Item, item_id).deleted_at is None:
                record_version(item_id, IMPORT, by=by)
        return programme


def make_coordinator(partnership: Partnership, person: Person, side: str) -> None:
    """Make the person coordinator of that side, for its first municipality."""
    town = next(town for town in partnership.municipalities if town.side == side)
    add_member(partnership, person, side=side, role="coordinator", municipality=town, by=person)


def export_programme(programme: Programme, *, history: bool = True) -> dict[str, Any]:
    """The programme in the exchange format, with its versions and editions unless they are not wanted."""
    file = write_programme(load_draft(programme), write_threads(programme))
    kept = write_history(programme) if history else None
    return {**file, "history": kept} if kept else file


def export_bytes(programme: Programme, *, history: bool = True) -> bytes:
    """The file itself."""
    return to_bytes(export_programme(programme, history=history))
