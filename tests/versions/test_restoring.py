"""Restoring one text, one field, one row or everything, as a new version on top."""

from __future__ import annotations

import random

import pytest

from klimawerk.collab import rich_text
from klimawerk.collab.rich_text import Node, from_plain_text
from klimawerk.collab.storage import document_store
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.sheets.items import lock_item
from klimawerk.sheets.models import Row
from klimawerk.sheets.rows import append_row, delete_row, move_row, restore_row, rows_of
from klimawerk.sheets.service import FieldRef, set_value
from klimawerk.versions import service, verification
from klimawerk.versions.comparison import compare_states
from klimawerk.versions.version_restore import NothingToRestore, ReferenceDeleted, restore_part
from klimawerk.versions.version_states import present_state, state_of
from tests.client import ProofReader
from tests.versions.conftest import VersionedMeasure
from tests.versions.test_pages import get, workshop


def restore_version(desk: VersionedMeasure, number: int, part: str, reason: str = "") -> None:
    db.session.rollback()
    version = service.version_by_number(desk.measure.id, number)
    assert version is not None
    restore_part(desk.measure, version, part, by=desk.member(), reason=reason)


def plain(desk: VersionedMeasure, fragment: str) -> str:
    db.session.rollback()
    return rich_text.to_plain_text(document_store.contents(desk.measure.name)[fragment])


def test_one_text_comes_back_and_nothing_else(any_database: str, desk: VersionedMeasure) -> None:
    workshop(desk)
    restore_version(desk, 1, "text:description.en", "The old wording was agreed.")
    assert plain(desk, "description.en").startswith("Forty bins")
    assert plain(desk, "description.de").startswith("Fünfzig"), "only the one that was asked for"
    shown = document_store.texts([desk.measure.name])[desk.measure.name]["description.en"].plain
    assert shown.startswith("Forty bins"), "lists and first paint follow at once"
    _first, before, after = desk.versions
    assert [before.reason, after.reason, after.note] == ["restore", "restore", "The old wording was agreed."]
    assert after.by == desk.editor().id
    restore_version(desk, before.number, "text:description.en")
    assert plain(desk, "description.en").startswith("Fifty bins"), "bringing back can be taken back"
    assert list(verification.version_faults()) == []


def numbered(order: int, *marks: Node) -> Node:
    """A numbered list with one item."""
    run = {"type": "text", "text": "one", **({"marks": list(marks)} if marks else {})}
    item = {"type": "list_item", "content": [{"type": "paragraph", "content": [run]}]}
    return {"type": "doc", "content": [{"type": "ordered_list", "attrs": {"order": order}, "content": [item]}]}


def test_a_list_comes_back_with_its_first_number_and_without_a_link_of_before(
    desk: VersionedMeasure, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = {"type": "link", "attrs": {"href": "https:example.org"}}
    with monkeypatch.context() as former:
        former.setattr(rich_text, "is_allowed_link", lambda _href: True)
        with writing():
            document_store.replace_contents(desk.measure.name, {"description.en": numbered(3, link, {"type": "em"})})
        desk.keep()
    assert state_of(desk.versions[0]).text("description.en") == numbered(3, link, {"type": "em"})
    desk.write("description.en", "something else")
    restore_version(desk, 1, "text:description.en")
    db.session.rollback()
    assert document_store.contents(desk.measure.name)["description.en"] == numbered(3, {"type": "em"})


def test_a_field_and_a_line_come_back(desk: VersionedMeasure) -> None:
    workshop(desk)
    costs = state_of(service.version_by_number(desk.measure.id, 1)).rows("costs")  # type: ignore[arg-type]
    restore_version(desk, 1, f"row:{costs[1]['id']}")
    restore_version(desk, 1, f"row:{costs[0]['id']}")
    steps = state_of(service.version_by_number(desk.measure.id, 1)).rows("steps")  # type: ignore[arg-type]
    restore_version(desk, 1, f"row:{steps[1]['id']}")
    desk.set("priority", "low")
    restore_version(desk, 1, "value:priority")
    left = compare_states(state_of(service.version_by_number(desk.measure.id, 1)), present_state(desk.measure.id))  # type: ignore[arg-type]
    assert sorted(left.texts) == ["description.de", "description.en"]
    assert not left.rows
    assert not left.values


def test_what_does_not_differ_makes_no_version(desk: VersionedMeasure) -> None:
    workshop(desk)
    for part in ("value:priority", "text:notes.en", "row:made-up", "value:made_up", "made up"):
        with pytest.raises(NothingToRestore):
            restore_version(desk, 1, part)
    assert len(desk.versions) == 1


def test_consent_is_not_brought_back(desk: VersionedMeasure) -> None:
    with writing():
        desk.measure.values = {**desk.measure.values, "planning_state": "agreed"}
    desk.keep()
    desk.set("planning_state", "review")
    with pytest.raises(ReferenceDeleted):
        restore_version(desk, 1, "value:planning_state")
    desk.set("priority", "low")
    restore_version(desk, 1, "all")
    db.session.refresh(desk.measure)
    assert desk.measure.values["priority"] == "high"
    assert desk.measure.values["planning_state"] == "review"


@pytest.mark.parametrize("seed", range(6))
def test_bringing_back_everything_makes_it_equal(desk: VersionedMeasure, seed: int) -> None:
    """After random edits of fields, rows and texts, a restore makes the item equal to the version."""
    dice = random.Random(seed)
    print(f"seed {seed}")
    workshop(desk)
    for _ in range(4):
        for _ in range(8):
            edit(desk, dice)
        service.take_version(desk.measure.id, service.QUIET)
    wanted = dice.choice(desk.versions[:-1])
    restore_version(desk, wanted.number, "all")
    version = service.version_by_number(desk.measure.id, wanted.number)
    assert version is not None
    left = compare_states(state_of(version), present_state(desk.measure.id))
    assert left.is_empty, left
    assert desk.versions[-1].content_hash == service.version_by_number(desk.measure.id, wanted.number).content_hash  # type: ignore[union-attr]


def edit(desk: VersionedMeasure, dice: random.Random) -> None:
    by = desk.editor(dice.choice(["de", "partner"])).id
    kind = dice.choice(["steps", "costs", "risks"])
    rows = rows_of(desk.measure).get(kind, [])
    choice = dice.randrange(6)
    if choice == 0 or (choice in (1, 2, 3) and not rows):
        append_row(desk.measure, kind, {"text.en": f"line {dice.randint(0, 99)}"}, by=by)
    elif choice == 1:
        move_row(desk.measure, dice.choice(rows), dice.choice([*(r.id for r in rows), None]), by=by)
    elif choice == 2:
        delete_row(desk.measure, dice.choice(rows), by=by)
    elif choice == 3:
        place = FieldRef(desk.measure, "text.de", dice.choice(rows))
        set_value(place, dice.choice([None, f"Wörter {dice.randint(0, 99)}"]), based_on=place.rev, by=by)
    elif choice == 4:
        desk.set(dice.choice(["ghg_t_co2e_a", "ghg_energy_mwh_a"]), dice.choice([None, "1", "2.5"]))
    else:
        blocks = [dice.choice(["Forty bins 😀", "Ein Satz.", "Last.", ""]) for _ in range(dice.randint(1, 5))]
        text: Node = from_plain_text("\n\n".join(blocks))
        with writing():
            document_store.merge_contents(desk.measure.name, {dice.choice(["notes.en", "description.de"]): text}, by=by)


def test_the_page_offers_it_to_those_who_may(desk: VersionedMeasure, client: ProofReader) -> None:
    workshop(desk)
    address = f"/items/{desk.measure.id}/compare?from=1&to=now&view=sides"
    client.login(desk.team.partner["reviewer"])
    assert "Bring back" not in get(client, address)
    restore = f"/items/{desk.measure.id}/versions/1/restore"
    assert client.post(restore, data={"part": "text:description.en"}).status_code == 403
    client.login(desk.editor("partner"))
    assert get(client, address).count('name="part" value="text:') == 2
    answer = client.post(restore, data={"part": "text:description.en", "view": "sides"})
    assert answer.location.endswith("compare?from=1&to=now&view=sides")
    page = get(client, answer.location)
    assert "Brought back from version 1. What was there before is version 2." in page
    assert page.count('name="part" value="text:description.de"') == 1
    assert "Undo" in page.split('class="card restored"', 1)[1].split("</section>", 1)[0]
    assert "Brought back" not in get(client, answer.location), "said once"
    assert "Bring back" not in get(client, f"/items/{desk.measure.id}/compare?from=1&to=2")
    client.post(restore, data={"part": "text:description.en"})
    assert "It stands there already." in get(client, address)
    lock_item(desk.measure, "we vote now", by="Miriam")
    assert "Bring back" not in get(client, address)
    assert client.post(restore, data={"part": "all"}).status_code == 423


def test_a_deleted_line_keeps_its_place(desk: VersionedMeasure) -> None:
    for words in ("two", "three"):
        append_row(desk.measure, "steps", {"text.en": words}, by=None)
    desk.keep()
    second = rows_of(desk.measure)["steps"][1]
    delete_row(desk.measure, second, by=desk.editor().id)
    restore_version(desk, 1, f"row:{second.id}")
    assert [row.cells["text.en"] for row in rows_of(desk.measure)["steps"]] == ["Analyse the waste", "two", "three"]
    assert db.session.get_one(Row, second.id).deleted_at is None
    restore_row(desk.measure, second, by=desk.editor().id)
