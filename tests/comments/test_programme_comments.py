"""The comments of a whole programme: every thread that the reader may see; and the panel of comments beside a sheet."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from klimawerk.clock import now
from klimawerk.comments import read_marks, service, thread_list
from klimawerk.comments.models import Comment, Thread
from klimawerk.comments.service import CommentInput, ThreadSubject
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.live.changes import revision
from klimawerk.measures.service import create_measure
from klimawerk.overview import recycle_bin
from klimawerk.sheets.models import Item
from tests import factories
from tests.comments.conftest import Table, Voice, said
from tests.sql_trace import traced


def thread_on(table: Table, item: Item, words: str, *, side: str = "", by: str = "de") -> Thread:
    written = CommentInput(words, "en", str(uuid.uuid4()))
    comment = service.open_thread(
        item, written, kind="question", side=side, subject=ThreadSubject(), by=table.member(side=by)
    )
    thread: Thread = comment.thread
    return thread


def threads_shown(voice: Voice, table: Table, query: str = "") -> list[int]:
    html = voice.client.get(f"/items/{table.programme.id}/comments{query}").get_data(as_text=True)
    return [int(number) for number in re.findall(r'<article id="thread-(\d+)"', html)]


def count_in_navigation(voice: Voice) -> int:
    html = voice.client.get("/").get_data(as_text=True)
    found = re.search(r'class="count"><span class="unseen">, </span>(\d+)<', html)
    return int(found[1]) if found else 0


@pytest.mark.parametrize("role", ["editor", "observer"])
def test_the_navigation_counts_what_the_page_shows_and_nobody_sees_the_other_side_s_own(
    any_database: str, table: Table, role: str
) -> None:
    goal, other = db.session.get_one(Item, table.measure.goal_id), factories.measure(table.programme, "WA-02")
    for item in (table.programme, goal, table.measure, other):
        thread_on(table, item, "For all")
    ours, theirs = (
        thread_on(table, other, "Ours", side="de"),
        thread_on(table, goal, "Theirs", side="partner", by="partner"),
    )
    de, partner = table.voice(role), table.voice(role, "partner")
    assert threads_shown(de, table) == [5, 4, 3, 2, 1]
    assert threads_shown(partner, table) == [6, 4, 3, 2, 1]
    for voice in (de, partner):
        assert count_in_navigation(voice) == len(threads_shown(voice, table)) == 5
    assert (ours.id, theirs.id) == (5, 6)
    assert threads_shown(table.voice_of(table.team.moderator), table, "?state=all") == [4, 3, 2, 1]


def test_what_lies_in_the_bin_is_neither_counted_nor_shown(table: Table) -> None:
    thread_on(table, table.measure, "Gone soon"), thread_on(table, table.programme, "Stays")
    recycle_bin.delete_item(table.measure, by=table.person().id)
    voice = table.voice()
    assert threads_shown(voice, table, "?state=all") == [2]
    assert count_in_navigation(voice) == 1


def test_threads_stand_below_the_code_and_title_of_their_measure(table: Table) -> None:
    thread_on(table, table.measure, "Who pays?"), thread_on(table, table.programme, "And then?")
    page = table.voice("editor", "partner").client.get(f"/items/{table.programme.id}/comments").get_data(as_text=True)
    assert re.search(r"Joint programme.*And then\?.*WA-01 Green bins.*Who pays\?", said(page))
    assert f'data-topic="talks-partner:{table.programme.id}"' in page
    assert f'data-topic="comments-partner:{table.measure.id}"' in page


def test_a_measure_s_own_page_shows_its_own_threads_only(table: Table) -> None:
    thread_on(table, table.programme, "Programme"), thread_on(table, table.measure, "Measure")
    for query in ("", "?scope=programme", "?scope=part"):
        assert "thread-1" not in table.voice().page(query), query


def test_the_filters_work_over_the_whole_programme(table: Table) -> None:
    other = factories.measure(table.programme, "WA-02")
    voice, theirs = table.voice(), table.voice("editor", "partner")
    theirs.begin("One", kind="task", assignee=table.person().id)
    theirs.item = other.id
    theirs.begin("Two", kind="concern")
    thread_on(table, table.programme, "Three")
    assert threads_shown(voice, table, f"?about=item:{other.id}") == [2]
    assert threads_shown(voice, table, "?kind=task") == [1]
    assert threads_shown(voice, table, "?side=partner") == [2, 1]
    assert threads_shown(voice, table, "?mine=yes") == [3, 1]
    assert threads_shown(voice, table, "?about=item:nonsense") == []
    page = voice.client.get(f"/items/{table.programme.id}/comments").get_data(as_text=True)
    assert f'<option value="item:{other.id}">WA-02 Compost site</option>' in page


def test_what_is_new_is_new_item_by_item(any_database: str, table: Table) -> None:
    other = factories.measure(table.programme, "WA-02")
    for item in (table.measure, other):
        thread_on(table, item, "New?", by="partner")
    with writing():
        db.session.execute(update(Comment).values(at=now() - timedelta(hours=2)))
    reader = table.member("reviewer")
    read_marks.mark_read([other.id], by=reader.person.id, at=now() - timedelta(hours=1))
    wish = thread_list.ThreadFilter(unread=True, scope=thread_list.PROGRAMME)
    found = thread_list.page_of_threads(table.programme, reader, wish).threads
    assert [thread.item_id for thread in found] == [table.measure.id]
    voice = table.voice("reviewer")
    assert threads_shown(voice, table, "?unread=yes") == [1]
    assert read_marks.read_at(reader, [table.measure.id])  # the page has shown it


def test_older_threads_of_the_programme_come_on_demand(table: Table) -> None:
    other = factories.measure(table.programme, "WA-02")
    for number in range(22):
        thread_on(table, (table.measure, other)[number % 2], f"Question {number}.")
    voice = table.voice()
    assert threads_shown(voice, table) == list(range(22, 2, -1))
    assert threads_shown(voice, table, "?before=3") == [2, 1]


def test_an_answer_in_the_list_is_answered_with_the_thread_as_it_stands_in_the_list(table: Table) -> None:
    thread_on(table, table.measure, "Who pays?")
    client = table.voice("editor", "partner").client
    data = {"words": "We do.", "language": "en", "key": str(uuid.uuid4())}
    html = client.post("/threads/1/comments?scope=part", data=data, headers={"HX-Request": "true"}).get_data(
        as_text=True
    )
    assert '<h4 id="thread-1-h"' in html
    assert 'action="/threads/1/comments?scope=part"' in html
    newer = client.get(f"/items/{table.measure.id}/comments/changes?scope=part&since=1", headers={"HX-Request": "true"})
    assert "We do." in newer.get_data(as_text=True)
    whole = client.get(
        f"/items/{table.programme.id}/comments/changes?scope=programme&since=0", headers={"HX-Request": "true"}
    )
    assert f'<div id="threads-{table.programme.id}"' in whole.get_data(as_text=True)


@pytest.mark.parametrize("about", ["programme", "measure"])
def test_a_thread_deleted_in_the_list_of_a_programme_leaves_all_others_there(table: Table, about: str) -> None:
    other = factories.measure(table.programme, "WA-02")
    items: dict[str, Item] = {"programme": table.programme, "measure": table.measure}
    thread_on(table, table.programme, "One"), thread_on(table, other, "Two"), thread_on(table, table.measure, "Three")
    gone = thread_on(table, items[about], "Gone")
    voice, comment = table.voice(), table.comments[-1].id
    page = voice.client.get(f"/items/{table.programme.id}/comments").get_data(as_text=True)
    address = f"/comments/{comment}/delete?scope=part"
    assert f'formaction="{address}"' in page
    answer = voice.client.post(address, headers={"HX-Request": "true"})
    html = answer.get_data(as_text=True)
    assert html.startswith(f'<div id="threads-{table.programme.id}"')
    assert re.findall(r'<article id="thread-(\d+)"', html) == ["3", "2", "1"]
    assert int(answer.headers["X-Rev"]) == revision(f"comments-de:{gone.item_id}"), "of what the form belongs to"


def test_the_page_of_a_programme_costs_the_same_for_many_items(table: Table) -> None:
    voice, counts = table.voice("reviewer"), []
    goal = db.session.get_one(Goal, table.measure.goal_id)
    thread_on(table, table.programme, "One"), thread_on(table, table.measure, "Two")
    for more in (0, 6):
        for _ in range(more):
            thread_on(table, create_measure(goal, by=None), "More")
        db.session.commit()
        with traced() as trace:
            db.engine.dispose()
            headers = {"Sec-Purpose": "prefetch"}  # marks nothing as read
            page = voice.client.get(f"/items/{table.programme.id}/comments", headers=headers).get_data(as_text=True)
        assert page.count('class="item-threads"') == 2 + more
        counts.append(trace.counts())
    assert counts[0] == counts[1]
    with traced() as trace:
        db.engine.dispose()
        voice.client.get(f"/items/{table.programme.id}/comments")
    assert trace.counts()["BEGIN IMMEDIATE"] == 1
    assert len(read_marks.read_at(table.member("reviewer"), range(1, 20))) == 8


def test_each_item_s_mark_ends_before_its_own_first_unread_comment(table: Table) -> None:
    other, reader = factories.measure(table.programme, "WA-02"), table.member("reviewer")
    one, unseen = thread_on(table, table.measure, "Seen"), thread_on(table, table.measure, "Not seen")
    two = thread_on(table, other, "Seen, too")
    read_marks.mark_threads_read(reader, {table.measure.id: [one.id], other.id: [two.id]})
    marks = read_marks.read_at(reader, [table.measure.id, other.id])
    first = next(comment.at for comment in table.comments if comment.thread_id == unseen.id)
    assert marks[table.measure.id] == first - timedelta(microseconds=1)
    assert marks[other.id] > first


def test_the_panel_marks_nothing_as_read_before_it_is_used(table: Table) -> None:
    thread_on(table, table.measure, "Who pays?", by="partner"), thread_on(table, table.measure, "Ours", side="de")
    reader, voice = table.member("reviewer"), table.voice("reviewer")
    panel = voice.client.get(f"/items/{table.measure.id}/comments/panel", headers={"HX-Request": "true"})
    assert 'class="new"' in panel.get_data(as_text=True)
    assert not read_marks.read_at(reader, [table.measure.id])
    for _twice in range(2):
        assert voice.do(f"/items/{table.measure.id}/comments/read", thread=["1", "2"]).status_code == 204
    assert read_marks.read_at(reader, [table.measure.id])
    other = table.voice("reviewer", "partner")
    assert other.do(f"/items/{table.measure.id}/comments/read", thread="x").status_code == 204
    stranger = table.voice_of(factories.partnership().de["editor"])
    assert stranger.do(f"/items/{table.measure.id}/comments/read", thread="1").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "field"), [({"assignee": "999"}, "assignee"), ({"due": "soon"}, "due"), ({"kind": "riddle"}, None)]
)
def test_a_task_has_its_person_and_day_from_the_beginning(
    table: Table, wrong: dict[str, str], field: str | None
) -> None:
    voice, akosua = table.voice("editor", "partner"), table.person("reviewer", "partner")
    data: dict[str, Any] = {"kind": "task", "assignee": akosua.id, "due": "2027-01-15"}
    refused = voice.begin("Ask the council", **{**data, **wrong})
    assert refused.status_code == 422
    if field:
        assert re.search(rf'name="{field}"[^>]*aria-invalid="true"', refused.get_data(as_text=True))
    assert '<details class="comment-options" open>' in refused.get_data(as_text=True)
    assert "Ask the council" in refused.get_data(as_text=True)
    assert voice.begin("Ask the council", **data).status_code == 303
    assert "To do by Reviewer partner, until 15 January 2027" in said(voice.page())
    assert [event.kind for event in table.events] == ["opened", "assigned"]
    # Whoever cannot see a thread of the other side is given no task in it; a question has no person.
    assert (
        voice.begin("Secret", **{**data, "side": "partner", "assignee": table.person("reviewer").id}).status_code == 422
    )
    assert voice.begin("Why?", **{**data, "kind": "question"}).status_code == 303
    assert table.threads[-1].assignee is None


def test_a_comment_can_be_about_a_row_and_names_it(table: Table) -> None:
    from klimawerk.sheets.rows import rows_of

    voice = table.voice("editor", "partner")
    step = rows_of(table.measure)["steps"][0]
    page = voice.page()
    assert f'<option value="row:{step.id}:text.en">Step “Analyse the waste”</option>' in page
    assert voice.begin("Already done?", about=f"row:{step.id}:text.en").status_code == 303
    assert f'#row-{step.id}">Step “Analyse the waste”</a>' in voice.page()
    for nonsense in (f"row:{step.id}:text.xx", f"row:{step.id}:colour", f"row:{step.id}:", "row:x:text.en"):
        assert voice.begin("?", about=nonsense).status_code == 422, nonsense


def test_a_comment_for_one_s_own_side_says_so_before_it_is_sent(table: Table) -> None:
    voice = table.voice("editor", "partner")
    refused = voice.begin(" ", side="partner").get_data(as_text=True)
    summary = re.search(r'<details class="comment-options"[^>]*><summary>(.*?)</summary>', refused, re.DOTALL)
    assert summary
    assert said(summary[1]).strip() == "Question , only for Abenkrom , about: WA-01 as a whole"
    assert "Only Abenkrom sees this." in said(refused)


def test_days_are_named_up_to_yesterday(table: Table) -> None:
    voice, long_ago = table.voice("editor", "partner"), datetime(2025, 10, 26, 12, tzinfo=UTC)
    for words, at in (("Then", long_ago), ("Before", now() - timedelta(days=1)), ("Now", now())):
        thread = table.thread(words)
        with writing():
            db.session.execute(update(Comment).where(Comment.thread_id == thread.id).values(at=at))
    days = re.findall(r'<time [^>]*title="[^"]+">([^<]+)</time>', voice.page())
    assert [day.partition(",")[0] for day in days] == ["today", "yesterday", "26 October 2025"]


def test_a_moderator_is_named_with_the_role(table: Table) -> None:
    assert table.team.moderator
    table.voice_of(table.team.moderator).begin("Shall we vote?")
    page = table.voice("editor", "partner").page()
    assert "<strong>Moderator neutral</strong> <span>Moderator</span>" in page
    assert '<span class="who-mark neutral" aria-hidden="true">MN</span>' in page
