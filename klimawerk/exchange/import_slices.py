"""Copies the rows that a job has prepared into the database, in slices of some milliseconds.

Nobody can see a programme while it is arriving: its partnership has no member until the last slice, and its frame names
the job that stores it (`arriving`), so that everything that works without a user (search, versions, the operator's
commands) leaves it out. The last slice removes the mark and makes the owner a member, in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, cast

from flask import current_app
from flask_babel import lazy_gettext as _
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    Table,
    case,
    create_engine,
    delete,
    func,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from klimawerk import safe_json
from klimawerk.accounts.models import Person
from klimawerk.clock import now
from klimawerk.collab.models import Document, LiveText
from klimawerk.comments.models import Comment, Thread
from klimawerk.comments.topics import ALL_SIDES
from klimawerk.database import after_commit
from klimawerk.editions.models import Edition, EditionPart
from klimawerk.exchange.history_draft import HistoryKeys
from klimawerk.exchange.import_preview import localised_message
from klimawerk.exchange.import_problems import FilePosition, ImportProblem, ImportRefused
from klimawerk.exchange.import_steps import NAMES, ROWS
from klimawerk.exchange.service import make_coordinator, refuse_known
from klimawerk.extensions import Model, db
from klimawerk.goals.models import Goal
from klimawerk.jobs.job_kinds import BeginStoring
from klimawerk.jobs.models import DONE, Job
from klimawerk.jobs.states import folder_of
from klimawerk.jobs.storing import ClaimLost, StoreClaim, StoreRefused, in_slices
from klimawerk.live.changes import note
from klimawerk.live.models import Topic
from klimawerk.measures.models import Measure
from klimawerk.partnerships import refusals
from klimawerk.partnerships.models import Municipality, Partnership
from klimawerk.programmes.models import Programme
from klimawerk.search import index
from klimawerk.sheets.models import Frame, Item, Row
from klimawerk.versions.models import Version, VersionPart
from klimawerk.versions.part_store import part_removals

IMPORTED_MODELS: tuple[type[Model], ...] = (
    Partnership, Municipality, Frame, Item, Programme, Goal, Measure, Row, Document, LiveText, Topic, Version,
    Edition, EditionPart, Thread, Comment, VersionPart,
)  # fmt: skip
"""Every table that an import fills; referenced tables come first. Parts of versions come after the versions: each
stored part is then named by a version, and can be found when the import has to be removed."""

_NAMED_BY_ITEM = {"document", "topic"}  # "<kind>:<item id>"
_SHARED_TABLES = {"topic", "version_part"}  # an existing row stays
_TOPIC_KINDS = ("versions", *(f"{kind}-{side}" for kind in ("comments", "talks") for side in ALL_SIDES))
PIECE_ROWS, PIECE_BYTES = 40, 60_000  # at most, for one piece of a slice
Values = dict[str, Any]


def import_job_rows(job: Job, claim: StoreClaim) -> None:
    """Store all rows that the runner has prepared for the job. Raises StoreRefused, ClaimLost."""
    folder = folder_of(job)
    try:
        import_rows(folder, None if job.asked.get("copy") else history_keys(folder), job, claim)
    except (ImportRefused, refusals.ActionRefused, IntegrityError) as error:
        db.session.rollback()
        raise StoreRefused(
            asdict(localised_message(_problem(error), current_app.extensions["klimawerk"].languages))
        ) from error


def import_rows(folder: Path, keys: HistoryKeys | None, job: Job, claim: StoreClaim) -> int:
    """Store all rows of that folder in slices; returns the programme's id. The last slice makes the programme visible.

    Raises ImportRefused, ActionRefused, IntegrityError if another import was faster, and ClaimLost.
    """
    if not (folder / ROWS).exists():
        raise ClaimLost(job.key)  # cancelled since it was claimed
    engine = create_engine(f"sqlite:///{folder / ROWS}")
    try:
        refuse_known(keys)
        with engine.connect() as rows:
            copier = _RowCopier(rows, job.key)
            in_slices(copier.pieces(), lambda: claim.slice(progress=copier.percent))
            programme_id = copier.programme
        items = list(copier.new["item"].values())
        with claim.slice(state=DONE, progress=100, changed_at=now(), result={"programme": programme_id}) as session:
            _reveal(session, programme_id, job)
            after_commit(lambda: index.reindex_later(items))
        return programme_id
    finally:
        engine.dispose()


def _problem(error: Exception) -> ImportProblem:
    if isinstance(error, ImportRefused):
        return error.problem
    if isinstance(error, refusals.ActionRefused):
        return ImportProblem(FilePosition(), str(error))
    return ImportProblem(FilePosition(), _("Somebody else has imported a part of this file at the same moment."))


def history_keys(folder: Path) -> HistoryKeys | None:
    """The identities in the file's history; None for a file without history."""
    try:
        return HistoryKeys.from_json(safe_json.loads((folder / NAMES).read_bytes()))
    except FileNotFoundError:
        return None


def remove_arriving(key: str, begin: BeginStoring) -> None:
    """Remove what is stored of that job and not visible yet, in slices.

    `begin` begins a transaction in which no process stores more of it; it raises ClaimLost if one does.
    """
    for frame_id, partnership_id in db.session.execute(
        select(Frame.id, Frame.partnership_id).where(Frame.arriving == key)
    ):
        in_slices(removal_pieces(frame_id, partnership_id), begin)


def abandoned_keys() -> set[str]:
    """Keys of the jobs of which partly stored data exists."""
    return {key for key in db.session.scalars(select(Frame.arriving).where(Frame.arriving.is_not(None))) if key}


class _RowCopier:
    """Copies the rows of a job's database with new ids. `new`: {table: {old id: new id}}."""

    def __init__(self, rows: Connection, key: str) -> None:
        self._rows, self._key = rows, key
        self._total = sum(rows.scalar(select(func.count()).select_from(model)) or 0 for model in IMPORTED_MODELS)
        self._done = 0
        self._related: list[tuple[int, Values]] = []
        self.new: dict[str, dict[int, int]] = {model.__tablename__: {} for model in IMPORTED_MODELS}

    @property
    def percent(self) -> int:
        """Percent of the rows that are copied."""
        return 100 * self._done // max(1, self._total)

    @property
    def programme(self) -> int:
        """Id of the programme, once it is copied."""
        return self.new["item"][self._rows.execute(select(cast(Table, Programme.__table__).c.id)).scalar_one()]

    def pieces(self) -> Iterator[Callable[[Session], None]]:
        """All pieces of work in order; each takes some milliseconds."""
        tables = [cast(Table, model.__table__) for model in IMPORTED_MODELS]
        yield partial(self._begin, tables[:3])
        for table in tables[3:]:
            for batch in self._batches(table):
                yield partial(self._put, table, batch)
        for number, values in self._related:
            yield partial(self._relate, number, values)

    def _begin(self, tables: list[Table], session: Session) -> None:
        """The partnership, its municipalities and the marked frame in one piece: no unmarked data ever exists."""
        for table in tables:
            for batch in self._batches(table):
                self._put(table, batch, session)

    def _batches(self, table: Table) -> Iterator[list[Values]]:
        batch: list[Values] = []
        size = 0
        for row in self._rows.execute(select(table).execution_options(yield_per=PIECE_ROWS)).mappings():
            batch.append(dict(row))
            size += sum(len(value) for value in row.values() if isinstance(value, str | bytes | dict | list))
            if len(batch) == PIECE_ROWS or size > PIECE_BYTES:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    def _put(self, table: Table, batch: list[Values], session: Session) -> None:
        rows = [self._with_new_ids(table, row) for row in batch]
        if table.name in _SHARED_TABLES:
            session.execute(_insert_unless_present(session, table), rows)
        elif table in _REFERRED_TO:
            old_ids = [row["id"] for row in batch]
            statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
            self.new[table.name].update(zip(old_ids, session.execute(statement, rows).scalars(), strict=True))
        else:
            session.execute(insert(table), rows)
        self._done += len(rows)

    def _with_new_ids(self, table: Table, row: Values) -> Values:
        """The row with the ids of this database."""
        new_values = {column: self._new_id(column, row[column.name]) for column in table.columns}
        values = {column.name: value for column, value in new_values.items()}
        if _has_serial_id(table):
            del values["id"]
        if table.name in _NAMED_BY_ITEM:
            kind, _colon, number = row["name"].partition(":")
            values["name"] = f"{kind}:{self.new['item'][int(number)]}"
        if table.name == "frame":
            values["arriving"] = self._key
        if table.name == "item" and "related" in row["values"]:
            self._related.append((row["id"], row["values"]))
        return values

    def _new_id(self, column: Column[Any], value: Any) -> Any:
        """Follow a reference ("measure.goal_id" -> "goal.id" -> "item.id") to the table whose ids were assigned."""
        if value is None or not column.foreign_keys:
            return value
        while column.foreign_keys:
            column = next(iter(column.foreign_keys)).column
        return self.new[column.table.name][value] if column.table.name in self.new else value

    def _relate(self, number: int, values: Values, session: Session) -> None:
        """Set the references to measures, when all of them are stored."""
        related = [self.new["item"][related_id] for related_id in values["related"]]
        item = cast(Table, Item.__table__)
        statement = update(item).where(item.c.id == self.new["item"][number])
        session.execute(statement.values(values={**values, "related": related}))


def _has_serial_id(table: Table) -> bool:
    """Whether the database assigns the ids of this table."""
    key = table.columns.get("id")
    return key is not None and isinstance(key.type, Integer) and not key.foreign_keys


_REFERRED_TO = {key.column.table for model in IMPORTED_MODELS for key in cast(Table, model.__table__).foreign_keys}


def _insert_unless_present(session: Session, table: Table) -> Any:
    """Insert that keeps an existing row. The topic of a removed item may exist: its revision never decreases."""
    statement = (sqlite if session.get_bind().dialect.name == "sqlite" else postgresql).insert(table)
    if table.name != "topic":
        return statement.on_conflict_do_nothing()
    greater_rev = case((table.c.rev > statement.excluded.rev, table.c.rev), else_=statement.excluded.rev)
    return statement.on_conflict_do_update(index_elements=["name"], set_={"rev": greater_rev})


def _reveal(session: Session, programme_id: int, job: Job) -> None:
    """Make the programme visible: it becomes a programme like any other."""
    programme = session.get_one(Programme, programme_id)
    note(programme.name)
    owner = session.get(Person, job.person_id) if job.person_id else None
    if owner:
        make_coordinator(programme.frame.partnership, owner, job.asked["side"])
    programme.frame.arriving = None  # last: no one has its documents open, so no rights are checked


def removal_pieces(frame_id: int, partnership_id: int) -> Iterator[Callable[[Session], None]]:
    """Pieces that remove everything of a frame; dependent rows first, so that no deletion cascades far."""
    yield from part_removals(frame_id)
    items = list(db.session.execute(select(Item.id, Item.kind).where(Item.frame_id == frame_id)).all())
    for item_id, kind in items:
        threads = select(Thread.id).where(Thread.item_id == item_id)
        versions = select(Version.id).where(Version.item_id == item_id)
        documents = select(Document.id).where(Document.name == f"{kind}:{item_id}")
        yield from _deletions(Comment, Comment.thread_id.in_(threads))
        yield from _deletions(Thread, Thread.item_id == item_id)
        yield from _deletions(EditionPart, EditionPart.version_id.in_(versions))
        yield from _deletions(Version, Version.item_id == item_id)
        yield from _deletions(Row, Row.item_id == item_id)
        yield from _deletions(LiveText, LiveText.document_id.in_(documents))
        yield from _deletions(Document, Document.id.in_(documents))
        yield from _deletions(
            Topic, Topic.name.in_([f"{topic_kind}:{item_id}" for topic_kind in (kind, *_TOPIC_KINDS)])
        )
    ids = select(Item.id).where(Item.frame_id == frame_id)
    yield from _deletions(Edition, Edition.programme_id.in_(ids))
    for model in (Measure, Goal, Programme):
        table = cast(Table, model.__table__)
        yield from _deletions(table, table.c.id.in_(ids))
    yield from _deletions(cast(Table, Item.__table__), Item.frame_id == frame_id)
    yield partial(_delete_rows, cast(Table, Partnership.__table__), Partnership.id == partnership_id)


def _deletions(source: Any, condition: ColumnElement[bool]) -> Iterator[Callable[[Session], None]]:
    table: Table = getattr(source, "__table__", source)
    key = next(iter(table.primary_key.columns)) if len(table.primary_key) == 1 else None
    while rows := db.session.execute(select(*table.primary_key.columns).where(condition).limit(PIECE_ROWS)).all():
        keys = [tuple(row) for row in rows]
        batch = (
            key.in_([values[0] for values in keys]) if key is not None else tuple_(*table.primary_key.columns).in_(keys)
        )
        yield partial(_delete_rows, table, batch)


def _delete_rows(table: Table, condition: ColumnElement[bool], session: Session) -> None:
    session.execute(delete(table).where(condition))
