"""Pages of versions: the history, and comparisons of any two versions; for members only."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from klimawerk.collab.rich_text import from_plain_text
from klimawerk.collab.storage import document_store
from klimawerk.database import writing
from klimawerk.overview.recycle_bin import delete_item
from klimawerk.programmes.service import programme_of, set_rate
from klimawerk.sheets.rows import append_row, delete_row, move_row, rows_of
from klimawerk.versions import service
from tests import factories
from tests.client import ProofReader
from tests.versions.conftest import VersionedMeasure


def words(page: str) -> str:
    """Text of a page, without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def get(client: ProofReader, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, f"{path}: {answer.status}"
    return answer.get_data(as_text=True)


@pytest.fixture
def history(desk: VersionedMeasure) -> str:
    return f"/items/{desk.measure.id}/history"


@pytest.fixture
def compare(desk: VersionedMeasure) -> str:
    return f"/items/{desk.measure.id}/compare"


def workshop(desk: VersionedMeasure) -> None:
    """Changes to a measure as in a workshop."""
    append_row(desk.measure, "steps", {"text.en": "Order the bins"}, by=None)
    append_row(desk.measure, "costs", {"category": "personnel", "text.en": "A caretaker"}, by=None)
    desk.write("description.en", "Forty bins are set up.\n\nThe market women sort.")
    desk.write("description.de", "Vierzig Tonnen werden aufgestellt.")
    desk.keep("Before the workshop")
    steps, costs = rows_of(desk.measure)["steps"], rows_of(desk.measure)["costs"]
    move_row(desk.measure, steps[1], steps[0].id, by=None)
    desk.set("amount", {"amount": "64000.00", "currency": "EUR"}, row="costs")
    delete_row(desk.measure, costs[1], by=desk.editor().id)
    desk.write("description.en", "Fifty bins are set up.\n\nThe market women sort.", by=desk.editor("partner"))
    desk.write("description.de", "Fünfzig Tonnen werden aufgestellt.")


def test_a_comparison_of_now_with_now_names_who_has_worked_here(
    client: ProofReader, desk: VersionedMeasure, compare: str
) -> None:
    workshop(desk)
    client.login(desk.team.de["reviewer"])
    page = words(get(client, f"{compare}?from=now&to=now&lang=en"))
    assert desk.editor("partner").name in page
    assert "Somebody" not in page


def test_a_state_is_kept_from_the_sheet_and_stands_in_the_history(
    any_database: str, desk: VersionedMeasure, client: ProofReader, history: str
) -> None:
    client.login(desk.editor("partner"))
    sheet = get(client, f"/measures/{desk.measure.id}")
    assert f'href="{history}"' in sheet
    assert f'href="{history}#keep"' in sheet
    assert f'action="/items/{desk.measure.id}/versions"' in get(client, history)
    answer = client.post(f"/items/{desk.measure.id}/versions", data={"label": "<b>Mission</b>", "note": "All agreed."})
    assert answer.status_code == 303
    page = get(client, answer.location)
    assert "Version 1: &lt;b&gt;Mission&lt;/b&gt;" in page
    assert "kept by hand, by Editor partner" in words(page)
    client.post(f"/items/{desk.measure.id}/versions", data={})
    assert "Nothing has changed since version 1" in get(client, history)


def test_versions_taken_by_themselves_are_folded_between_the_kept_ones(
    desk: VersionedMeasure, client: ProofReader, history: str
) -> None:
    desk.keep("First")
    for number in range(4):
        desk.set("ghg_t_co2e_a", str(number))
        service.take_version(desk.measure.id, service.QUIET)
    desk.set("ghg_t_co2e_a", "9")
    desk.keep("Last")
    client.login(desk.editor("partner"))
    page = get(client, history)
    folded = page[page.index("4 versions taken by themselves") :]
    assert folded.index("Version 2") < folded.index("</details>")
    assert "Version 6: Last" not in folded


def test_a_history_follows_live(desk: VersionedMeasure, client: ProofReader, history: str) -> None:
    client.login(desk.editor("partner"))
    assert f'data-topic="versions:{desk.measure.id}" data-rev="0"' in get(client, history)
    desk.keep("Fresh")
    answer = client.fragment(f"{history}/changes?since=0")
    assert answer.headers["X-Rev"] == "1"
    assert "Version 1: Fresh" in answer.get_data(as_text=True)


def test_a_long_history_is_read_in_pages(desk: VersionedMeasure, client: ProofReader, history: str) -> None:
    for number in range(63):
        desk.set("ghg_t_co2e_a", str(number))
        service.take_version(desk.measure.id, service.QUIET)
    client.login(desk.editor("partner"))
    page = get(client, history)
    assert 'id="version-4"' in page
    assert 'id="version-3"' not in page
    assert 'id="version-3"' in get(client, f"{history}?before=4")


def test_only_coordinators_name_versions_of_others(desk: VersionedMeasure, client: ProofReader, history: str) -> None:
    desk.keep("First")
    address = f"/items/{desk.measure.id}/versions/1/name"
    client.login(desk.editor("partner"))
    assert client.post(address, data={"label": "Mine"}).status_code == 403
    client.login(desk.team.partner["coordinator"])
    assert address in get(client, history)
    assert client.post(address, data={"label": "After the mission", "note": ""}).status_code == 303
    assert desk.versions[0].label == "After the mission"


def test_a_history_is_for_members_and_nobody_else_learns_of_it(
    desk: VersionedMeasure, client: ProofReader, history: str, compare: str
) -> None:
    desk.keep()
    urls = [history, f"{history}/1", f"{compare}?from=1"]
    assert {client.get(url).status_code for url in urls} == {302}
    client.login(factories.partnership("Anderstadt", "Otherton").de["coordinator"])
    assert {client.get(url).status_code for url in [*urls, f"{history}/changes"]} == {404}
    assert client.post(f"/items/{desk.measure.id}/versions", data={}).status_code == 404
    client.login(desk.team.partner["observer"])
    assert {client.get(url).status_code for url in urls} == {200}
    assert client.post(f"/items/{desk.measure.id}/versions", data={}).status_code == 403
    assert "Keep this version" not in get(client, f"/measures/{desk.measure.id}")


@pytest.mark.parametrize("view", ["redline", "fields", "sides"])
def test_exactly_what_changed_is_shown(
    any_database: str, desk: VersionedMeasure, client: ProofReader, compare: str, view: str
) -> None:
    workshop(desk)
    client.login(desk.editor("partner"))
    page = get(client, f"{compare}?from=1&to=now&view={view}")
    changed = page[: page.index("unchanged</summary>")]
    text = words(changed)
    assert "2 fields changed, 1 step moved, 2 cost lines changed" in text
    assert re.findall(r'<section class="card change" id="([\w-]+)"', changed) == [
        "change-description-de",
        "change-description-en",
        "change-rows-steps",
        "change-rows-costs",
    ]
    assert "Step 1: Order the bins moved from place 2 to 1" in text
    assert "62,000" in text
    assert "64,000" in text
    assert "A caretaker" in text
    assert "Analyse the waste" not in text, "what did not change is not open"
    assert "German has changed as well." in text
    assert "Priority" not in text
    assert "Abenkrom: Editor partner Wiesenbrück: Editor de" in words(page), "one's own side first"


def test_words_are_marked_and_told(desk: VersionedMeasure, client: ProofReader, compare: str) -> None:
    workshop(desk)
    client.login(desk.editor("partner"))
    page = get(client, f"{compare}?from=1&to=now")
    assert '<del><span class="unseen" lang="en">[removed:] </span>Forty</del>' in page
    assert '<ins><span class="unseen" lang="en">[added:] </span>Fifty</ins> bins are set up.' in page
    sides = get(client, f"{compare}?from=1&to=now&view=sides")
    before = sides[sides.index("<dt>Before</dt>", sides.index('id="change-description-en"')) :]
    before = before[: before.index("</dd>")]
    assert "Forty" in before
    assert "Fifty" not in before
    assert "<del>" not in get(client, f"{compare}?from=1&to=now&view=fields").split("</dl>", 1)[1]


def test_one_language_alone(desk: VersionedMeasure, client: ProofReader, compare: str) -> None:
    workshop(desk)
    client.login(desk.editor("partner"))
    page = get(client, f"{compare}?from=1&to=now&texts=de&view=sides")
    assert 'id="change-description-de"' in page
    assert 'id="change-description-en"' not in page
    assert "view=redline&amp;texts=de" in page, "the switches keep the language"


def test_a_version_compared_with_itself_shows_nothing(
    desk: VersionedMeasure, client: ProofReader, compare: str
) -> None:
    workshop(desk)
    desk.keep()
    client.login(desk.editor("partner"))
    for address in ("?from=2&to=2", "?from=2&to=now"):
        page = get(client, compare + address)
        assert "Nothing changed." in page
        assert 'class="card change"' not in page


def test_two_versions_in_the_wrong_order_are_turned_round(
    desk: VersionedMeasure, client: ProofReader, compare: str
) -> None:
    workshop(desk)
    desk.keep()
    client.login(desk.editor("partner"))
    assert client.get(f"{compare}?from=2&to=1&view=sides").location.endswith("?from=1&to=2&view=sides")
    for wrong in (
        "from=9",
        "from=x",
        "from=",
        "from=1&view=wrong",
        "from=1&texts=fr",
        "from=1&to=99999999999999999999",
    ):
        assert client.get(f"{compare}?{wrong}").status_code == 404, wrong


def test_the_reader_sees_it_in_german(desk: VersionedMeasure, client: ProofReader, compare: str, history: str) -> None:
    workshop(desk)
    desk.keep("Später")
    client.login(desk.editor("de"))
    for path in (history, f"{history}/1", f"{compare}?from=1&to=2", f"{compare}?from=1&to=now&view=sides"):
        assert '<html lang="de"' in get(client, path)


def test_hostile_texts_stay_text(desk: VersionedMeasure, client: ProofReader, compare: str, history: str) -> None:
    desk.keep()
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)> \u202eשלום 😀 " + "x" * 120
    desk.write("description.en", evil)
    desk.set("text.en", evil[:400], row="steps")
    link: dict[str, Any] = {
        "type": "text",
        "text": "click",
        "marks": [{"type": "link", "attrs": {"href": "https://a.example/?\"'<b>"}}],
    }
    with writing():
        notes: dict[str, Any] = {"type": "doc", "content": [{"type": "paragraph", "content": [link]}]}
        link["marks"][0]["attrs"]["href"] = "https://a.example/?'&lt;"
        document_store.replace_contents(desk.measure.name, {"notes.en": notes, "title.en": from_plain_text(evil[:100])})
    desk.keep(evil[:100])
    client.login(desk.editor("partner"))
    for view in ("redline", "fields", "sides"):
        page = get(client, f"{compare}?from=1&to=2&view={view}")
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page
    assert "<img" not in get(client, history)
    assert "<img" not in get(client, f"{history}/2")


def test_beyond_the_limit_whole_paragraphs_stand_on_the_page_and_it_says_so(
    desk: VersionedMeasure, client: ProofReader, compare: str
) -> None:
    desk.write("description.en", "wort " * 10_000)
    desk.keep()
    desk.write("description.en", "رأي " * 12_000 + "e\u0301" * 500)
    client.login(desk.editor("partner"))
    for view in ("redline", "sides"):
        page = get(client, f"{compare}?from=1&to=now&view={view}")
        assert "This text is too long to be compared word by word; whole paragraphs are shown." in page
        assert (page.count("<del>"), page.count("<ins>")) == (1, 1), "one paragraph each"
    desk.keep()
    desk.write("description.en", "short")
    assert "too long to be compared" not in get(client, f"{compare}?from=2&to=2")


def test_the_keys_of_the_page_are_listed(
    desk: VersionedMeasure, client: ProofReader, compare: str, history: str
) -> None:
    workshop(desk)
    client.login(desk.editor("partner"))
    page = words(get(client, f"{compare}?from=1&to=now"))
    assert "nNext changepPrevious change" in page
    assert "Next change" not in words(get(client, history)), "only where they do something"


def test_what_lies_in_the_bin_keeps_its_history(
    desk: VersionedMeasure, client: ProofReader, history: str, compare: str
) -> None:
    workshop(desk)
    desk.keep()
    delete_item(desk.measure, by=desk.editor().id)
    client.login(desk.editor("partner"))
    assert "This lies in the bin since" in get(client, history)
    assert "Fifty" in get(client, f"{compare}?from=1&to=2")


def test_what_a_field_referred_to_is_named_after_its_end(
    desk: VersionedMeasure, client: ProofReader, compare: str
) -> None:
    programme = programme_of(desk.measure)
    field = append_row(programme, "fields", {"code": "EN", "title.en": "Energy"}, by=None)
    desk.set("field", field.id)
    desk.keep()
    desk.set("field", rows_of(programme)["fields"][0].id)
    delete_row(programme, field, by=desk.editor().id)
    client.login(desk.editor("partner"))
    assert "EN Energy" in get(client, f"{compare}?from=1&to=now")


def test_the_programme_is_compared_too(desk: VersionedMeasure, client: ProofReader) -> None:
    programme = programme_of(desk.measure)
    service.keep_version(programme.id, by=desk.member(), label="Start")
    set_rate(programme, rate=Decimal("14.5"), on=date(2026, 11, 20), by=None)
    client.login(desk.editor("partner"))
    assert f"/items/{programme.id}/history" in get(client, f"/programmes/{programme.id}")
    text = words(get(client, f"/items/{programme.id}/compare?from=1&to=now&view=fields"))
    assert "Planning rate Before13 Now14.5 Date of the planning rate Before1 November 2026" in text


def test_each_change_names_who_made_it(desk: VersionedMeasure, client: ProofReader, compare: str) -> None:
    workshop(desk)
    desk.set("priority", "low", by=desk.editor("partner"))
    client.login(desk.team.partner["reviewer"])
    page = get(client, f"{compare}?from=1&to=now")
    made = {
        anchor: re.findall(r'<span class="side (\w*)">([^<]+)</span>', section)
        for anchor, section in re.findall(
            r'<section class="card change" id="change-([\w-]+)"(.*?)</section>', page, re.S
        )
    }
    assert made["priority"] == [("partner", "Editor partner")]
    assert made["rows-costs"] == [("de", "Editor de"), ("de", "Editor de")], "one line was changed, one removed"
    assert made["rows-steps"] == [], "of a move nobody is recorded"


def test_one_person_alone_made_all_changes(desk: VersionedMeasure, client: ProofReader, compare: str) -> None:
    """Also the deletion of words, which leaves no attribution."""
    desk.write("description.en", "Forty bins are set up.")
    desk.keep()
    desk.write("description.en", "Forty bins.", by=desk.editor("partner"))
    client.login(desk.editor())
    assert '<p class="by"><span class="side partner">Editor partner</span>' in get(client, f"{compare}?from=1&to=now")


def test_a_comment_begins_about_the_changed_field(desk: VersionedMeasure, client: ProofReader, compare: str) -> None:
    workshop(desk)
    desk.set("priority", "low")
    client.login(desk.team.partner["reviewer"])
    page = get(client, f"{compare}?from=1&to=now")
    row = rows_of(desk.measure)["costs"][0]
    asked = re.findall(r'name="about" value="([^"]+)"', page)
    assert asked == ["description.de", "description.en", f"row:{row.id}:amount", "priority"], "the removed line is gone"
    form = page[page.index('name="about" value="priority"') :]
    sent = {name: re.search(f'name="{name}" value="([^"]*)"', form)[1] for name in ("language", "back")}  # type: ignore[index]
    back = sent["back"].replace("&amp;", "&")
    data = {"words": "Why lower?", "about": "priority", "kind": "question", "language": sent["language"]}
    answer = client.post(f"/items/{desk.measure.id}/comments", data={**data, "back": back})
    assert answer.location == f"{compare}?from=1&to=now&view=redline&texts=#change-priority"
    assert "Your comment is sent." in get(client, answer.location)
    thread = get(client, f"/items/{desk.measure.id}/comments")
    assert f'<a href="/measures/{desk.measure.id}#f-{desk.measure.id}-priority">Priority</a>' in thread
    assert '<q class="value">low</q>' in thread
    assert "Why lower?" in thread
    for elsewhere in ("https://else.example/", f"//else{compare}?", "/items/999/compare?from=1", ""):
        answer = client.post(f"/items/{desk.measure.id}/comments", data={**data, "back": elsewhere})
        assert answer.location.startswith(f"/items/{desk.measure.id}/comments#"), elsewhere
    client.login(desk.team.partner["observer"])
    assert 'name="about"' not in get(client, f"{compare}?from=1&to=now")


def test_a_link_to_a_comparison_shows_every_member_the_same(
    desk: VersionedMeasure, client: ProofReader, compare: str
) -> None:
    workshop(desk)
    desk.keep("After")
    desk.set("priority", "low")
    shown = set()
    for person in (desk.editor("partner"), desk.team.partner["observer"], desk.team.partner["reviewer"]):
        client.login(person)
        page = get(client, f"{compare}?from=1&to=2&view=sides&texts=en")
        shown.add((tuple(re.findall(r'class="card change" id="([\w-]+)"', page)), re.findall("<h1.*?</h1>", page)[0]))
    assert len(shown) == 1
    assert "From version 1 to 2: 1 field changed, 1 step moved, 2 cost lines changed" in shown.pop()[1]


def test_both_ends_are_chosen_from_all_versions(desk: VersionedMeasure, client: ProofReader, compare: str) -> None:
    workshop(desk)
    desk.keep("After")
    client.login(desk.editor("partner"))
    page = get(client, f"{compare}?from=1&to=2")
    ends = re.findall(r'<select id="(from|to)".*?</select>', page)
    assert ends == ["from", "to"]
    for version in ("Version 2: After, ", "Version 1: Before the workshop, "):
        assert page.count(f">{version}") == 2
    assert page.count(" selected>") == 2


def test_what_was_brought_back_is_undone(desk: VersionedMeasure, client: ProofReader, compare: str) -> None:
    desk.keep()
    desk.set("priority", "low")
    client.login(desk.editor("partner"))
    restore = f"/items/{desk.measure.id}/versions"
    page = get(client, client.post(f"{restore}/1/restore", data={"part": "value:priority"}).location)
    assert "Priority: Brought back from version 1. What was there before is version 2." in words(page)
    assert "Nothing changed." in page
    undo = page[page.index("/versions/2/restore") :]
    assert 'name="from" value="1"' in undo.split("</form>")[0]
    answer = client.post(f"{restore}/2/restore", data={"part": "value:priority", "from": "1"})
    assert answer.location.endswith("compare?from=1&to=now"), "the same comparison as before"
    assert 'id="change-priority"' in get(client, answer.location)
    assert client.post(f"{restore}/2/restore", data={"part": "value:priority", "from": "x"}).status_code == 404
