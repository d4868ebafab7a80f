"""Operations: preview a file, import it, export a programme."""

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
    """What a file would add. `counts`: number of rows by kind."""

    draft: ProgrammeDraft
    counts: dict[str, int]
    sums: Sums

    @property
    def warnings(self) -> list[ImportProblem]:
        """Messages that do not prevent the import."""
        return self.draft.warnings

    @property
    def imported(self) -> list[str]:
        """Codes of the items whose consent comes from the file ("" for the programme itself)."""
        return [item.code for item in (self.draft.programme, *self.draft.measures) if item.imported]

    def outline(self) -> list[tuple[ItemDraft, str, list[tuple[MeasureDraft, str]]]]:
        """Each goal with its title and its measures, in the lead language."""
        measures = [(measure, self.title(measure)) for measure in self.draft.measures]
        return [
            (goal, self.title(goal), [pair for pair in measures if pair[0].goal == goal.code])
            for goal in self.draft.goals
        ]

    def title(self, item: ItemDraft) -> str:
        """The item's title in the lead language."""
        text = item.texts.get(f"title.{self.draft.frame.lead_language}")
        return rich_text.to_plain_text(text) if text else ""


def preview(data: bytes) -> ImportSummary:
    """Read and check a file, without the database. Raises ImportRefused."""
    max_bytes = current_app.extensions["klimawerk"].max_import_size
    check_size(BytesIO(data), max_bytes)
    return summarise(validate_import(read_json(data, max_bytes)))


def summarise(draft: ProgrammeDraft) -> ImportSummary:
    """The draft with counts and sums."""
    counts: Counter[str] = Counter()
    for item in (draft.programme, *draft.goals, *draft.measures):
        counts.update({kind: len(rows) for kind, rows in item.rows.items()})
    rates = rates_of(draft.frame)
    return ImportSummary(draft, dict(counts), summed(sums_of(measure, rates) for measure in draft.measures))


def import_programme(data: bytes, *, by: Person | None, side: str = "de") -> Programme:
    """Import a file in one transaction; `by` becomes coordinator of that side. Raises ImportRefused."""
    return import_draft(preview(data).draft, by=by, side=side)


@dataclass(frozen=True)
class KnownProgramme:
    """A programme that is stored here already; `whole`: with every version and edition of the file."""

    programme: Programme
    whole: bool


def find_imported(keys: HistoryKeys | None) -> KnownProgramme | None:
    """The file's programme, if it is stored here. A file without versions always creates a new programme."""
    programme = find_programme(keys.programme) if keys else None
    return KnownProgramme(programme, holds_all(keys, programme)) if keys and programme else None


def refuse_known(keys: HistoryKeys | None) -> None:
    """Raises ImportRefused if the file's programme, or a part of it, is stored here already. Inside writing()."""
    if keys and (find_programme(keys.programme) or foreign_keys_taken(keys)):
        raise ImportRefused(
            _(
                "This programme is here already, and its saved versions are others than those in the file. "
                "It can only come in as a new programme, without its versions."
            )
        )


def import_draft(draft: ProgrammeDraft, *, by: Person | None, side: str = "de", copy: bool = False) -> Programme:
    """Import a checked draft in one transaction: for small files, or if nobody else writes.

    If everything is stored here already, nothing changes, and nobody becomes a member. With `copy` it becomes a new
    programme without its versions. Raises ImportRefused if the stored programme has versions other than the file's.
    """
    with writing():
        draft = replace(draft, history=None) if copy else draft
        keys = draft.history.keys() if draft.history else None
        known = find_imported(keys)
        if known and known.whole:
            return known.programme
        refuse_known(keys)
        programme = build_programme(draft, by.id if by else None)
        if by:
            make_coordinator(programme.frame.partnership, by, side)
        return programme


def build_programme(
    draft: ProgrammeDraft, by: int | None, progress: Callable[[float], None] = lambda _share: None
) -> Programme:
    """Store the programme with a first version of each item, without members. `progress` gets the share done."""
    with writing():
        programme = store_draft(draft, by=by)
        item_ids = items_of(programme.frame)
        for number, item_id in enumerate(item_ids):
            progress(0.5 + number / len(item_ids) / 2)
            if db.session.get_one(Item, item_id).deleted_at is None:
                record_version(item_id, IMPORT, by=by)
        return programme


def make_coordinator(partnership: Partnership, person: Person, side: str) -> None:
    """Make the user coordinator of that side, for its first municipality."""
    municipality = next(each for each in partnership.municipalities if each.side == side)
    add_member(partnership, person, side=side, role="coordinator", municipality=municipality, by=person)


def export_programme(programme: Programme, *, history: bool = True) -> dict[str, Any]:
    """The programme in the exchange format, by default with its versions and editions."""
    file = write_programme(load_draft(programme), write_threads(programme))
    history_json = write_history(programme) if history else None
    return {**file, "history": history_json} if history_json else file


def export_bytes(programme: Programme, *, history: bool = True) -> bytes:
    """The file's bytes."""
    return to_bytes(export_programme(programme, history=history))
