"""Pages of editions: create, read, compare and export; for members only."""

from __future__ import annotations

import hashlib
import json

import pytest

from klimawerk.collab.rich_text import from_plain_text
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.goals.service import create_goal
from klimawerk.measures.service import create_measure, move_measure
from klimawerk.overview.recycle_bin import delete_item
from klimawerk.versions.hash_chain import canonical_json
from tests import factories
from tests.client import ProofReader
from tests.editions.conftest import EditionsScene
from tests.versions.test_pages import get, words


def test_a_coordinator_makes_one_and_everybody_reads_it_as_it_was(
    any_database: str, house: EditionsScene, client: ProofReader
) -> None:
    client.login(house.team.partner["coordinator"])
    assert f'href="{house.address}"' in get(client, f"/programmes/{house.programme.id}")
    data = {"name": "<b>Council</b>", "purpose": "council", "note": "For the 20th of May."}
    answer = client.post(house.address, data=data)
    assert answer.status_code == 303
    listed = get(client, answer.location)
    assert "&lt;b&gt;Council&lt;/b&gt;" in listed
    assert "Draft for the councils" in listed
    assert "1 goal, 2 measures. Made by Coordinator partner (Abenkrom)." in words(listed)

    house.write("description.en", "Fifty bins are set up.")
    house.write("title.en", "Blue bins")
    house.set("amount", {"amount": "99000.00", "currency": "EUR"}, row="costs")
    delete_item(house.second, by=house.editor().id)
    client.login(house.team.partner["observer"])
    page = get(client, f"{house.address}/1")
    assert "Forty bins are set up." in page
    assert "Compost site" in page
    assert "EUR\u00a062,000" in page
    for later in ("Fifty", "Blue bins", "99,000"):
        assert later not in page
    assert "data-topic" not in page.split("<main", 1)[1], "what was does not follow what is"
    now = get(client, f"/programmes/{house.programme.id}")
    assert "Fifty" in now, "the check can see the difference"


def test_the_whole_sheet_of_each_measure_can_be_read(house: EditionsScene, client: ProofReader) -> None:
    house.fix()
    house.set("text.en", "Something else", row="steps")
    client.login(house.editor("partner"))
    assert "Analyse the waste" not in get(client, f"{house.address}/1")
    whole = words(get(client, f"{house.address}/1?sheets=all"))
    assert "Analyse the waste" in whole
    assert "Equipment" in whole
    assert "Something else" not in whole


def test_it_is_read_in_the_language_one_chooses(house: EditionsScene, client: ProofReader) -> None:
    house.write("description.de", "Vierzig Tonnen werden aufgestellt.")
    house.fix("Ratsentwurf")
    client.login(house.editor("de"))
    assert "Vierzig Tonnen" in get(client, f"{house.address}/1?show=de")
    english = get(client, f"{house.address}/1?show=en")
    assert "Forty bins" in english
    assert "Vierzig" not in english


def test_who_may_do_what(house: EditionsScene, client: ProofReader) -> None:
    data = {"name": "Draft", "purpose": "council"}
    for role in ("editor", "reviewer", "observer"):
        client.login(house.team.de[role])
        assert client.post(house.address, data=data).status_code == 403
        assert 'action="/programmes/' not in get(client, house.address).split("<main", 1)[1]
    client.login(house.team.moderator)
    assert client.post(house.address, data=data).status_code == 303
    assert "Draft" in get(client, house.address)
    client.login(house.editor())
    assert client.post(f"{house.address}/1/name", data={"name": "Mine"}).status_code == 403
    client.login(factories.person())
    for path in ("", "/1", "/1.json", "/compare?from=1"):
        assert client.get(house.address + path).status_code == 404
    assert client.post(house.address, data=data).status_code == 404


def test_addresses_of_nothing_are_not_found(house: EditionsScene, client: ProofReader) -> None:
    house.fix()
    client.login(house.editor())
    for path in ("/2", "/2.json", "/compare?from=2", "/compare?from=1&view=x", "/compare?from=1&texts=fr", "/compare"):
        assert client.get(house.address + path).status_code == 404, path
    assert client.get(f"/programmes/{house.measure.id}/editions").status_code == 404


def test_a_nameless_one_is_asked_for_a_name(house: EditionsScene, client: ProofReader) -> None:
    client.login(house.team.partner["coordinator"])
    answer = client.post(house.address, data={"name": " ", "purpose": "council"})
    assert "Please give the fixed copy a name." in get(client, answer.location)
    house.fix("Counsil")
    answer = client.post(f"{house.address}/1/name", data={"name": "Council", "note": "Sent."})
    page = get(client, answer.location)
    assert "Counsil" not in page
    assert "Sent." in page


def test_the_file_proves_itself(house: EditionsScene, client: ProofReader) -> None:
    """Verified with nothing but the file, as outside of this installation."""
    house.fix("One")
    house.set("priority", "low")
    house.fix("Two", "adopted")
    client.login(house.team.partner["observer"])
    answer = client.get(f"{house.address}/2.json")
    assert answer.mimetype == "application/json"
    file = json.loads(answer.get_data())

    def sha(value: object) -> str:
        return hashlib.sha256(canonical_json(value)).hexdigest()

    for key, part in file["parts"].items():
        assert sha(part) == key
    for entry in file["versions"]:
        assert sha(entry["manifest"]) == entry["content"]
        assert set(entry["manifest"]["parts"].values()) <= file["parts"].keys()
        assert sha({name: entry[name] for name in ("at", "content", "number", "previous", "reason")}) == entry["hash"]
    edition = file["edition"]
    assert sha(edition["manifest"]) == edition["content"]
    assert [entry["hash"] for entry in edition["manifest"]["versions"]] == [entry["hash"] for entry in file["versions"]]
    assert sha({name: edition[name] for name in ("at", "content", "number", "previous")}) == edition["hash"]
    assert "Editor" not in answer.get_data(as_text=True), "no person stands in it"
    assert "Coordinator" not in answer.get_data(as_text=True)


# Comparison


def mission(house: EditionsScene) -> Goal:
    """Changes as during a mission: one measure changed, one removed, one added, one moved to another goal."""
    goal = db.session.get_one(Goal, house.measure.goal_id)
    third = create_measure(goal, texts={"title.en": from_plain_text("School gardens")}, by=None)
    house.fix("Before")
    other = create_goal(house.programme, texts={"title.en": from_plain_text("Shade for the market")}, by=None)
    create_measure(other, texts={"title.en": from_plain_text("Plant trees")}, by=None)
    move_measure(third, other, None, by=house.editor().id)
    house.write("description.en", "Fifty bins are set up.")
    delete_item(house.second, by=house.editor().id)
    return other


@pytest.mark.parametrize("to", ["2", "now"])
def test_two_of_them_are_compared(any_database: str, house: EditionsScene, client: ProofReader, to: str) -> None:
    mission(house)
    if to == "2":
        house.fix("After")
        house.write("description.en", "Sixty bins are set up.")
    client.login(house.editor("partner"))
    page = get(client, f"{house.address}/compare?from=1&to={to}")
    text = words(page)
    assert ": 1 goal added, 4 measures changed" in text
    main = page.split("<main", 1)[1]
    order = [main.index(f'id="item-{id_}"') for id_ in _ids(house)]
    assert order == sorted(order), "in the order of the programme"
    assert "WA-02 Compost site removed" in text
    assert "WA-03 School gardens changed moved" in text
    assert "Plant trees added" in text
    assert "1 goal or measure unchanged" in text
    assert "Fifty" in main
    assert "Sixty" not in main
    assert "Wiesenbrück: Editor de" in text


def _ids(house: EditionsScene) -> list[int]:
    shown = ("WA-01", "WA-02", "WA-03")
    ids = {measure.code: measure.id for measure in db.session.scalars(db.select(type(house.measure)))}
    return [ids[code] for code in shown]


def test_all_three_views_are_kept_in_the_address(house: EditionsScene, client: ProofReader) -> None:
    mission(house)
    client.login(house.editor("partner"))
    for view, sign in (("redline", "<del>"), ("fields", "before-now"), ("sides", "before-now")):
        page = get(client, f"{house.address}/compare?from=1&to=now&view={view}&texts=en")
        assert sign in page.split('class="changes"', 1)[1]
        assert f"view={view}&amp;texts=de" in page, "and so is the language"
        assert f"compare?from=1&amp;to=now&amp;view={view}&amp;texts=en" in page


def test_compared_with_itself_nothing_changed(house: EditionsScene, client: ProofReader) -> None:
    house.fix()
    client.login(house.editor("partner"))
    for to in ("1", "now"):
        text = words(get(client, f"{house.address}/compare?from=1&to={to}"))
        assert "Nothing changed." in text
        assert "3 goals and measures unchanged" in text


def test_the_order_of_measures_is_compared(house: EditionsScene, client: ProofReader) -> None:
    house.fix()
    goal = db.session.get_one(Goal, house.measure.goal_id)
    move_measure(house.second, goal, house.measure.id, by=house.editor().id)
    client.login(house.editor("partner"))
    text = words(get(client, f"{house.address}/compare?from=1"))
    assert ": 1 measure moved" in text
    assert "measure changed" not in text


def test_an_earlier_one_comes_first(house: EditionsScene, client: ProofReader) -> None:
    house.fix("One")
    house.fix("Two")
    client.login(house.editor("partner"))
    answer = client.get(f"{house.address}/compare?from=now&to=1&view=sides")
    assert answer.status_code == 302
    assert answer.location == f"{house.address}/compare?from=1&to=now&view=sides"


def test_since_the_last_one_stands_on_the_programmes_page(house: EditionsScene, client: ProofReader) -> None:
    client.login(house.editor("partner"))
    page = f"/programmes/{house.programme.id}"
    assert "What changed since" not in get(client, page)
    house.fix("One")
    house.fix("Two")
    assert f'href="{house.address}/compare?from=2">What changed since “Two”' in get(client, page)


def test_a_measures_history_leads_to_what_changed_since_the_last_one(house: EditionsScene, client: ProofReader) -> None:
    client.login(house.editor("partner"))
    address = f"/items/{house.measure.id}"
    assert "What changed since" not in get(client, f"{address}/history")
    house.keep("Earlier")
    house.set("priority", "low")
    house.fix("One")
    house.set("priority", "medium")
    assert f'href="{address}/compare?from=2&amp;to=now">What changed since “One”' in get(client, f"{address}/history")
    text = words(get(client, f"{address}/compare?from=2&to=now&view=fields"))
    assert "Beforelow Nowmedium" in text


def test_what_looks_the_same_counts_as_no_change(house: EditionsScene, client: ProofReader) -> None:
    house.write("description.en", "Forty bins at Café Müller.")
    house.fix()
    house.write("description.en", "Forty bins at Cafe\u0301 Mu\u0308l\u00adler.")
    client.login(house.editor("partner"))
    compared = f"{house.address}/compare?from=1&to=now"
    assert "1 measure changed" not in words(get(client, compared))
    house.write("description.en", "Fifty bins at Café Müller.")
    assert "1 measure changed" in words(get(client, compared)), "the check can see a difference"
