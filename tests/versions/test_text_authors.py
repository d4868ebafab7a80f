"""Attribution by words: changes of structure and compaction of the log do not alter it."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klimawerk.accounts.models import Person
from klimawerk.clock import now
from klimawerk.collab.attribution import author_batches
from klimawerk.collab.attribution.author_spans import AuthorSpan, carry_attribution
from klimawerk.collab.models import Update
from klimawerk.collab.rich_text import Node, from_plain_text
from klimawerk.collab.storage import document_store
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.versions.text_authors import PERSON, authored_passages
from tests.client import ProofReader
from tests.versions.conftest import VersionedMeasure
from tests.versions.test_pages import get, words

TEXT = "description.en"


def merge(desk: VersionedMeasure, text: str | Node, by: Person) -> None:
    """Change the text into this one by differences, as typing does."""
    with writing():
        document_store.merge_contents(
            desk.measure.name, {TEXT: from_plain_text(text) if isinstance(text, str) else text}, by=by.id
        )


def age_updates(desk: VersionedMeasure, hours: int) -> None:
    """Make everything logged so far this many hours older."""
    with writing():
        for update in db.session.scalars(db.select(Update)):
            update.at -= timedelta(hours=hours)


def compact_log(desk: VersionedMeasure) -> None:
    db.session.rollback()
    document_store.compact(document_store.find_document(desk.measure.name).id)


def passages_with_authors(desk: VersionedMeasure, by: str = PERSON) -> list[list[tuple[str, str]]]:
    db.session.rollback()
    return [
        [(passage.text, passage.author.label) for passage in line] for line in authored_passages(desk.measure, TEXT, by)
    ]


A, B, NOBODY = "Wiesenbrück: Editor de", "Abenkrom: Editor partner", "Not recorded"


@pytest.mark.parametrize("folded", [False, True])
def test_each_passage_has_its_author(any_database: str, desk: VersionedMeasure, folded: bool) -> None:
    merge(desk, "Forty bins are set up. The women sort.", desk.editor())
    if folded:
        compact_log(desk)
    merge(desk, "Forty green bins are set up. The women sort.\n\nThe school joins.", desk.editor("partner"))
    if folded:
        compact_log(desk)
        assert not db.session.scalars(db.select(Update)).all(), "the log's division is forgotten"
    first, second = passages_with_authors(desk)
    assert first == [("Forty ", NOBODY), ("green ", B), ("bins are set up.", NOBODY), (" The women sort.", A)]
    assert second == [("The school joins.", B)]


def test_a_heading_or_a_list_changes_no_author(desk: VersionedMeasure) -> None:
    merge(desk, "One\n\nTwo", desk.editor())
    item = {"type": "list_item", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Two"}]}]}
    heading = {"type": "heading", "attrs": {"level": 3}, "content": [{"type": "text", "text": "One"}]}
    with writing():
        changed = {"type": "doc", "content": [heading, {"type": "bullet_list", "content": [item]}]}
        document_store.replace_contents(desk.measure.name, {TEXT: changed}, by=desk.editor("partner").id)
    assert passages_with_authors(desk) == [[("One", A)], [("Two", A)]]
    merge(desk, "One\n\nTwo and three", desk.editor("partner"))
    assert passages_with_authors(desk) == [[("One", A)], [("Two", A), (" and three", B)]], "what is new is told apart"


def test_a_mended_letter_takes_no_word_from_its_author(desk: VersionedMeasure) -> None:
    merge(desk, "The muncipality pays.", desk.editor())
    merge(desk, "The municipality pays.", desk.editor("partner"))
    assert passages_with_authors(desk) == [[("The municipality pays.", A)]]
    merge(desk, "The council pays.", desk.editor("partner"))
    assert ("council ", B) in passages_with_authors(desk)[0]


def test_two_who_write_at_the_same_time_are_told_apart(desk: VersionedMeasure) -> None:
    lines = {"de": "", "partner": ""}
    for word in ("Alpha ", "beta ", "gamma "):
        for side in lines:
            lines[side] += word
            merge(desk, "\n\n".join(lines.values()), desk.editor(side))
    assert passages_with_authors(desk) == [[("Alpha beta gamma ", A)], [("Alpha beta gamma ", B)]]


def test_folding_changes_nothing_of_what_is_told(desk: VersionedMeasure, monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal words that several people write within the same seconds may be attributed to either; not here."""
    monkeypatch.setattr(author_batches, "BATCH_SECONDS", -1)
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    dice = random.Random(seed)
    seen = []
    for folding in (False, True):
        dice.seed(seed)
        lines = ["Eins zwei drei", "Vier", "Fünf sechs 😀"]
        other = VersionedMeasure(desk.team, desk.measure)
        merge(other, "", desk.editor())
        compact_log(other)
        for number in range(12):
            lines[dice.randrange(3)] = " ".join(dice.choices(["ä", "b", "cde", "f\n\ng", "h"], k=dice.randint(0, 4)))
            merge(other, "\n\n".join(lines), desk.editor(("de", "partner")[number % 2]))
            if folding and dice.random() < 0.3:
                compact_log(other)
            elif not folding:
                dice.random()
        seen.append(passages_with_authors(other))
    assert seen[0] == seen[1]


@given(
    st.lists(st.text("ab \u0301😀", max_size=12), max_size=5), st.lists(st.text("ab \u0301😀", max_size=12), max_size=5)
)
def test_every_letter_has_one_author(old: list[str], new: list[str]) -> None:
    before = sum(len(line) + 1 for line in old)
    spans = carry_attribution(old, new, [AuthorSpan(before, 1, 5)] if before else [], 2, 9000)
    assert sum(span.characters for span in spans) == sum(len(line) + 1 for line in new)
    assert all(span.characters > 0 for span in spans)
    assert carry_attribution(new, new, spans, 3, 10_000) == spans, "whoever changes nothing gets nothing"


@pytest.mark.parametrize("added", ["We burn the waste.", "Sacks for the waste."])
def test_a_sentence_put_behind_another_is_not_woven_into_it(added: str) -> None:
    spans = carry_attribution(
        ["We sort the waste."], ["We now sort the waste.", added], [AuthorSpan(19, 1, 5)], 2, 9000
    )
    sizes = [(len("We "), 1), (len("now "), 2), (len("sort the waste.\n"), 1), (len(added) + 1, 2)]
    assert [(span.characters, span.by) for span in spans] == sizes


def test_the_page_tells_it_by_municipality_first(desk: VersionedMeasure, client: ProofReader) -> None:
    merge(desk, "<b>Forty</b> bins", desk.editor())
    merge(desk, "<b>Forty</b> bins\n\nand a school", desk.editor("partner"))
    client.login(desk.team.de["reviewer"])
    address = f"/items/{desk.measure.id}/who"
    page = get(client, f"{address}?text={TEXT}&lang=en")
    assert "Editor partner" not in page
    assert "and a school (Abenkrom," in words(page)
    assert "&lt;b&gt;" in page
    page = words(get(client, f"{address}?text={TEXT}&by=person&lang=en"))
    assert "and a school (Abenkrom: Editor partner," in page
    assert client.get(f"{address}?text=made.up").status_code == 404
    assert "Choose a text" in get(client, address + "?lang=en")


def test_whoever_is_gone_leaves_their_words_and_no_name(desk: VersionedMeasure) -> None:
    merge(desk, "Written by a guest", desk.editor())
    compact_log(desk)
    with writing():
        db.session.delete(db.session.get_one(Person, desk.editor().id))
    assert passages_with_authors(desk)[0][-1][1] == "On neither side: Somebody"


def test_when_is_told_too(desk: VersionedMeasure) -> None:
    merge(desk, "Old words", desk.editor())
    age_updates(desk, 30)
    merge(desk, "Old words, new ones", desk.editor())
    compact_log(desk)
    (line,) = authored_passages(desk.measure, TEXT, PERSON)
    assert len(line) == 1, "one hand"
    assert line[0].since is not None
    assert line[0].until is not None
    assert timedelta(hours=29) < line[0].until - line[0].since < timedelta(hours=31)
    assert now() - line[0].until < timedelta(minutes=5)


def test_whose_the_letters_are_is_known_without_reading_the_text_once_it_is_folded(
    any_database: str, desk: VersionedMeasure, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write("description.en", "Forty bins near the market.", by=desk.editor())
    name = desk.measure.name
    before = document_store.stored_attribution(name)
    assert before == {
        fragment: attribution.spans for fragment, attribution in document_store.attribution_of(name).items()
    }
    document_store.compact(document_store.find_document(name).id)
    monkeypatch.setattr(document_store, "attribution_of", None)
    after = document_store.stored_attribution(name)
    assert after == {fragment: spans for fragment, spans in before.items() if any(span.by for span in spans)}
    assert after
