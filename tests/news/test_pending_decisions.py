"""Pending decisions on the start page: the user's tasks, and what only an editor can decide."""

from __future__ import annotations

from datetime import date

from klimawerk.comments import service
from klimawerk.comments.participants import Participants
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.measures.service import create_measure
from klimawerk.news.pending_decisions import pending_decisions
from klimawerk.news.pending_view import PendingDecisionView, pending_views
from klimawerk.sheets.models import Conflict
from klimawerk.sheets.options import titles_of
from klimawerk.sheets.rows import append_row, rows_of
from klimawerk.sheets.service import FieldRef, set_value
from tests.comments.conftest import Table
from tests.news.test_news import start_page
from tests.sql_trace import traced

WAITS = "Waiting for you"


def test_a_task_waits_until_it_is_done(table: Table) -> None:
    thread = table.thread("Ask the market women.", kind="task", by=table.member("editor", "partner"))
    service.assign(thread, table.person().id, date(2027, 3, 1), by=table.member("editor", "partner"))
    voice = table.voice()
    voice.page()
    page = start_page(voice)
    assert "WA-01 : Ask the market women." in page
    assert f"Task · {table.person('editor', 'partner').name} , Abenkrom · until 1 March 2027" in page
    assert WAITS not in start_page(table.voice("reviewer"))
    service.resolve(thread, "Asked.", by=table.member())
    assert WAITS not in start_page(voice)


def test_a_proposal_waits_for_those_who_can_accept_it(any_database: str, table: Table) -> None:
    reviewer = table.voice("reviewer", "partner")
    row = rows_of(table.measure)["costs"][0]
    reviewer.begin("Prices have gone up.", kind="proposal", about=f"row:{row.id}:amount")
    assert WAITS not in start_page(table.voice())  # nothing is proposed yet
    reviewer.do("/threads/1/proposal", value="75000.00", currency="EUR", rev="0")
    page = start_page(table.voice())
    assert "WA-01 : Prices have gone up." in page
    assert "A proposal to accept or not" in page
    assert WAITS not in start_page(reviewer)
    assert WAITS not in start_page(table.voice("observer"))
    table.voice().do("/threads/1/resolve", outcome="No")
    assert WAITS not in start_page(table.voice())


def test_the_other_side_s_proposals_and_ones_own_do_not_wait(table: Table) -> None:
    editor = table.voice("editor", "partner")
    editor.begin("It is urgent", kind="proposal", about="priority", side="partner")
    editor.do("/threads/1/proposal", value="medium", rev="0")
    assert WAITS not in start_page(editor)
    assert WAITS not in start_page(table.voice())
    assert "A proposal to accept or not" in start_page(table.voice("coordinator", "partner"))


def test_a_field_with_two_values_waits_until_somebody_has_chosen(any_database: str, table: Table) -> None:
    place, based_on = FieldRef(table.measure, "priority"), table.measure.revs.get("priority", 0)
    set_value(place, "low", based_on=based_on, by=table.person().id)
    set_value(place, "high", based_on=based_on, by=table.person("editor", "partner").id)
    page = start_page(table.voice())
    assert "WA-01 Priority: two values" in page
    other = table.person("editor", "partner").name
    assert "You: low (holds)" in page
    assert f"{other}: high" in page
    assert f"{other}: high" in start_page(table.voice("coordinator"))
    assert WAITS not in start_page(table.voice("reviewer"))


def test_several_fields_with_two_values_are_one_entry(table: Table) -> None:
    for name in ("priority", "planning_state"):
        place, based_on = FieldRef(table.measure, name), table.measure.revs.get(name, 0)
        values = ("low", "high") if name == "priority" else ("draft", "review")
        set_value(place, values[0], based_on=based_on, by=table.person().id)
        set_value(place, values[1], based_on=based_on, by=table.person("editor", "partner").id)
    page = start_page(table.voice())
    assert "2 fields with two values" in page
    assert "WA-01 Green bins" in page


def test_many_fields_with_two_values_cost_the_same_as_few(table: Table) -> None:
    goal, editor = db.session.get_one(Goal, table.measure.goal_id), table.person().id
    field = append_row(table.programme, "fields", {"code": "EN", "title.en": "Energy"}, by=None)

    def measures_with_conflicts(number: int) -> None:
        for at in range(number):
            measure = create_measure(goal, by=None)
            row = append_row(measure, "costs", {"category": "equipment"}, by=None)
            cell = {"row_id": row.id, "field": "category", "value": "personnel"}
            place = cell if at % 2 else {"field": "field", "value": field.id}
            with writing():
                db.session.add(Conflict(item_id=measure.id, by=editor, rev=1, **place))

    def views() -> tuple[list[PendingDecisionView], dict[str, int]]:
        member = table.member("editor", "partner")
        decisions, people = pending_decisions(member), Participants(member.partnership)
        titles = titles_of([decision.item for decision in decisions], "en")
        db.session.commit()
        with traced() as trace:
            found = pending_views(member, decisions, titles, people, "en")
        return found, trace.counts()

    measures_with_conflicts(2)
    few, counted = views()
    measures_with_conflicts(6)
    many, counted_again = views()
    assert (len(few), len(many)) == (2, 8)
    assert {view.conflict.other for view in many if view.conflict} == {"EN Energy", "Personnel"}
    assert counted == counted_again
