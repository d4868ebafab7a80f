"""Random edits of everything that pages of a programme show, by members of all roles, from a seed."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from klimawerk.accounts import service as accounts
from klimawerk.accounts.models import Person
from klimawerk.collab.rich_text import from_plain_text
from klimawerk.collab.storage import document_store, projection
from klimawerk.comments import service as comments
from klimawerk.comments.models import Thread
from klimawerk.comments.service import CommentInput, ThreadSubject
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.goals.service import create_goal, goals_of, move_goal
from klimawerk.measures.models import Measure
from klimawerk.measures.service import all_measures, create_measure, move_measure
from klimawerk.overview import recycle_bin
from klimawerk.partnerships import members
from klimawerk.partnerships import service as partnerships
from klimawerk.partnerships.access import Member, member_of
from klimawerk.partnerships.service import MunicipalityInput
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import set_languages, set_rate
from klimawerk.sheets import lock_service, rows
from klimawerk.sheets.models import EditLock, Item, Row
from klimawerk.sheets.service import FieldRef, conflicts_of, set_value, settle_conflict
from klimawerk.sheets.update_lock import ItemDeleted, ItemLocked
from tests.factories import Team

FIELDS: dict[str, dict[str, tuple[Any, ...]]] = {
    "measure": {
        "planning_state": ("draft", "under_discussion", None),
        "priority": ("high", "low", None),
        "lead_side": ("de", "partner", None),
        "period_start": ("2026", "2027-03", "2031-05", None),
        "period_end": ("2026-01", "2028-12", None),
        "no_cost": (True, None),
    },
    "goal": {"target_date": ("2024", "2027-05", None)},
    "programme": {"period_start": ("2026-01", "2029", None), "period_end": ("2027-12", "2031", None)},
}
ROWS: dict[str, dict[str, Any]] = {
    "costs": {"category": "equipment", "amount": {"amount": "1500.00", "currency": "EUR"}},
    "funding": {"source": "own_partner", "amount": {"amount": "800.00", "currency": "GHS"}},
    "steps": {"text.en": "One more step", "due": "2035-01", "side": "de"},
}
REFUSALS = (ItemLocked, ItemDeleted)


class RandomEdits:
    """`edit()` makes one edit and returns what it was. What a lock refuses counts as made."""

    def __init__(self, team: Team, programme: Programme, seed: int) -> None:
        self.team, self.programme = team, programme
        self.random = random.Random(seed)
        self._edits: list[Callable[[], object]] = [
            self.set_field, self.set_field, self.planning_state, self.conflict, self.settle, self.code, self.title,
            self.description, self.add_row, self.add_row, self.cell, self.drop_row, self.move, self.create, self.bin,
            self.back, self.open_thread, self.open_thread, self.resolve, self.lock, self.unlock, self.languages,
            self.rate, self.person, self.town, self.role, self.field_of_action,
        ]  # fmt: skip

    def edit(self) -> str:
        db.session.rollback()
        db.session.expire_all()
        what = self.random.choice(self._edits)
        try:
            what()
        except REFUSALS:
            db.session.rollback()
        return what.__name__

    def set_field(self) -> None:
        item = self._item()
        key = self.random.choice(list(FIELDS[item.kind]))
        ref = FieldRef(item, key)
        set_value(ref, self.random.choice(FIELDS[item.kind][key]), based_on=ref.rev, by=self._writer())

    def planning_state(self) -> None:
        ref = FieldRef(self._measure(), "planning_state")
        set_value(ref, self.random.choice(FIELDS["measure"][ref.key]), based_on=ref.rev, by=self._writer())

    def conflict(self) -> None:
        ref = FieldRef(self._measure(), "priority")
        set_value(ref, self.random.choice(("high", "low", "medium")), based_on=ref.rev - 1, by=self._writer())

    def settle(self) -> None:
        measure = self._measure()
        for (row, key), conflict in conflicts_of(measure).items():
            if row is None:
                settle_conflict(conflict, FieldRef(measure, key), take=self._coin(), by=self._writer())

    def code(self) -> None:
        ref = FieldRef(self._measure(), "code")
        set_value(ref, f"X-{self.random.randrange(10**6)}", based_on=ref.rev, by=self._writer())

    def title(self) -> None:
        self._text(self._item(), "title")

    def description(self) -> None:
        self._text(self._measure(), "description")

    def add_row(self) -> None:
        kind = self.random.choice(list(ROWS))
        rows.append_row(self._measure(), kind, dict(ROWS[kind]), by=self._writer())

    def cell(self) -> None:
        if row := self._row():
            ref = FieldRef(self._owner(row), "amount", row)
            amount = {"amount": f"{self.random.randrange(9_000)}.00", "currency": self.random.choice(("EUR", "GHS"))}
            set_value(ref, amount, based_on=ref.rev, by=self._writer())

    def drop_row(self) -> None:
        if row := self._row():
            rows.delete_row(self._owner(row), row, by=self._writer())

    def move(self) -> None:
        measure, goals = self._measure(), goals_of(self.programme)
        if self._coin():
            move_goal(self.programme, self.random.choice(goals), step="up", by=self._writer())
        else:
            move_measure(measure, self.random.choice(goals), step="down", by=self._writer())

    def create(self) -> None:
        if self._coin():
            create_goal(self.programme, by=self._writer())
        else:
            create_measure(self.random.choice(goals_of(self.programme)), by=self._writer())

    def bin(self) -> None:
        measures = all_measures(self.programme)
        if len(measures) > 2:
            newest = max(measures, key=lambda measure: measure.id)  # never the first, whose page is read
            recycle_bin.delete_item(newest, by=self._writer())

    def back(self) -> None:
        for item in recycle_bin.deleted_items(self.programme)[:1]:
            recycle_bin.restore_item(item, by=self._writer())

    def open_thread(self) -> None:
        by = self._member(self.random.choice(self.team.everybody()))
        if by is None or by.role == "observer":
            return
        side = by.side if by.side != "neutral" and self._coin() else ""
        comments.open_thread(
            self._item(),
            CommentInput("Why?", "en", str(uuid.UUID(int=self.random.getrandbits(128)))),
            kind="question",
            side=side,
            subject=ThreadSubject(),
            by=by,
        )

    def resolve(self) -> None:
        threads = db.session.scalars(select(Thread).where(Thread.resolved_at.is_(None)).order_by(Thread.id)).all()
        by = self._member(self.team.moderator)
        if threads and by:
            comments.resolve(self.random.choice(threads), "Settled.", by=by)

    def lock(self) -> None:
        holder = lock_service.person_holder(self.team.moderator.id)
        lock_service.lock(self._item(), self.random.choice(("", "We vote")), holder)

    def unlock(self) -> None:
        for lock in db.session.scalars(select(EditLock).order_by(EditLock.id)).all():
            lock_service.end_lock(lock.item, lock.id)

    def languages(self) -> None:
        some = self.random.choice((["de", "en"], ["en"], ["en", "fr", "de"]))
        set_languages(self.programme, languages=some, lead=self.random.choice(some), by=None)

    def rate(self) -> None:
        set_rate(self.programme, rate=Decimal(self.random.randrange(9, 15)), on=date(2026, 11, 2), by=None)

    def person(self) -> None:
        who = self.random.choice(self.team.everybody())
        zone = self.random.choice(("Europe/Berlin", "Africa/Accra", "Asia/Kolkata"))
        language, name = self.random.choice(("de", "en")), f"Renamed {self.random.randrange(99)}"
        accounts.change_profile(who, name=name, language=language, timezone=zone)

    def town(self) -> None:
        town = self.random.choice(self.team.partnership.municipalities)
        name = MunicipalityInput(f"Town {self.random.randrange(99)}", town.country, town.timezone, town.language)
        partnerships.change_municipality(town, name, by=self.team.de["coordinator"])

    def role(self) -> None:
        side = self.random.choice((self.team.de, self.team.partner))
        changing, changed = self._member(side["coordinator"]), self._member(side["reviewer"])
        if changing is None or changed is None:
            return
        membership = changed.membership
        members.change_membership(
            changing,
            membership.id,
            role=self.random.choice(("editor", "reviewer", "observer")),
            municipality_id=membership.municipality_id,
            from_date=membership.from_date,
            to_date=None,
        )

    def field_of_action(self) -> None:
        """Another name of the programme's field of action, which is a row of the programme."""
        for row in rows.rows_of(self.programme).get("fields", [])[:1]:
            ref = FieldRef(self.programme, "title.en", row)
            set_value(ref, f"Field {self.random.randrange(99)}", based_on=ref.rev, by=self._writer())

    def _text(self, item: Item, kind: str) -> None:
        language = self.random.choice(item.frame.languages)
        words = f"<Words> & “more” {self.random.randrange(10**6)}"
        with writing():
            document_store.merge_contents(item.name, {f"{kind}.{language}": from_plain_text(words)})
        projection.project_now(item.name)

    def _item(self) -> Item:
        some: list[Item] = [self.programme, *goals_of(self.programme), *all_measures(self.programme)]
        return self.random.choice(some)

    def _measure(self) -> Measure:
        return self.random.choice(all_measures(self.programme)[:2])

    def _row(self) -> Row | None:
        listed = rows.rows_of_all([measure.id for measure in all_measures(self.programme)])
        costs = [row for kinds in listed.values() for row in kinds.get("costs", [])]
        return self.random.choice(costs) if costs else None

    def _owner(self, row: Row) -> Item:
        return db.session.get_one(Item, row.item_id)

    def _writer(self) -> int:
        side = self.random.choice((self.team.de, self.team.partner))
        return side[self.random.choice(("coordinator", "editor"))].id

    def _member(self, person: Person) -> Member | None:
        return member_of(db.session.get_one(Person, person.id), self.team.partnership.id)

    def _coin(self) -> bool:
        return self.random.random() < 0.5


def goal_of(programme: Programme) -> Goal:
    return goals_of(programme)[0]
