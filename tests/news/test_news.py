"""News on the start page: what others did since the user last looked; seen news disappear."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from sqlalchemy import event

from klimawerk.clock import now
from klimawerk.collab.rich_text import from_plain_text
from klimawerk.collab.storage import document_store
from klimawerk.comments import service
from klimawerk.comments.models import CommentsRead
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.measures.service import create_measure
from klimawerk.news.activity import CHANGED, activities
from klimawerk.news.seen_marks import unseen_activities
from klimawerk.partnerships.models import Membership
from klimawerk.sheets.rows import append_row, rows_of
from klimawerk.sheets.service import FieldRef, set_value
from tests import factories
from tests.comments.conftest import Table, Voice, said


def start_page(voice: Voice, language: str = "en") -> str:
    response = voice.client.get(f"/?lang={language}")
    assert response.status_code == 200
    return said(response.get_data(as_text=True))


def set_priority(table: Table, value: str, role: str = "editor", side: str = "partner") -> None:
    place = FieldRef(table.measure, "priority")
    set_value(place, value, based_on=table.measure.revs.get("priority", 0), by=table.person(role, side).id)


def write(table: Table, words: str, by: int, *fragments: str) -> None:
    contents = {fragment: from_plain_text(words) for fragment in fragments or ("description.en",)}
    with writing():
        document_store.merge_contents(table.measure.name, contents, by=by)


def test_what_somebody_else_writes_is_new_and_ones_own_words_are_not(any_database: str, table: Table) -> None:
    table.voice("editor", "partner").begin("Where do the bins stand?")
    own_page, other_page = start_page(table.voice()), start_page(table.voice("editor", "partner"))
    assert "1 new comment" in own_page
    assert "Where do the bins stand?" in own_page
    assert "Abenkrom" in own_page
    assert "Nothing new." in other_page


def test_what_the_other_side_keeps_to_itself_is_new_to_nobody_else(any_database: str, table: Table) -> None:
    table.thread("Our limit is forty thousand.", side="partner", by=table.member("editor", "partner"))
    assert "Nothing new." in start_page(table.voice())
    assert "Our limit" in start_page(table.voice("coordinator", "partner"))


def test_opening_the_comments_is_reading_them_and_passing_by_the_first_page_is_not(table: Table) -> None:
    table.voice("editor", "partner").begin("Where?")
    voice = table.voice()
    assert "1 new comment" in start_page(voice)
    assert "1 new comment" in start_page(voice)
    voice.client.get(f"/measures/{table.measure.id}")  # the sheet shows no comments
    assert "1 new comment" in start_page(voice)
    voice.page()
    assert "Nothing new." in start_page(voice)


def test_a_mention_is_not_lost_by_opening_the_thread_beside_it(any_database: str, table: Table) -> None:
    by, name = table.member("editor", "partner"), table.person().name
    beside = table.thread("First.", by=by)
    called = table.thread(f"@{name} please look.", by=by)
    voice = table.voice()
    voice.client.get(f"/threads/{beside.id}")
    page = start_page(voice)
    assert "you are called by name" in page
    assert "First." not in page
    voice.client.get(f"/threads/{called.id}")
    assert "Nothing new." in start_page(voice)


def test_what_a_filter_hides_stays_new(table: Table) -> None:
    table.thread("Where?", by=table.member("editor", "partner"))
    settled = table.thread("Settled by now.", by=table.member("editor", "partner"))
    service.resolve(settled, "Done.", by=table.member("editor", "partner"))
    voice = table.voice()
    voice.page("?kind=task")
    assert "2 new comments" in start_page(voice)
    voice.page()  # open threads only
    page = start_page(voice)
    assert "1 new comment" in page
    assert "Settled by now." in page
    voice.page("?state=all")
    assert "Nothing new." in start_page(voice)


def test_what_the_other_side_keeps_to_itself_holds_no_mark_back(table: Table) -> None:
    table.thread("Our limit is forty thousand.", side="partner", by=table.member("editor", "partner"))
    table.thread("For all.", by=table.member("editor", "partner"))
    voice = table.voice()
    voice.page()
    assert "Nothing new." in start_page(voice)


def test_a_page_fetched_ahead_is_not_opened(table: Table) -> None:
    table.thread("Where?", by=table.member("editor", "partner"))
    set_priority(table, "low")
    voice, ahead = table.voice(), {"Sec-Purpose": "prefetch"}
    for path in (f"/items/{table.measure.id}/comments", f"/measures/{table.measure.id}"):
        voice.client.get(path, headers=ahead)
    page = start_page(voice)
    assert "1 new comment" in page
    assert "Priority" in page


def test_a_line_tells_what_was_changed(any_database: str, table: Table) -> None:
    set_priority(table, "low")
    set_priority(table, "medium")
    append_row(table.measure, "steps", {"text.en": "First"}, by=table.person("editor", "partner").id)
    write(table, "Bins at forty places.", table.person("editor", "partner").id)
    page = start_page(table.voice())
    assert "Description (EN) · Priority: high → medium · Steps and schedule (1)" in page
    assert table.person("editor", "partner").name in page
    assert "1 measure changed since" in page


def test_two_texts_are_named_and_more_are_counted(table: Table) -> None:
    by = table.person("editor", "partner").id
    write(table, "Bins.", by, "description.en", "description.de")
    page = start_page(table.voice())
    assert "Description (EN)" in page
    assert "Description (DE)" in page
    write(table, "Waste.", by, "initial_situation.en")
    assert "3 texts" in start_page(table.voice())


def test_it_is_told_in_the_readers_language(table: Table) -> None:
    set_priority(table, "low")
    assert "Priorität: hoch → niedrig" in start_page(table.voice(), "de")


def test_ones_own_changes_are_no_news(any_database: str, table: Table) -> None:
    set_priority(table, "low", side="de")
    append_row(table.measure, "steps", {"text.en": "Mine"}, by=table.person().id)
    write(table, "My own words.", table.person().id)
    assert "Nothing new." in start_page(table.voice())
    assert "Priority" in start_page(table.voice("reviewer"))


def test_opening_the_sheet_is_seeing_its_changes(any_database: str, table: Table) -> None:
    set_priority(table, "medium")
    voice = table.voice()
    voice.client.get(f"/measures/{table.measure.id}")
    assert "Nothing new." in start_page(voice)
    assert "Priority" in start_page(table.voice("reviewer"))  # it is per person
    assert "Nothing new." in start_page(table.voice())  # and the same on another device
    set_priority(table, "low")
    assert "medium → low" in start_page(voice)


def test_who_wrote_is_known_after_the_log_was_folded(any_database: str, table: Table) -> None:
    write(table, "Bins at forty places.", table.person("editor", "partner").id)
    document_store.compact(document_store.find_document(table.measure.name).id)
    assert "Description (EN)" in start_page(table.voice())
    assert "Nothing new." in start_page(table.voice("editor", "partner"))


def test_one_thing_or_all_of_it_can_be_marked_as_seen(table: Table) -> None:
    other = factories.measure(table.programme, code="WA-02")
    set_priority(table, "medium")
    set_value(FieldRef(other, "priority"), "low", based_on=0, by=table.person("editor", "partner").id)
    voice = table.voice()
    assert voice.do("/news/seen", item=other.id).status_code == 303
    page = start_page(voice)
    assert "WA-01" in page
    assert "WA-02" not in page
    voice.do("/news/seen")
    assert "Nothing new." in start_page(voice)


def test_what_came_after_the_page_was_drawn_stays_new(table: Table) -> None:
    table.voice("editor", "partner").begin("First.")
    drawn = now()
    table.voice("editor", "partner").begin("Second, a moment later.")
    voice = table.voice()
    voice.do("/news/seen", until=drawn.isoformat())
    page = start_page(voice)
    assert "Second" in page
    assert "First." not in page


def test_nobody_marks_what_they_may_not_see(table: Table, app: Flask) -> None:
    stranger = factories.person()
    assert table.voice_of(stranger).do("/news/seen", item=table.measure.id).status_code == 404


def test_no_number_of_an_item_is_not_all_of_them(table: Table) -> None:
    set_priority(table, "low")
    voice = table.voice()
    assert [voice.do("/news/seen", item=wrong).status_code for wrong in ("x", "9" * 30)] == [404, 404]
    assert "Priority" in start_page(voice)


def test_being_called_by_name_is_said_and_comes_first(table: Table) -> None:
    other = factories.measure(table.programme, code="WA-02")
    name = table.person().name
    table.voice("editor", "partner").begin(f"@{name} can you say more?")
    set_value(FieldRef(other, "priority"), "low", based_on=0, by=table.person("editor", "partner").id)
    page = start_page(table.voice())
    assert "you are called by name" in page
    assert page.index("WA-01") < page.index("WA-02")
    assert "you are called by name" not in start_page(table.voice("reviewer"))


def test_who_has_left_hears_of_nothing(any_database: str, table: Table) -> None:
    table.voice("editor", "partner").begin("Where?")
    person = table.person()
    assert unseen_activities(person)
    with writing():
        membership = db.session.scalars(db.select(Membership).where(Membership.person_id == person.id)).one()
        membership.to_date = membership.from_date - timedelta(days=1)
    assert unseen_activities(person) == []


def test_what_was_deleted_is_no_news(any_database: str, table: Table) -> None:
    thread = table.thread("Never mind.", by=table.member("editor", "partner"))
    assert unseen_activities(table.person())
    comment = table.comments[0]
    assert comment.thread_id == thread.id
    service.delete(comment, by=table.member("editor", "partner"))
    assert unseen_activities(table.person()) == []


def test_of_a_time_exactly_what_happened_in_it_is_told(any_database: str, table: Table) -> None:
    before = now()
    set_priority(table, "medium")
    between = now()
    set_priority(table, "low")
    after = now()
    person = table.person()
    first, second = activities(person, before, between), activities(person, between, after)
    assert [activity.kind for activity in (*first, *second)] == [CHANGED, CHANGED]
    assert {activity.id for activity in first}.isdisjoint(activity.id for activity in second)
    assert activities(person, after, now()) == []


def test_new_comments_are_marked_in_words_and_can_be_asked_for(table: Table) -> None:
    voice = table.voice()
    table.thread("An old one.", by=table.member("editor", "partner"))
    assert "Neu " in said(voice.page())  # first opening
    (old,) = table.comments
    with writing():  # which was an hour ago
        db.session.scalars(db.select(CommentsRead)).one().at = now() - timedelta(hours=1)
        old.at = now() - timedelta(hours=2)
    table.thread("A fresh one.", by=table.member("editor", "partner"))
    only = said(voice.page("?unread=yes"))
    assert "A fresh one." in only
    assert "An old one." not in only
    again = said(voice.page("?unread=yes"))  # during the same session
    assert "A fresh one." in again


def count_statements(work: Callable[[], object]) -> int:
    executed: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        executed.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    work()
    event.remove(db.engine, "before_cursor_execute", note)
    return len(executed)


def test_gathering_asks_as_often_for_many_measures_as_for_few(app: Flask, table: Table) -> None:
    person, since = table.person(), now() - timedelta(days=1)
    goal = db.session.get_one(Goal, table.measure.goal_id)
    set_priority(table, "low")
    few = count_statements(lambda: activities(person, since, now()))
    for number in range(30):
        measure = create_measure(goal, code=f"XX-{number:02}", by=None)
        set_value(FieldRef(measure, "priority"), "low", based_on=0, by=table.person("editor", "partner").id)
    counts: list[int] = []
    many = count_statements(lambda: counts.append(len(activities(person, since, now()))))
    assert counts == [31]
    assert many <= few


def test_a_row_with_one_change_tells_its_old_and_its_new_value(any_database: str, table: Table) -> None:
    [row] = rows_of(table.measure)["steps"]
    by = table.person("editor", "partner").id
    set_value(FieldRef(table.measure, "due", row), "2027-12", based_on=row.revs.get("due", 0), by=by)
    page = start_page(table.voice())
    assert "Step, Due: October 2027 → December 2027" in page
    append_row(table.measure, "steps", {"text.en": "Second"}, by=by)
    assert "Steps and schedule (2)" in start_page(table.voice())


def test_a_value_that_came_back_is_counted_without_its_value(table: Table) -> None:
    [row] = rows_of(table.measure)["steps"]
    for value in ("2027-12", "2027-10"):
        set_value(
            FieldRef(table.measure, "due", row),
            value,
            based_on=row.revs.get("due", 0),
            by=table.person("editor", "partner").id,
        )
    page = start_page(table.voice())
    assert "Steps and schedule (1)" in page
    assert "October 2027" not in page


def test_old_and_new_are_marked_also_for_those_who_see_no_colours(table: Table) -> None:
    set_priority(table, "low")
    page = table.voice().client.get("/?lang=en").get_data(as_text=True)
    assert '<del>high</del><span class="unseen"> → </span> <ins>low</ins>' in page


def test_what_somebody_changed_who_has_left_is_told_without_a_name(table: Table) -> None:
    based_on = table.measure.revs.get("priority", 0)
    set_value(FieldRef(table.measure, "priority"), "low", based_on=based_on, by=factories.person("Nora Left").id)
    page = start_page(table.voice())
    assert "Priority: high → low" in page
    assert "Nora Left" not in page
