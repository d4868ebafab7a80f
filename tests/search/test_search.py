"""Search: finds words in all texts, in any spelling, and shows nothing that the user may not read."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from markupsafe import Markup

from klimawerk.collab.rich_text import from_plain_text
from klimawerk.collab.storage import document_store, projection
from klimawerk.comments import service
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.measures.service import create_measure
from klimawerk.search import index
from klimawerk.search.models import SearchEntry
from klimawerk.search.tokens import folded_text, highlighted_excerpt, query_words
from klimawerk.sheets.models import Item
from klimawerk.sheets.rows import append_row, delete_row, rows_of
from klimawerk.versions import redaction
from tests import factories
from tests.comments.conftest import Table, Voice, said


def searched(voice: Voice, words: str, **more: str) -> str:
    answer = voice.client.get("/search", query_string={"q": words, "lang": "en", **more})
    assert answer.status_code == 200
    return answer.get_data(as_text=True).partition("<main")[2].partition("</main>")[0]


def finds(voice: Voice, words: str, **more: str) -> bool:
    return "Nothing found" not in searched(voice, words, **more)


def write(table: Table, words: str, fragment: str = "description.de") -> None:
    with writing():
        document_store.merge_contents(table.measure.name, {fragment: from_plain_text(words)}, by=table.person().id)
    projection.project_now(table.measure.name)


@pytest.fixture
def voice(table: Table) -> Voice:
    index.reindex([item.id for item in db.session.scalars(db.select(Item))])
    return table.voice("reviewer", "partner")


@pytest.mark.parametrize("words", ["Wärme", "waerme", "WARME", "wär", "Wärme Straße", "strasse", "ÉTÉ", "été wärme"])
def test_accents_umlauts_and_capitals_do_not_matter(any_database: str, table: Table, voice: Voice, words: str) -> None:
    assert not finds(voice, words)
    write(table, "Die Wärme der Straße. L'été.")
    assert finds(voice, words)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Der Wa\u0308r\u00adme\u200bplan gilt.", "Wärmeplan"),
        ("Der Wärmeplan gilt.", "wa\u0308r\u00admeplan"),
        ("हिन्दी में लिखा", "हिन्दी"),
        ("كتب مُحَمَّد هذا", "محمد"),
        ("Nuŋɔ di Asɛm", "asɛm"),
        ("Nuŋɔ di Asɛm", "asem nuno"),
        ("500 ㎡ für El Niño in Łódź", "el nino m2"),
        ("Das Co-Working im Château d’Eau", "Chateau d'eau co\u2011working"),
        ("Hawaiʼi", "hawai'i"),
    ],
)
def test_a_word_is_found_by_its_plain_form(
    any_database: str, table: Table, voice: Voice, text: str, asked: str
) -> None:
    assert not finds(voice, asked)
    write(table, text)
    assert finds(voice, asked)


def test_vowel_signs_make_other_words(any_database: str, table: Table, voice: Voice) -> None:
    write(table, "हिन्दी में लिखा")
    assert not finds(voice, "हुन्दी")
    assert not finds(voice, "न्दी")
    assert finds(voice, "हिन्")


def test_an_update_with_other_rules_reads_everything_anew_by_itself(
    any_database: str, table: Table, voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(index, "VERSION", "before")
        before.setattr(index, "folded_text", lambda text: " ".join(re.findall(r"\w+", text.casefold())))
        write(table, "Die Wa\u0308rme.")
        assert not finds(voice, "wärme")
    assert table.measure.id in index.stale_items()
    assert not finds(voice, "wärme")
    watch = index.IndexUpdater()
    for _second in range(5):
        watch.look()
    assert index.stale_items() == []
    assert finds(voice, "wärme")


def test_a_word_that_is_longer_than_an_index_takes_can_be_stored_and_found(
    any_database: str, table: Table, voice: Voice
) -> None:
    write(table, f"Vorher {'ɔ' * 3_000} nachher")
    assert finds(voice, "vorher nachher")
    assert finds(voice, "ɔ" * 200)


def test_all_words_must_be_there_and_the_last_may_be_a_beginning(any_database: str, table: Table, voice: Voice) -> None:
    write(table, "Vierzig grüne Tonnen stehen am Markt.")
    assert finds(voice, "tonnen vierz")
    assert not finds(voice, "vierz tonnen")
    assert not finds(voice, "tonnen hafen")


def test_what_is_found_says_where_it_stands_and_leads_there(any_database: str, table: Table, voice: Voice) -> None:
    append_row(table.measure, "steps", {"text.en": "Ask the <b>harbour</b> master"}, by=table.person().id)
    table.voice().begin("The harbour is far away.", language="en")
    page = searched(voice, "harbour")
    step = rows_of(table.measure)["steps"][-1]
    assert f"/measures/{table.measure.id}#row-{step.id}" in page
    assert "&lt;b&gt;<mark>harbour</mark>&lt;/b&gt;" in page
    assert "/threads/1#comment-1" in page
    assert "Steps and schedule" in said(page)
    assert 'lang="en"' in page


def test_filters_leave_out_the_rest(any_database: str, table: Table, voice: Voice) -> None:
    write(table, "Der Hafen.")
    table.voice().begin("Der Hafen?", language="de")
    assert finds(voice, "hafen", what="comments")
    assert finds(voice, "hafen", **{"in": "de"})
    assert not finds(voice, "hafen", **{"in": "en"})
    assert finds(voice, "hafen", programme=str(table.programme.id))
    other = factories.programme(factories.partnership())
    assert voice.client.get(f"/search?q=hafen&programme={other.id}").status_code == 404


def test_nobody_finds_what_they_may_not_read(any_database: str, table: Table, voice: Voice) -> None:
    table.thread("Our limit is forty thousand.", side="de", by=table.member())
    assert finds(table.voice(), "forty thousand")
    assert not finds(voice, "forty thousand")
    assert not finds(table.voice_of(factories.person()), "bins")
    assert finds(voice, "bins")


def test_what_is_gone_is_not_found(any_database: str, table: Table, voice: Voice) -> None:
    row = append_row(table.measure, "steps", {"text.en": "Zebra crossing"}, by=table.person().id)
    thread = table.thread("A zebra?", by=table.member())
    assert finds(voice, "zebra")
    delete_row(table.measure, row, by=table.person().id)
    service.delete(table.comments[0], by=table.member())
    assert thread.deleted_at is not None
    assert not finds(voice, "zebra")
    table.voice("coordinator").do(f"/items/{table.measure.id}/delete")
    assert "WA-01" not in searched(voice, "bins")


def test_what_was_blacked_out_is_not_found(any_database: str, table: Table, voice: Voice) -> None:
    write(table, "Call Akosua on 0301234567.")
    assert finds(voice, "0301234567")
    redaction.redact(table.measure, "0301234567", "A private number")
    assert db.session.scalars(db.select(SearchEntry).where(SearchEntry.words.contains("0301234567"))).all() == []
    assert not finds(voice, "0301234567")


@pytest.mark.parametrize(
    "words",
    [
        '"',
        "'",
        "bins AND",
        "NEAR(bins)",
        "bins*",
        "(bins",
        "-bins",
        "bins:",
        "a" * 500,
        "\x00bins",
        "folded : bins",
        "%",
    ],
)
def test_whatever_is_asked_is_words_and_nothing_else(any_database: str, table: Table, voice: Voice, words: str) -> None:
    assert voice.client.get("/search", query_string={"q": words}).status_code == 200


def test_what_nobody_read_into_the_index_is_found_by_the_next_look(
    any_database: str, app: Flask, table: Table, voice: Voice
) -> None:
    write(table, "Zebra.")
    app.extensions["search"].pending.clear()  # as when a process was killed
    assert not finds(voice, "zebra")
    assert index.stale_items() == [table.measure.id]
    index.reindex(index.stale_items())
    assert finds(voice, "zebra")
    assert index.stale_items() == []


def test_many_results_come_page_by_page(app: Flask, table: Table, voice: Voice) -> None:
    from klimawerk.goals.models import Goal

    goal = db.session.get_one(Goal, table.measure.goal_id)
    for number in range(25):
        create_measure(goal, texts={"title.en": from_plain_text(f"Zebra crossing {number}")}, by=None)
    first, second = searched(voice, "zebra"), searched(voice, "zebra", page="2")
    assert first.count("<h3>") == 20
    assert second.count("<h3>") == 5
    assert "More results" in first
    assert "More results" not in second


def test_an_operator_can_have_everything_read_anew(any_database: str, app: Flask, table: Table) -> None:
    with writing():
        db.session.query(SearchEntry).delete()
    said_ = app.test_cli_runner().invoke(args=["search", "rebuild"])
    assert said_.exit_code == 0
    assert "4 programmes, goals and measures" in said_.output
    assert finds(table.voice("reviewer", "partner"), "bins")


def test_hits_are_marked_in_the_text_as_it_was_written() -> None:
    assert highlighted_excerpt("Die Wärme & <b>", query_words("waerme")) == Markup(
        "Die <mark>Wärme</mark> &amp; &lt;b&gt;"
    )
    long = "Anfang " + "viel Text " * 40 + "mit Wärme " + "und mehr " * 40
    shown = highlighted_excerpt(long, query_words("wärme"))
    assert shown.startswith("… ")
    assert "<mark>Wärme</mark>" in shown
    assert len(shown) < 250
    split = highlighted_excerpt("Der Wa\u0308r\u00adme\u200bplan.", query_words("wärmeplan"))
    assert split == Markup("Der <mark>Wa\u0308r\u00adme\u200bplan</mark>.")
    assert highlighted_excerpt("Das शहर हिन्दी में", query_words("हिन्दी")) == Markup("Das शहर <mark>हिन्दी</mark> में")
    assert highlighted_excerpt("500 ㎡", query_words("m2")) == Markup("500 <mark>㎡</mark>")
    assert folded_text("Größe neue Steuer") == folded_text("GROESSE NEUE STEUER")
