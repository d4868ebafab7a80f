"""Comments in a browser without a script: every form works by itself, and the page shows the result."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from markupsafe import escape

from klimawerk.accounts.service import end_person
from klimawerk.clock import now
from klimawerk.comments import comment_html, quotations
from klimawerk.database import writing
from klimawerk.news.excerpts import excerpt
from klimawerk.sheets.items import lock_item
from klimawerk.sheets.rows import append_row
from klimawerk.sheets.service import FieldRef, set_value
from tests import factories
from tests.comments.conftest import Table, said


def test_a_reviewer_of_the_other_side_asks_and_an_editor_answers(any_database: str, table: Table) -> None:
    reviewer, editor = table.voice("reviewer", "partner"), table.voice()
    asked = reviewer.begin("Who pays?\n\nAnd since when?", kind="question")
    assert asked.status_code == 303
    page = reviewer.client.get(asked.location.split("#")[0]).get_data(as_text=True)
    assert 'id="comment-1"' in page
    assert "<p>Who pays?</p><p>And since when?</p>" in page
    assert "Question" in said(page)
    assert "Reviewer partner Abenkrom" in said(page)
    answered = editor.reply(1, "Die Stadt.", language="de")
    assert answered.location == "/threads/1#comment-2"
    page = reviewer.page()
    assert '<div class="words" lang="de"><p>Die Stadt.</p></div>' in page
    assert "Editor de Wiesenbrück" in said(page)


def test_times_stand_in_the_reader_s_zone(table: Table) -> None:
    thread = table.thread("When?")
    with writing():
        table.comments[0].at = now().replace(year=2026, month=7, day=3, hour=12, minute=30)
    assert "3. Juli 2026, 14:30" in table.voice().page()
    assert "3 July 2026, 12:30" in table.voice("editor", "partner").page()
    assert thread.id


def test_who_only_observes_reads_and_cannot_comment(table: Table) -> None:
    table.thread("Who pays?")
    observer = table.voice("observer")
    page = observer.page()
    assert "Who pays?" in page
    assert "data-comment" not in page
    assert observer.begin("Me too").status_code == 403
    assert observer.reply(1, "Me too").status_code == 403
    assert observer.do("/threads/1/resolve").status_code == 403
    assert len(table.comments) == 1


def test_strangers_find_nothing(table: Table) -> None:
    table.thread("Who pays?")
    stranger = table.voice_of(factories.partnership().de["coordinator"])
    for path in (f"/items/{stranger.item}/comments", "/threads/1", f"/items/{stranger.item}/comments/changes?since=0"):
        assert stranger.client.get(path).status_code == 404, path
    for path in ("/threads/1/comments", "/threads/1/resolve", "/comments/1", "/comments/1/delete"):
        assert stranger.do(path, words="x", language="en").status_code == 404, path
    assert len(table.events) == 1


def test_what_is_closed_for_editing_is_open_for_comments(table: Table) -> None:
    lock_item(table.measure, "We vote.", by="Moderator")
    assert table.voice().begin("Still open?").status_code == 303
    assert table.voice("reviewer", "partner").reply(1, "It is.").status_code == 303


def test_sending_twice_keeps_one(any_database: str, table: Table) -> None:
    voice, first, second = table.voice(), str(uuid.uuid4()), str(uuid.uuid4())
    addresses = {voice.begin("Who pays?", key=first).location for _ in range(3)}
    assert len(addresses) == 1
    assert {voice.reply(1, "Nobody.", key=second).location for _ in range(3)} == {"/threads/1#comment-2"}
    assert [comment.words for comment in table.comments] == ["Who pays?", "Nobody."]
    assert len(table.events) == 2
    voice.reply(1, "Nobody.")
    assert len(table.comments) == 3  # the same words under another name are another comment


def test_nobody_takes_a_name_that_belongs_to_somebody_else(table: Table) -> None:
    key = str(uuid.uuid4())
    table.voice().begin("Mine", key=key)
    assert table.voice("editor", "partner").begin("Theirs", key=key).status_code == 422
    assert [comment.words for comment in table.comments] == ["Mine"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("  \n", "Please write something first."),
        ("\u200b\u00ad", "Please write something first."),
        ("x" * 10_001, "these are 10,001"),
    ],
)
def test_what_cannot_be_sent_comes_back_with_a_sentence(table: Table, words: str, sentence: str) -> None:
    voice = table.voice("editor", "partner")
    table.thread("Who pays?")
    for answer in (voice.begin(words), voice.reply(1, words)):
        assert answer.status_code == 422
        page = answer.get_data(as_text=True)
        assert sentence in said(page)
        assert words.strip() in page
    assert len(table.comments) == 1
    assert voice.begin("x" * 10_000).status_code == 303


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"passage": "words that stand nowhere", "about": "description.en"}, "passage"),
        ({"passage": "x" * 501}, "passage"),
        ({"about": "row:gone:amount"}, "about"),
        ({"words": " "}, "words"),
    ],
)
def test_what_is_wrong_with_a_comment_stands_at_its_field(table: Table, wrong: dict[str, str], field: str) -> None:
    page = table.voice("editor", "partner").begin(**{"words": "Who pays?", **wrong}).get_data(as_text=True)
    assert re.findall(r'name="(\w+)"[^>]*aria-invalid="true" aria-describedby="begin-\d+-error"', page) == [field]
    begins = [page.index(f'name="{name}"') for name in ("about", "passage", "words", "language")]
    place = next(page.index(f'name="{name}"') for name in [field])
    assert place < page.index('class="error"') < min([begin for begin in begins if begin > place])


def test_nothing_that_is_written_becomes_markup_and_links_are_safe(table: Table) -> None:
    voice = table.voice()
    voice.begin('<b>bold</b> see (https://example.org/a?b=1&c="x") and javascript:alert(1) or mailto:a@example.org.')
    page = voice.page()
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    links = re.findall(r'<a href="([^"]+)" rel="noopener noreferrer nofollow">', page)
    assert links == ["https://example.org/a?b=1&amp;c=", "mailto:a@example.org"]


def test_a_quotation_is_one() -> None:
    assert quotations.quote_text("one\ntwo\n> older") == "> one\n> two\n\n"
    assert (
        comment_html.comment_to_html("> one\n> two\nBut why?")
        == "<blockquote><p>one<br>two</p></blockquote><p>But why?</p>"
    )


@pytest.mark.parametrize("line", [">50 % der Dächer", ">= 20 MW", ">2 %, >3 %", "->Rathaus", ">:-("])
def test_a_sign_at_the_beginning_of_a_line_is_no_quotation(line: str) -> None:
    assert (
        comment_html.comment_to_html(f"> Wie viele?\n{line}")
        == f"<blockquote><p>Wie viele?</p></blockquote><p>{escape(line)}</p>"
    )
    assert quotations.quote_text(f"> Wie viele?\n{line}") == f"> {line}\n\n"
    assert (
        comment_html.comment_to_html(quotations.quote_text(line)) == f"<blockquote><p>{escape(line)}</p></blockquote>"
    )
    assert excerpt(f"> Wie viele?\n{line}") == line


@pytest.mark.parametrize("line", ["> 50 Dächer", ">", ">> older", ">\u00a0pasted"])
def test_a_sign_and_a_blank_are_a_quotation(line: str) -> None:
    assert quotations.is_quotation(line)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("siehe https://de.wikipedia.org/wiki/Wa_(Ghana)", "https://de.wikipedia.org/wiki/Wa_(Ghana)"),
        ("„https://example.org/a“", "https://example.org/a"),
        ("»https://example.org/a«", "https://example.org/a"),
        ("https://example.org/a… und @Jan", "https://example.org/a"),
        ("https://example.org/a—@Jan", "https://example.org/a"),
    ],
)
def test_a_link_of_a_comment_leads_to_what_was_meant(typed: str, address: str) -> None:
    html = comment_html.comment_to_html(typed, ["Jan"])
    assert re.findall(r'href="([^"]+)"', html) == [address]
    assert html.striptags() == typed
    assert html.count("mention") == typed.count("@Jan")


def test_a_line_is_named_in_the_marks_of_the_reader_s_language(table: Table) -> None:
    append_row(table.measure, "responsible", {"contact": "Ama"}, by=None)
    voice = table.voice()
    assert ">Verantwortliche Stelle „Ama“<" in voice.page("?lang=de")
    assert ">Responsible body “Ama”<" in voice.page("?lang=en")


def test_quoting_puts_the_words_into_the_reply(table: Table) -> None:
    thread = table.thread("Who pays?")
    page = table.voice("editor", "partner").client.get(f"/threads/{thread.id}?quote=1").get_data(as_text=True)
    assert "&gt; Who pays?" in page
    other = table.thread("Secret", side="de")
    page = table.voice("editor", "partner").client.get(f"/threads/{thread.id}?quote=2").get_data(as_text=True)
    assert "Secret" not in page
    assert other.id


def test_one_s_own_words_can_be_changed_for_a_quarter_of_an_hour(table: Table) -> None:
    voice, other = table.voice("editor", "partner"), table.voice()
    voice.begin("Who pais?")
    assert other.do("/comments/1", words="Mine now").status_code == 403
    assert voice.do("/comments/1", words="Who pays?").status_code == 303
    page = said(other.page())
    assert "Who pays?" in page
    assert "geändert" in page
    assert "Who pais?" in page  # the earlier text is shown
    with writing():
        table.comments[0].at = now() - timedelta(minutes=16)
    assert voice.do("/comments/1", words="Too late").status_code == 403
    assert "/comments/1" not in re.findall(r'action="([^"]+)"', voice.page())
    assert table.comments[0].words == "Who pays?"


def test_a_deleted_comment_leaves_a_marker_and_the_replies(table: Table) -> None:
    voice = table.voice("editor", "partner")
    voice.begin("I was wrong")
    voice.do("/comments/1", words="I was very wrong")
    table.voice().reply(1, "No, you were not.")
    assert voice.do("/comments/2/delete").status_code == 403
    assert voice.do("/comments/1/delete").status_code == 303
    page = said(voice.page())
    assert "This comment was deleted." in page
    assert "No, you were not." in page
    assert "wrong" not in page
    assert not any("wrong" in str(event.detail) for event in table.events)


def test_when_all_comments_are_deleted_the_thread_is_gone(table: Table) -> None:
    voice = table.voice("editor", "partner")
    voice.begin("Nothing")
    assert "Nothing is open here." not in said(voice.page())
    assert voice.do("/comments/1/delete").location.endswith("/comments")
    assert "Nothing is open here." in said(voice.page())
    assert voice.client.get("/threads/1").status_code == 404


def test_a_moderator_takes_out_what_does_not_belong_there(table: Table) -> None:
    table.voice("reviewer", "partner").begin("Insult")
    assert table.voice_of(table.team.moderator).do("/comments/1/delete").status_code == 303
    assert table.comments[0].words == ""


def test_resolving_says_how_and_reopening_takes_it_back(table: Table) -> None:
    asker, editor, reviewer = table.voice("reviewer", "partner"), table.voice(), table.voice("reviewer")
    asker.begin("Who pays?")
    assert reviewer.do("/threads/1/resolve").status_code == 403  # neither an editor nor the asker
    assert editor.do("/threads/1/resolve", outcome="The town pays.").status_code == 303
    assert "Who pays?" not in asker.page()
    resolved = said(asker.page("?state=resolved"))
    assert "Outcome: The town pays. Editor de" in resolved
    assert asker.do("/threads/1/resolve", outcome="Nobody pays.").status_code == 409
    assert asker.do("/threads/1/reopen").status_code == 303
    assert "Who pays?" in asker.page()
    assert [event.kind for event in table.events] == ["opened", "resolved", "reopened"]


def test_a_task_has_somebody_and_a_day(table: Table) -> None:
    voice, akosua = table.voice("editor", "partner"), table.person("reviewer", "partner")
    voice.begin("Ask the council", kind="task")
    assert "Nobody does this yet" in said(voice.page())
    assert voice.do("/threads/1/assign", assignee=akosua.id, due="2027-01-15").status_code == 303
    assert "To do by Reviewer partner, until 15 January 2027" in said(voice.page())
    assert voice.do("/threads/1/assign", assignee=table.person("observer").id).status_code == 409
    assert voice.do("/threads/1/assign", assignee="", due="soon").status_code == 409
    assert table.voice("reviewer", "partner").do("/threads/1/resolve").status_code == 303  # whose task it is


def test_a_thread_about_a_field_keeps_what_stood_there(table: Table) -> None:
    voice = table.voice("editor", "partner")
    voice.begin("Really?", about="priority")
    assert "Priority Question high" in said(voice.page())
    assert "The value has changed since." not in said(voice.page())
    set_value(FieldRef(table.measure, "priority"), "low", based_on=table.measure.revs["priority"], by=table.person().id)
    assert "The value has changed since. Then high Now low" in said(voice.page())


def test_a_thread_about_a_text_shows_what_became_of_it(table: Table) -> None:
    from klimawerk.collab.rich_text import from_plain_text
    from klimawerk.collab.storage import document_store, projection

    voice = table.voice("editor", "partner")
    voice.begin("How many?", about="description.en")
    assert "The text has changed since." not in said(voice.page())
    with writing():
        document_store.replace_contents(
            table.measure.name, {"description.en": from_plain_text("Fifty bins are set up.")}
        )
    projection.project_now(table.measure.name)
    page = voice.page()
    assert "The text has changed since." in said(page)
    assert re.search(r"<del>.*?Forty.*?</del>", page)
    assert re.search(r"<ins>.*?Fifty.*?</ins>", page)


def test_a_thread_about_a_cell_outlives_its_line(table: Table) -> None:
    from klimawerk.sheets.rows import delete_row, rows_of

    voice = table.voice("editor", "partner")
    row = rows_of(table.measure)["costs"][0]
    voice.begin("So much?", about=f"row:{row.id}:amount")
    assert "EUR 62,000" in said(voice.page())
    delete_row(table.measure, row, by=table.person().id)
    page = said(voice.page())
    assert "About a line that was deleted" in page
    assert "So much?" in page
    assert voice.begin("x", about="row:1:amount").status_code == 422


def test_who_has_left_is_a_former_member(table: Table) -> None:
    table.voice("reviewer", "partner").begin("Who pays?")
    voice = table.voice()
    assert "Reviewer partner Abenkrom" in said(voice.page())
    end_person(table.person("reviewer", "partner"), by=None)
    page = said(voice.page())
    assert "Reviewer partner" not in page
    assert "Ehemaliges Mitglied Abenkrom" in page
    assert "Who pays?" in page


def test_older_threads_and_comments_come_on_demand(table: Table) -> None:
    threads = [table.thread(f"Question number {number}.") for number in range(25)]
    voice = table.voice("editor", "partner")
    for number in range(10):
        voice.reply(threads[-1].id, f"Answer number {number}.")
    page = voice.page()
    assert "Question number 24." in page
    assert "Question number 4." not in page
    assert "5 more comments in between" in said(page)
    assert "Answer number 4." not in page
    assert "Question number 4." in voice.page(f"?before={threads[5].id}")
    whole = voice.client.get(f"/threads/{threads[-1].id}").get_data(as_text=True)
    assert all(f"Answer number {number}." in whole for number in range(10))


def test_what_is_open_is_counted_beside_the_page_and_in_the_outline(table: Table) -> None:
    table.thread("One"), table.thread("Two"), table.thread("Three", side="de")
    ours = table.voice().client.get(f"/measures/{table.measure.id}").get_data(as_text=True)
    theirs = table.voice("editor", "partner").client.get(f"/measures/{table.measure.id}").get_data(as_text=True)
    for place in (f'id="talks-{table.measure.id}"', f'id="jump-talks-{table.measure.id}"'):
        assert re.search(rf"{place}[^>]*>(<span[^>]*>, </span>)?3<", ours), place
        assert re.search(rf"{place}[^>]*>(<span[^>]*>, </span>)?2<", theirs), place
    assert "3 offen" in said(_outline(ours))
    assert "2 open" in said(_outline(theirs))


def _outline(page: str) -> str:
    return page.split('id="outline"')[1].split("</nav>")[0]


def test_too_much_at_once_is_asked_to_wait(table: Table) -> None:
    from klimawerk.extensions import limiter

    voice = table.voice()
    limiter.enabled = True
    answers = {voice.begin("Again").status_code for _ in range(61)}
    assert answers == {303, 429}


def test_words_of_a_text_are_quoted_and_it_is_said_when_they_are_gone(table: Table) -> None:
    from klimawerk.collab.rich_text import from_plain_text
    from klimawerk.collab.storage import document_store, projection

    def rewrite(text: str) -> None:
        with writing():
            document_store.replace_contents(table.measure.name, {"description.en": from_plain_text(text)})
        projection.project_now(table.measure.name)

    voice = table.voice("editor", "partner")
    assert voice.begin("So few?", about="description.en", passage="Forty  bins").status_code == 303
    assert voice.begin("Which?", about="description.en", passage="Fifty bins").status_code == 422
    assert voice.begin("Which?", about="priority", passage="high").status_code == 422
    assert "Description (EN) Question Forty bins" in said(voice.page())
    rewrite("In every street, forty or fewer. Forty bins it is.")
    assert "The text has changed since." not in said(voice.page())  # the words are still there
    rewrite("Fifty bins are set up.")
    page = voice.page()
    assert "Description (EN) Question Forty bins" in said(page)
    assert "The text has changed since." in said(page)
    assert re.search(r"<del>.*?Forty.*?</del>", page)
