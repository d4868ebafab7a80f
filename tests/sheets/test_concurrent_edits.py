"""Two people at one sheet at the same moment, for every verb there is: whoever comes second meets what the first did.

The verbs are those of the routes, so a new one without a scene here is a failure.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from klimawerk.collab import document_store
from klimawerk.collab.rich_text import from_plain_text
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
def house(any_database: str, app: Flask, tmp_path: Path) -> Iterator[ConcurrentServer]:
    if any_database.startswith("sqlite"):
        yield Threads(app)
        return
    processes = Processes(tmp_path, any_database)
    yield processes
    processes.close()
    assert "Traceback" not in processes.log()


class Scene:
    """A programme of its own with a goal Z1 (WA-01 with three steps, WA-02) and an empty goal Z2."""

    def __init__(self, house: ConcurrentServer, team: Team) -> None:
        self.house, self.team = house, team
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
        """All that a person can see of it, but whether it is closed or in the bin."""
        db.session.rollback()
        db.session.expire_all()
        items = db.session.query(Item).filter_by(frame_id=self.programme.frame_id).order_by(Item.id)
        found: dict[str, Any] = {}
        for item in items:
            goal = item.goal_id if isinstance(item, Measure) else None
            revs = {key: rev for key, rev in item.revs.items() if key not in ("order", "outline")}
            found[item.name] = (item.code, item.order_key, item.values, revs, item.writing_language, goal)
        for row in db.session.query(Row).join(Item, Item.id == Row.item_id).filter_by(frame_id=self.programme.frame_id):
            found[row.id] = (row.order_key, row.cells, row.revs, row.deleted_at)
        found["conflicts"] = db.session.query(Conflict).filter_by(item_id=self.measure.id).count()
        return found

    def reopen(self) -> None:
        """Nothing is closed or in the bin any more."""
        with writing():
            items = db.session.query(Item).filter_by(frame_id=self.programme.frame_id).all()
            for item in items:
                item.deleted_at = None
            document_store.open_documents([item.name for item in items])
            document_store.mark_restored([item.name for item in items])

    def cross(self, first: Request, second: Request) -> tuple[HttpAnswer, HttpAnswer]:
        db.session.rollback()
        return self.house.cross(first, second)


Made = Callable[[Scene], tuple[str, dict[str, object]]]


@dataclass(frozen=True)
class Verb:
    """`request`: where it goes and what is sent. `target`: which item it changes. `ready`: what must be there before.

    `twice`: the answers when two do it at the same moment, and what holds afterwards. `late`: the answer to whoever
    comes after the target was deleted. `mends`: it is possible while the item is closed (closing, opening).
    """

    request: Made
    target: Callable[[Scene], Item]
    check: Callable[[Scene], bool]
    twice: tuple[int, ...] = (200, 200)
    late: int = 404
    ready: Callable[[Scene], None] | None = None
    mends: bool = False


def _measure(scene: Scene) -> Item:
    return scene.measure


def _value(scene: Scene, path: str, rev: int, *values: str) -> tuple[str, dict[str, object]]:
    """Another value each time it is asked for."""
    turn = scene.__dict__.setdefault("turn", [])
    turn.append(path)
    return path, {"value": values[(len(turn) - 1) % len(values)], "rev": str(rev)}


def _meet(scene: Scene) -> None:
    """Two values for one field."""
    place = FieldRef(scene.measure, "period_end")
    set_value(place, "2029-05", based_on=0, by=scene.jan.id)
    set_value(place, "2029-06", based_on=0, by=scene.akosua.id)


def _conflict(scene: Scene) -> Conflict:
    return db.session.query(Conflict).filter_by(item_id=scene.measure.id).one()


def _codes(scene: Scene, kind: str) -> list[str]:
    found = goals_of(scene.programme) if kind == "goal" else all_measures(scene.programme)
    return sorted(one.code for one in found)


def _row(scene: Scene, number: int) -> Row:
    return db.session.get_one(Row, scene.rows[number].id, populate_existing=True)


VERBS: dict[str, Verb] = {
    "sheets.set_field": Verb(
        lambda s: _value(s, f"/items/{s.measure.id}/fields/priority", s.measure.revs["priority"], "low", "medium"),
        _measure,
        lambda s: _conflict(s).field == "priority",
        twice=(200, 409),
        late=409,
    ),
    "sheets.set_cell": Verb(
        lambda s: _value(s, f"/rows/{s.rows[0].id}/cells/text.en", s.rows[0].revs["text.en"], "one", "other"),
        _measure,
        lambda s: _conflict(s).row_id == s.rows[0].id and _row(s, 0).cells["text.en"] == "one",
        twice=(200, 409),
        late=409,
    ),
    "sheets.add_row": Verb(
        lambda s: (f"/items/{s.measure.id}/rows/costs", {"id": s.new_row}),
        _measure,
        lambda s: [row.id for row in rows_of(s.measure)["costs"]][1:] == [s.new_row],
    ),
    "sheets.move_row": Verb(
        lambda s: (f"/rows/{s.rows[1].id}/move", {"step": "up"}),
        _measure,
        lambda s: rows_of(s.measure)["steps"][0].id == s.rows[1].id,
    ),
    "sheets.delete_row": Verb(
        lambda s: (f"/rows/{s.rows[0].id}/delete", {}),
        _measure,
        lambda s: _row(s, 0).deleted_by == s.jan.id,
    ),
    "sheets.restore_row": Verb(
        lambda s: (f"/rows/{s.rows[0].id}/restore", {}),
        _measure,
        lambda s: _row(s, 0).deleted_at is None,
        ready=lambda s: delete_row(s.measure, s.rows[0], by=s.jan.id),
    ),
    "sheets.settle": Verb(
        lambda s: (f"/conflicts/{_conflict(s).id}", {"take": "1"}),
        _measure,
        lambda s: s.measure.values["period_end"] == "2029-06" and s.state()["conflicts"] == 0,
        ready=_meet,
    ),
    "sheets.set_writing_language": Verb(
        lambda s: (f"/items/{s.measure.id}/writing", {"language": "de"}),
        _measure,
        lambda s: s.measure.writing_language == "de",
    ),
    "sheets.lock": Verb(
        lambda s: (f"/items/{s.measure.id}/lock", {"reason": "We vote"}),
        _measure,
        lambda s: document_store.is_locked(s.measure.name),
        twice=(204, 204),
        mends=True,
    ),
    "sheets.unlock": Verb(
        lambda s: (f"/items/{s.measure.id}/unlock", {}),
        _measure,
        lambda s: not document_store.is_locked(s.measure.name),
        twice=(204, 204),
        mends=True,
    ),
    "goals.create": Verb(
        lambda s: (f"/programmes/{s.programme.id}/goals", {}),
        lambda s: s.programme,
        lambda s: _codes(s, "goal") == ["Z1", "Z2", "Z3", "Z4"],
        twice=(303, 303),
    ),
    "goals.move": Verb(
        lambda s: (f"/goals/{s.other_goal.id}/move", {"step": "up"}),
        lambda s: s.other_goal,
        lambda s: [one.code for one in goals_of(s.programme)] == ["Z2", "Z1"],
        twice=(303, 303),
    ),
    "measures.create": Verb(
        lambda s: (f"/goals/{s.measure.goal_id}/measures", {}),
        lambda s: s.goal,
        lambda s: _codes(s, "measure") == ["WA-01", "WA-02", "WA-03", "WA-04"],
        twice=(303, 303),
    ),
    "measures.move": Verb(
        lambda s: (f"/measures/{s.measure.id}/move", {"goal": str(s.other_goal.id)}),
        _measure,
        lambda s: s.measure.goal_id == s.other_goal.id,
        twice=(303, 303),
    ),
    "overview.delete": Verb(
        lambda s: (f"/items/{s.measure.id}/delete", {}),
        _measure,
        lambda s: s.measure.deleted_by == s.jan.id,
        twice=(303, 303),
        late=303,
    ),
    "overview.restore": Verb(
        lambda s: (f"/items/{s.measure.id}/restore", {}),
        lambda s: s.programme,
        lambda s: s.measure.deleted_at is None,
        twice=(303, 303),
        late=409,
        ready=lambda s: delete_item(s.measure, by=s.jan.id),
        mends=True,
    ),
}


def test_every_verb_of_a_sheet_has_its_scene(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    assert {rule.endpoint for rule in rules if rule.endpoint.partition(".")[0] in BLUEPRINTS} == set(VERBS)


def _request(scene: Scene, name: str, who: Any) -> Request:
    if name in ("sheets.lock", "sheets.unlock"):
        who = scene.team.partner["coordinator"] if who is scene.akosua else scene.team.de["coordinator"]
    return Request(who, *VERBS[name].request(scene))


def test_two_do_the_same_at_the_same_moment(house: ConcurrentServer, team: Team) -> None:
    for name, verb in VERBS.items():
        scene = Scene(house, team)
        if verb.ready:
            verb.ready(scene)
        answers = scene.cross(_request(scene, name, scene.jan), _request(scene, name, scene.akosua))
        scene.state()
        assert tuple(answer.status for answer in answers) == verb.twice, (name, answers)
        assert verb.check(scene), name


def test_what_is_closed_meanwhile_is_not_changed(house: ConcurrentServer, team: Team) -> None:
    scene = Scene(house, team)
    for name, verb in sorted(VERBS.items(), key=lambda one: one[1].ready is not None):
        if verb.mends:
            continue
        if verb.ready:
            verb.ready(scene)
        before = scene.state()
        target = verb.target(scene)
        closing = Request(scene.chair, f"/items/{target.id}/lock", {"reason": "We vote"})
        closed, answer = scene.cross(closing, _request(scene, name, scene.akosua))
        assert (closed.status, answer.status) == (204, 423), (name, answer)
        assert scene.state() == before, name
        assert target.deleted_at is None, name
        scene.reopen()


def test_what_is_deleted_meanwhile_is_not_changed(house: ConcurrentServer, team: Team) -> None:
    scene = Scene(house, team)
    for name, verb in sorted(VERBS.items(), key=lambda one: one[1].ready is not None):
        if verb.ready:
            verb.ready(scene)
        before = scene.state()
        deleting = _deletion(scene, verb.target(scene))
        deleted, answer = scene.cross(deleting, _request(scene, name, scene.akosua))
        assert deleted.status in (302, 303), (name, deleted)
        assert answer.status == verb.late, (name, answer)
        assert scene.state() == before, name
        assert verb.target(scene).deleted_at is not None, name
        scene.reopen()


def _deletion(scene: Scene, item: Item) -> Request:
    """A programme is deleted by both sides."""
    if not isinstance(item, Programme):
        return Request(scene.jan, f"/items/{item.id}/delete", {})
    asking = member_of(scene.team.partner["coordinator"], scene.team.partnership.id)
    assert asking
    asked = joint_requests.ask_other_side(asking, "delete", {}, programme_id=item.id)
    at = f"/partnerships/{scene.team.partnership.id}/joint/{asked.id}"
    return Request(scene.team.de["coordinator"], f"{at}/confirm", {})


def test_two_measures_get_one_code_from_one_of_two_people(house: ConcurrentServer, team: Team) -> None:
    scene = Scene(house, team)
    paths = [f"/items/{factories.measure(scene.programme, code).id}/fields/code" for code in ("WA-01", "WA-02")]
    data: dict[str, object] = {"value": "WA-07", "rev": "0"}
    first, second = scene.cross(Request(scene.jan, paths[0], data), Request(scene.akosua, paths[1], data))
    assert (first.status, second.status) == (200, 422)
    assert "WA-07" in second.text
    scene.state()
    assert _codes(scene, "measure") == ["WA-02", "WA-07"]


@pytest.mark.slow
def test_a_new_measure_takes_another_code_than_one_that_is_given_at_that_moment(
    house: ConcurrentServer, team: Team
) -> None:
    scene = Scene(house, team)
    giving = Request(scene.jan, f"/items/{scene.measure.id}/fields/code", {"value": "WA-03", "rev": "0"})
    making = Request(scene.akosua, f"/goals/{scene.measure.goal_id}/measures", {})
    assert [answer.status for answer in scene.cross(giving, making)] == [200, 303]
    scene.state()
    assert _codes(scene, "measure") == ["WA-02", "WA-03", "WA-04"]


@pytest.mark.slow
def test_a_conflict_about_a_code_is_settled_only_with_one_that_is_free(house: ConcurrentServer, team: Team) -> None:
    scene = Scene(house, team)
    place = FieldRef(scene.measure, "code")
    set_value(place, "WA-08", based_on=0, by=scene.jan.id)
    set_value(place, "WA-09", based_on=0, by=scene.akosua.id)
    other = factories.measure(scene.programme, "WA-02")
    taking = Request(scene.jan, f"/items/{other.id}/fields/code", {"value": "WA-09", "rev": "0"})
    settling = Request(scene.akosua, f"/conflicts/{_conflict(scene).id}", {"take": "1"})
    assert [answer.status for answer in scene.cross(taking, settling)] == [200, 422]
    scene.state()
    assert _codes(scene, "measure") == ["WA-08", "WA-09"]


def test_a_fields_revision_never_falls_back(house: ConcurrentServer, team: Team) -> None:
    """A stale value after it would be taken for one that has seen the newest."""
    scene = Scene(house, team)
    old = scene.measure.revs["priority"]
    path = f"/items/{scene.measure.id}/fields/priority"
    setting = Request(scene.jan, path, {"value": "low", "rev": str(old)})
    language = Request(scene.akosua, f"/items/{scene.measure.id}/writing", {"language": "de"})
    assert [answer.status for answer in scene.cross(setting, language)] == [200, 200]
    scene.state()
    assert scene.measure.revs["priority"] > old
    stale = house.ask(Request(scene.akosua, path, {"value": "medium", "rev": str(old)}))
    assert stale.status == 409
    scene.state()
    assert scene.measure.values["priority"] == "low"


def test_a_goal_is_not_deleted_with_a_measure_that_is_closed_at_that_moment(
    house: ConcurrentServer, team: Team
) -> None:
    scene = Scene(house, team)
    closing = Request(scene.chair, f"/items/{scene.measure.id}/lock", {"reason": "We vote"})
    deleting = Request(scene.jan, f"/items/{scene.measure.goal_id}/delete", {})
    closed, refused = scene.cross(closing, deleting)
    assert (closed.status, refused.status) == (204, 423)
    assert "WA-01" in refused.text
    scene.state()
    assert scene.goal.deleted_at is None


def test_what_an_editor_deletes_while_both_sides_delete_the_programme_stays_in_the_bin(
    house: ConcurrentServer, team: Team
) -> None:
    scene = Scene(house, team)
    confirming = _deletion(scene, scene.programme)
    deleting = Request(scene.jan, f"/items/{scene.measure.id}/delete", {})
    assert [answer.status for answer in scene.cross(deleting, confirming)] == [303, 302]
    undone = confirming._replace(path=confirming.path.replace("confirm", "undo"))
    assert house.ask(undone).status == 302
    scene.state()
    assert scene.programme.deleted_at is None
    assert scene.goal.deleted_at is None
    assert scene.measure.deleted_at is not None


@pytest.mark.slow
def test_what_is_made_while_both_sides_delete_the_programme_goes_with_it(house: ConcurrentServer, team: Team) -> None:
    scene = Scene(house, team)
    making = Request(scene.jan, f"/goals/{scene.measure.goal_id}/measures", {})
    assert [answer.status for answer in scene.cross(making, _deletion(scene, scene.programme))] == [303, 302]
    scene.state()
    left = db.session.query(Item).filter_by(frame_id=scene.programme.frame_id, deleted_at=None)
    assert left.all() == []


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["delete", "lock"])
def test_nothing_is_moved_under_a_goal_that_is_deleted_or_closed_meanwhile(
    house: ConcurrentServer, team: Team, verb: str
) -> None:
    scene = Scene(house, team)
    before = scene.state()
    first = Request(scene.chair, f"/items/{scene.other_goal.id}/{verb}", {})
    moving = Request(scene.akosua, f"/measures/{scene.measure.id}/move", {"goal": str(scene.other_goal.id)})
    assert scene.cross(first, moving)[1].status == (404 if verb == "delete" else 423)
    assert scene.state() == before


@pytest.mark.slow
def test_a_version_does_not_come_back_into_what_is_closed_meanwhile(house: ConcurrentServer, team: Team) -> None:
    from klimawerk.versions.service import take_version

    scene = Scene(house, team)
    take_version(scene.measure.id, "kept")
    set_value(FieldRef(scene.measure, "priority"), "low", based_on=scene.measure.revs["priority"], by=scene.jan.id)
    before = scene.state()
    closing = Request(scene.chair, f"/items/{scene.measure.id}/lock", {"reason": "We vote"})
    back = Request(scene.akosua, f"/items/{scene.measure.id}/versions/1/restore", {"part": "all"})
    assert [answer.status for answer in scene.cross(closing, back)] == [204, 423]
    assert scene.state() == before


@pytest.mark.slow
def test_two_who_open_a_sheet_for_the_first_time_at_the_same_moment_both_see_it(
    house: ConcurrentServer, team: Team
) -> None:
    """One person in two windows: both note that it was seen."""
    from klimawerk.news.models import SeenMark

    scene = Scene(house, team)
    at = "2026-11-28T10:00:00+00:00"
    seen = Request(scene.jan, "/news/seen", {"item": str(scene.measure.id), "until": at})
    noted = f"INSERT INTO seen (person_id, item_id, at) VALUES ({scene.jan.id}, {scene.measure.id}, now())"
    first, second = house.cross_at(noted, seen, seen) if isinstance(house, Processes) else scene.cross(seen, seen)
    assert (first.status, second.status) == (200, 200)
    assert db.session.query(SeenMark).filter_by(person_id=scene.jan.id, item_id=scene.measure.id).count() == 1


def test_a_measure_is_not_pasted_under_a_closed_goal(app: Flask, team: Team) -> None:
    scene = Scene(Threads(app), team)
    lock_item(scene.goal, "We vote", by="Somebody")
    table: Data = {"table": "Title\tGoal\nNew one\tZ1", "step": "take", "column": ["title", "goal"], "heading": "yes"}
    answer = scene.house.ask(Request(scene.jan, f"/programmes/{scene.programme.id}/paste", table))
    assert answer.status == 423
    assert _codes(scene, "measure") == ["WA-01", "WA-02"]
