"""Concurrent requests to one sheet, for every POST route: the second request respects what the first one changed.

The cases are compared with the app's routes, so a new route without a case fails.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from klimawerk.collab.rich_text import from_plain_text
from klimawerk.collab.storage import document_store
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.goals.service import create_goal, goals_of
from klimawerk.measures.models import Measure
from klimawerk.measures.service import all_measures
from klimawerk.overview.recycle_bin import delete_item
from klimawerk.partnerships import joint_requests
from klimawerk.partnerships.access import member_of
from klimawerk.programmes.models import Programme
from klimawerk.sheets.items import lock_item
from klimawerk.sheets.models import Conflict, Item, Row
from klimawerk.sheets.rows import append_row, delete_row, rows_of
from klimawerk.sheets.service import FieldRef, set_value
from tests import factories
from tests.factories import Team
from tests.sheets.concurrent_requests import ConcurrentServer, Data, HttpAnswer, Processes, Request, Threads

BLUEPRINTS = ("sheets", "goals", "measures", "overview")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def any_database(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_address"))


@pytest.fixture
def team(app: Flask) -> Team:
    return factories.partnership()


@pytest.fixture
def server(any_database: str, app: Flask, tmp_path: Path) -> Iterator[ConcurrentServer]:
    if any_database.startswith("sqlite"):
        yield Threads(app)
        return
    processes = Processes(tmp_path, any_database)
    yield processes
    processes.close()
    assert "Traceback" not in processes.log()


class ProgrammeSetup:
    """A new programme with a goal Z1 (WA-01 with three steps, WA-02) and an empty goal Z2, and users of it."""

    def __init__(self, server: ConcurrentServer, team: Team) -> None:
        self.server, self.team = server, team
        self.programme: Programme = factories.programme(team)
        self.other_goal = create_goal(self.programme, texts={"title.en": from_plain_text("Second")}, by=None)
        self.measure = factories.measure(self.programme)
        self.rows = [append_row(self.measure, "steps", {"text.en": name}, by=None) for name in "AB"]
        self.jan, self.akosua, self.chair = team.de["editor"], team.partner["editor"], team.moderator
        self.new_row = str(uuid.uuid4())

    @property
    def goal(self) -> Goal:
        return db.session.get_one(Goal, self.measure.goal_id)

    def state(self) -> dict[str, Any]:
        """The stored contents of the programme, except locks and whether items are deleted."""
        db.session.rollback()
        db.session.expire_all()
        items = db.session.query(Item).filter_by(frame_id=self.programme.frame_id).order_by(Item.id)
        contents: dict[str, Any] = {}
        for item in items:
            goal = item.goal_id if isinstance(item, Measure) else None
            revs = {key: rev for key, rev in item.revs.items() if key not in ("order", "outline")}
            contents[item.name] = (item.code, item.order_key, item.values, revs, item.writing_language, goal)
        for row in db.session.query(Row).join(Item, Item.id == Row.item_id).filter_by(frame_id=self.programme.frame_id):
            contents[row.id] = (row.order_key, row.cells, row.revs, row.deleted_at)
        contents["conflicts"] = db.session.query(Conflict).filter_by(item_id=self.measure.id).count()
        return contents

    def reopen(self) -> None:
        """Unlock and restore all items."""
        with writing():
            items = db.session.query(Item).filter_by(frame_id=self.programme.frame_id).all()
            for item in items:
                item.deleted_at = None
            document_store.open_documents([item.name for item in items])
            document_store.mark_restored([item.name for item in items])

    def cross(self, first: Request, second: Request) -> tuple[HttpAnswer, HttpAnswer]:
        db.session.rollback()
        return self.server.cross(first, second)


RequestBuilder = Callable[[ProgrammeSetup], tuple[str, dict[str, object]]]


@dataclass(frozen=True)
class RouteCase:
    """A POST route. `request`: its path and data. `target`: the item it changes. `prepare`: runs before it.

    `statuses`: of two concurrent requests; `check`: what holds afterwards. `status_if_deleted`: after the target was
    deleted. `allowed_if_locked`: whether the route works while the item is locked (lock, unlock).
    """

    request: RequestBuilder
    target: Callable[[ProgrammeSetup], Item]
    check: Callable[[ProgrammeSetup], bool]
    statuses: tuple[int, ...] = (200, 200)
    status_if_deleted: int = 404
    prepare: Callable[[ProgrammeSetup], None] | None = None
    allowed_if_locked: bool = False


def _measure(setup: ProgrammeSetup) -> Item:
    return setup.measure


def _value(setup: ProgrammeSetup, path: str, rev: int, *values: str) -> tuple[str, dict[str, object]]:
    """Path and data for a field, with the next of `values` at each call."""
    calls = setup.__dict__.setdefault("turn", [])
    calls.append(path)
    return path, {"value": values[(len(calls) - 1) % len(values)], "rev": str(rev)}


def _create_conflict(setup: ProgrammeSetup) -> None:
    field = FieldRef(setup.measure, "period_end")
    set_value(field, "2029-05", based_on=0, by=setup.jan.id)
    set_value(field, "2029-06", based_on=0, by=setup.akosua.id)


def _conflict(setup: ProgrammeSetup) -> Conflict:
    return db.session.query(Conflict).filter_by(item_id=setup.measure.id).one()


def _codes(setup: ProgrammeSetup, kind: str) -> list[str]:
    items = goals_of(setup.programme) if kind == "goal" else all_measures(setup.programme)
    return sorted(item.code for item in items)


def _row(setup: ProgrammeSetup, number: int) -> Row:
    return db.session.get_one(Row, setup.rows[number].id, populate_existing=True)


CASES: dict[str, RouteCase] = {
    "sheets.set_field": RouteCase(
        lambda s: _value(s, f"/items/{s.measure.id}/fields/priority", s.measure.revs["priority"], "low", "medium"),
        _measure,
        lambda s: _conflict(s).field == "priority",
        statuses=(200, 409),
        status_if_deleted=409,
    ),
    "sheets.set_cell": RouteCase(
        lambda s: _value(s, f"/rows/{s.rows[0].id}/cells/text.en", s.rows[0].revs["text.en"], "one", "other"),
        _measure,
        lambda s: _conflict(s).row_id == s.rows[0].id and _row(s, 0).cells["text.en"] == "one",
        statuses=(200, 409),
        status_if_deleted=409,
    ),
    "sheets.add_row": RouteCase(
        lambda s: (f"/items/{s.measure.id}/rows/costs", {"id": s.new_row}),
        _measure,
        lambda s: [row.id for row in rows_of(s.measure)["costs"]][1:] == [s.new_row],
    ),
    "sheets.move_row": RouteCase(
        lambda s: (f"/rows/{s.rows[1].id}/move", {"step": "up"}),
        _measure,
        lambda s: rows_of(s.measure)["steps"][0].id == s.rows[1].id,
    ),
    "sheets.delete_row": RouteCase(
        lambda s: (f"/rows/{s.rows[0].id}/delete", {}),
        _measure,
        lambda s: _row(s, 0).deleted_by == s.jan.id,
    ),
    "sheets.restore_row": RouteCase(
        lambda s: (f"/rows/{s.rows[0].id}/restore", {}),
        _measure,
        lambda s: _row(s, 0).deleted_at is None,
        prepare=lambda s: delete_row(s.measure, s.rows[0], by=s.jan.id),
    ),
    "sheets.settle": RouteCase(
        lambda s: (f"/conflicts/{_conflict(s).id}", {"take": "1"}),
        _measure,
        lambda s: s.measure.values["period_end"] == "2029-06" and s.state()["conflicts"] == 0,
        prepare=_create_conflict,
    ),
    "sheets.set_writing_language": RouteCase(
        lambda s: (f"/items/{s.measure.id}/writing", {"language": "de"}),
        _measure,
        lambda s: s.measure.writing_language == "de",
    ),
    "sheets.lock": RouteCase(
        lambda s: (f"/items/{s.measure.id}/lock", {"reason": "We vote"}),
        _measure,
        lambda s: document_store.is_locked(s.measure.name),
        statuses=(204, 204),
        allowed_if_locked=True,
    ),
    "sheets.unlock": RouteCase(
        lambda s: (f"/items/{s.measure.id}/unlock", {}),
        _measure,
        lambda s: not document_store.is_locked(s.measure.name),
        statuses=(204, 204),
        allowed_if_locked=True,
    ),
    "goals.create": RouteCase(
        lambda s: (f"/programmes/{s.programme.id}/goals", {}),
        lambda s: s.programme,
        lambda s: _codes(s, "goal") == ["Z1", "Z2", "Z3", "Z4"],
        statuses=(303, 303),
    ),
    "goals.move": RouteCase(
        lambda s: (f"/goals/{s.other_goal.id}/move", {"step": "up"}),
        lambda s: s.other_goal,
        lambda s: [goal.code for goal in goals_of(s.programme)] == ["Z2", "Z1"],
        statuses=(303, 303),
    ),
    "measures.create": RouteCase(
        lambda s: (f"/goals/{s.measure.goal_id}/measures", {}),
        lambda s: s.goal,
        lambda s: _codes(s, "measure") == ["WA-01", "WA-02", "WA-03", "WA-04"],
        statuses=(303, 303),
    ),
    "measures.create_first": RouteCase(
        lambda s: (f"/programmes/{s.programme.id}/measures", {}),
        lambda s: s.programme,
        lambda s: _codes(s, "goal") == ["Z1", "Z2"] and _codes(s, "measure") == ["WA-01", "WA-02", "WA-03", "WA-04"],
        statuses=(303, 303),
    ),
    "measures.move": RouteCase(
        lambda s: (f"/measures/{s.measure.id}/move", {"goal": str(s.other_goal.id)}),
        _measure,
        lambda s: s.measure.goal_id == s.other_goal.id,
        statuses=(303, 303),
    ),
    "overview.delete": RouteCase(
        lambda s: (f"/items/{s.measure.id}/delete", {}),
        _measure,
        lambda s: s.measure.deleted_by == s.jan.id,
        statuses=(303, 303),
        status_if_deleted=303,
    ),
    "overview.restore": RouteCase(
        lambda s: (f"/items/{s.measure.id}/restore", {}),
        lambda s: s.programme,
        lambda s: s.measure.deleted_at is None,
        statuses=(303, 303),
        status_if_deleted=409,
        prepare=lambda s: delete_item(s.measure, by=s.jan.id),
        allowed_if_locked=True,
    ),
}


def test_every_verb_of_a_sheet_has_its_scene(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    assert {rule.endpoint for rule in rules if rule.endpoint.partition(".")[0] in BLUEPRINTS} == set(CASES)


def _request(setup: ProgrammeSetup, name: str, user: Any) -> Request:
    if name in ("sheets.lock", "sheets.unlock"):
        user = setup.team.partner["coordinator"] if user is setup.akosua else setup.team.de["coordinator"]
    return Request(user, *CASES[name].request(setup))


def test_two_do_the_same_at_the_same_moment(server: ConcurrentServer, team: Team) -> None:
    for name, case in CASES.items():
        setup = ProgrammeSetup(server, team)
        if case.prepare:
            case.prepare(setup)
        answers = setup.cross(_request(setup, name, setup.jan), _request(setup, name, setup.akosua))
        setup.state()
        assert tuple(answer.status for answer in answers) == case.statuses, (name, answers)
        assert case.check(setup), name


def test_what_is_closed_meanwhile_is_not_changed(server: ConcurrentServer, team: Team) -> None:
    setup = ProgrammeSetup(server, team)
    for name, case in sorted(CASES.items(), key=lambda entry: entry[1].prepare is not None):
        if case.allowed_if_locked:
            continue
        if case.prepare:
            case.prepare(setup)
        before = setup.state()
        target = case.target(setup)
        closing = Request(setup.chair, f"/items/{target.id}/lock", {"reason": "We vote"})
        closed, answer = setup.cross(closing, _request(setup, name, setup.akosua))
        assert (closed.status, answer.status) == (204, 423), (name, answer)
        assert setup.state() == before, name
        assert target.deleted_at is None, name
        setup.reopen()


def test_what_is_deleted_meanwhile_is_not_changed(server: ConcurrentServer, team: Team) -> None:
    setup = ProgrammeSetup(server, team)
    for name, case in sorted(CASES.items(), key=lambda entry: entry[1].prepare is not None):
        if case.prepare:
            case.prepare(setup)
        before = setup.state()
        deleting = _deletion(setup, case.target(setup))
        deleted, answer = setup.cross(deleting, _request(setup, name, setup.akosua))
        assert deleted.status in (302, 303), (name, deleted)
        assert answer.status == case.status_if_deleted, (name, answer)
        assert setup.state() == before, name
        assert case.target(setup).deleted_at is not None, name
        setup.reopen()


def _deletion(setup: ProgrammeSetup, item: Item) -> Request:
    """The request that deletes the item; for a programme, the confirmation of the joint decision."""
    if not isinstance(item, Programme):
        return Request(setup.jan, f"/items/{item.id}/delete", {})
    member = member_of(setup.team.partner["coordinator"], setup.team.partnership.id)
    assert member
    joint_request = joint_requests.ask_other_side(member, "delete", {}, programme_id=item.id)
    at = f"/partnerships/{setup.team.partnership.id}/joint/{joint_request.id}"
    return Request(setup.team.de["coordinator"], f"{at}/confirm", {})


def test_two_measures_get_one_code_from_one_of_two_people(server: ConcurrentServer, team: Team) -> None:
    setup = ProgrammeSetup(server, team)
    paths = [f"/items/{factories.measure(setup.programme, code).id}/fields/code" for code in ("WA-01", "WA-02")]
    data: dict[str, object] = {"value": "WA-07", "rev": "0"}
    first, second = setup.cross(Request(setup.jan, paths[0], data), Request(setup.akosua, paths[1], data))
    assert (first.status, second.status) == (200, 422)
    assert "WA-07" in second.text
    setup.state()
    assert _codes(setup, "measure") == ["WA-02", "WA-07"]


@pytest.mark.slow
def test_a_new_measure_takes_another_code_than_one_that_is_given_at_that_moment(
    server: ConcurrentServer, team: Team
) -> None:
    setup = ProgrammeSetup(server, team)
    giving = Request(setup.jan, f"/items/{setup.measure.id}/fields/code", {"value": "WA-03", "rev": "0"})
    making = Request(setup.akosua, f"/goals/{setup.measure.goal_id}/measures", {})
    assert [answer.status for answer in setup.cross(giving, making)] == [200, 303]
    setup.state()
    assert _codes(setup, "measure") == ["WA-02", "WA-03", "WA-04"]


@pytest.mark.slow
def test_a_conflict_about_a_code_is_settled_only_with_one_that_is_free(server: ConcurrentServer, team: Team) -> None:
    setup = ProgrammeSetup(server, team)
    code_field = FieldRef(setup.measure, "code")
    set_value(code_field, "WA-08", based_on=0, by=setup.jan.id)
    set_value(code_field, "WA-09", based_on=0, by=setup.akosua.id)
    other = factories.measure(setup.programme, "WA-02")
    taking = Request(setup.jan, f"/items/{other.id}/fields/code", {"value": "WA-09", "rev": "0"})
    settling = Request(setup.akosua, f"/conflicts/{_conflict(setup).id}", {"take": "1"})
    assert [answer.status for answer in setup.cross(taking, settling)] == [200, 422]
    setup.state()
    assert _codes(setup, "measure") == ["WA-08", "WA-09"]


def test_a_fields_revision_never_falls_back(server: ConcurrentServer, team: Team) -> None:
    """Otherwise a stale value sent later would be accepted as based on the newest one."""
    setup = ProgrammeSetup(server, team)
    old = setup.measure.revs["priority"]
    path = f"/items/{setup.measure.id}/fields/priority"
    setting = Request(setup.jan, path, {"value": "low", "rev": str(old)})
    language = Request(setup.akosua, f"/items/{setup.measure.id}/writing", {"language": "de"})
    assert [answer.status for answer in setup.cross(setting, language)] == [200, 200]
    setup.state()
    assert setup.measure.revs["priority"] > old
    stale = server.ask(Request(setup.akosua, path, {"value": "medium", "rev": str(old)}))
    assert stale.status == 409
    setup.state()
    assert setup.measure.values["priority"] == "low"


def test_a_goal_is_not_deleted_with_a_measure_that_is_closed_at_that_moment(
    server: ConcurrentServer, team: Team
) -> None:
    setup = ProgrammeSetup(server, team)
    closing = Request(setup.chair, f"/items/{setup.measure.id}/lock", {"reason": "We vote"})
    deleting = Request(setup.jan, f"/items/{setup.measure.goal_id}/delete", {})
    closed, refused = setup.cross(closing, deleting)
    assert (closed.status, refused.status) == (204, 423)
    assert "WA-01" in refused.text
    setup.state()
    assert setup.goal.deleted_at is None


def test_what_an_editor_deletes_while_both_sides_delete_the_programme_stays_in_the_bin(
    server: ConcurrentServer, team: Team
) -> None:
    setup = ProgrammeSetup(server, team)
    confirming = _deletion(setup, setup.programme)
    deleting = Request(setup.jan, f"/items/{setup.measure.id}/delete", {})
    assert [answer.status for answer in setup.cross(deleting, confirming)] == [303, 302]
    undone = confirming._replace(path=confirming.path.replace("confirm", "undo"))
    assert server.ask(undone).status == 302
    setup.state()
    assert setup.programme.deleted_at is None
    assert setup.goal.deleted_at is None
    assert setup.measure.deleted_at is not None


@pytest.mark.slow
def test_what_is_made_while_both_sides_delete_the_programme_goes_with_it(server: ConcurrentServer, team: Team) -> None:
    setup = ProgrammeSetup(server, team)
    making = Request(setup.jan, f"/goals/{setup.measure.goal_id}/measures", {})
    assert [answer.status for answer in setup.cross(making, _deletion(setup, setup.programme))] == [303, 302]
    setup.state()
    left = db.session.query(Item).filter_by(frame_id=setup.programme.frame_id, deleted_at=None)
    assert left.all() == []


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["delete", "lock"])
def test_nothing_is_moved_under_a_goal_that_is_deleted_or_closed_meanwhile(
    server: ConcurrentServer, team: Team, verb: str
) -> None:
    setup = ProgrammeSetup(server, team)
    before = setup.state()
    first = Request(setup.chair, f"/items/{setup.other_goal.id}/{verb}", {})
    moving = Request(setup.akosua, f"/measures/{setup.measure.id}/move", {"goal": str(setup.other_goal.id)})
    assert setup.cross(first, moving)[1].status == (404 if verb == "delete" else 423)
    assert setup.state() == before


@pytest.mark.slow
def test_a_version_does_not_come_back_into_what_is_closed_meanwhile(server: ConcurrentServer, team: Team) -> None:
    from klimawerk.versions.service import take_version

    setup = ProgrammeSetup(server, team)
    take_version(setup.measure.id, "kept")
    set_value(FieldRef(setup.measure, "priority"), "low", based_on=setup.measure.revs["priority"], by=setup.jan.id)
    before = setup.state()
    closing = Request(setup.chair, f"/items/{setup.measure.id}/lock", {"reason": "We vote"})
    back = Request(setup.akosua, f"/items/{setup.measure.id}/versions/1/restore", {"part": "all"})
    assert [answer.status for answer in setup.cross(closing, back)] == [204, 423]
    assert setup.state() == before


@pytest.mark.slow
def test_two_who_open_a_sheet_for_the_first_time_at_the_same_moment_both_see_it(
    server: ConcurrentServer, team: Team
) -> None:
    """One user in two windows: both store the seen mark."""
    from klimawerk.news.models import SeenMark

    setup = ProgrammeSetup(server, team)
    at = "2026-11-28T10:00:00+00:00"
    seen = Request(setup.jan, "/news/seen", {"item": str(setup.measure.id), "until": at})
    noted = f"INSERT INTO seen (person_id, item_id, at) VALUES ({setup.jan.id}, {setup.measure.id}, now())"
    first, second = server.cross_at(noted, seen, seen) if isinstance(server, Processes) else setup.cross(seen, seen)
    assert (first.status, second.status) == (200, 200)
    assert db.session.query(SeenMark).filter_by(person_id=setup.jan.id, item_id=setup.measure.id).count() == 1


def test_a_measure_is_not_pasted_under_a_closed_goal(app: Flask, team: Team) -> None:
    setup = ProgrammeSetup(Threads(app), team)
    lock_item(setup.goal, "We vote", by="Somebody")
    table: Data = {"table": "Title\tGoal\nNew one\tZ1", "step": "take", "column": ["title", "goal"], "heading": "yes"}
    answer = setup.server.ask(Request(setup.jan, f"/programmes/{setup.programme.id}/paste", table))
    assert answer.status == 423
    assert _codes(setup, "measure") == ["WA-01", "WA-02"]
