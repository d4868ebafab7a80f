"""Creating editions: each fixes the whole programme at one moment, and can be verified."""

from __future__ import annotations

import json
import threading

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import undefer

from klimawerk.collab.rich_text import from_plain_text
from klimawerk.collab.storage import document_store
from klimawerk.database import writing
from klimawerk.editions import service
from klimawerk.editions.models import Edition, EditionPart
from klimawerk.editions.snapshots import edition_snapshot
from klimawerk.extensions import db
from klimawerk.live.changes import revision
from klimawerk.measures.service import create_measure
from klimawerk.overview.recycle_bin import delete_item
from klimawerk.versions import service as versions
from klimawerk.versions.hash_chain import canonical_json, sha256_hex
from klimawerk.versions.models import Version
from klimawerk.versions.part_store import load_parts, manifest_head
from tests.editions.conftest import EditionsScene


def numbers(edition: Edition) -> dict[str, int]:
    """Number of each item's version, by the item's code ("" for the programme)."""
    return {part.head["code"]: part.version.number for part in edition_snapshot(edition).values() if part.version}


def test_it_takes_a_version_of_everything_and_uses_again_what_has_not_changed(
    any_database: str, house: EditionsScene
) -> None:
    house.keep("Before")
    first = house.fix("After the first mission")
    assert list(numbers(first)) == ["", "Z1", "WA-01", "WA-02"], "in the order of the programme"
    assert set(numbers(first).values()) == {1}, "what was kept already is used again"
    taken = {(entry.item_id, entry.reason) for entry in house.versions}
    assert (house.measure.id, versions.KEPT) in taken
    assert (house.second.id, versions.EDITION) in taken

    house.write("description.en", "Fifty bins are set up.")
    house.set("priority", "low")
    second = house.fix("Council draft", "council")
    assert numbers(second) == {"": 1, "Z1": 1, "WA-01": 2, "WA-02": 1}
    third = house.fix("The same once more", "council")
    assert numbers(third) == numbers(second)
    assert len(house.versions) == 5, "nothing changed means no new version"
    assert [entry.number for entry in service.editions_of(house.programme.id)] == [3, 2, 1]


def test_words_that_were_acknowledged_just_now_are_in_it(house: EditionsScene) -> None:
    """Also before the projection has stored them."""
    house.fix("One")
    before = revision(house.measure.name)
    with writing():
        document_store.replace_contents(
            house.measure.name, {"description.en": from_plain_text("Fifty bins.")}, by=house.editor().id
        )
    assert revision(house.measure.name) == before, "nobody was told yet"
    assert numbers(house.fix("Two"))["WA-01"] == 2


def test_its_hash_covers_every_version_and_the_edition_before(any_database: str, house: EditionsScene) -> None:
    first, second = house.fix("One"), house.fix("Two", "adopted")
    query = select(Edition).order_by(Edition.number).options(undefer(Edition.manifest))
    stored = list(db.session.scalars(query.execution_options(populate_existing=True)))
    manifest = json.loads(stored[1].manifest)
    assert canonical_json(manifest) == stored[1].manifest
    assert (manifest["programme"], manifest["purpose"]) == (house.programme.key, "adopted")
    hashes = {version.hash for version in house.versions}
    assert {version["hash"] for version in manifest["versions"]} == hashes
    assert second.previous == first.hash
    at = stored[1].at.isoformat(timespec="microseconds")
    record = {"at": at, "content": sha256_hex(stored[1].manifest), "number": 2, "previous": first.hash}
    assert second.hash == sha256_hex(canonical_json(record))


def test_a_deleted_measure_is_in_no_later_edition(house: EditionsScene) -> None:
    first = house.fix("One")
    delete_item(house.second, by=house.editor().id)
    assert "WA-02" in numbers(first)
    assert "WA-02" not in numbers(house.fix("Two"))


def test_a_new_measure_is_in_the_next_one(house: EditionsScene) -> None:
    house.fix("One")
    from klimawerk.goals.models import Goal

    goal = db.session.get_one(Goal, house.measure.goal_id)
    create_measure(goal, texts={"title.en": from_plain_text("School gardens")}, by=None)
    assert list(numbers(house.fix("Two"))) == ["", "Z1", "WA-01", "WA-02", "WA-03"]


def test_everything_in_it_is_of_one_moment(postgresql_address: str, app: Flask, house: EditionsScene) -> None:
    """Two measures are changed together all the time; no edition holds one change without the other."""
    pair, stop, failed = [house.measure.id, house.second.id], threading.Event(), []
    names, by = [house.measure.name, house.second.name], house.editor().id

    def change() -> None:
        with app.app_context():
            number = 0
            while not stop.is_set():
                number += 1
                try:
                    with writing():
                        for name in names:
                            document_store.replace_contents(name, {"notes.en": from_plain_text(str(number))}, by=by)
                except Exception as error:
                    failed.append(error)
                    return

    thread = threading.Thread(target=change)
    thread.start()
    try:
        made = [house.fix(f"Copy {number}") for number in range(8)]
    finally:
        stop.set()
        thread.join()
    assert not failed
    seen = set()
    for edition in made:
        parts = edition_snapshot(edition)
        hashes = [parts[id_].hashes.get("text:notes.en") for id_ in pair]
        assert hashes[0] == hashes[1]
        seen.add(hashes[0])
    assert len(seen) > 2, "it did change meanwhile"


def test_two_at_once_make_two_that_follow_each_other(postgresql_address: str, app: Flask, house: EditionsScene) -> None:
    programme_id, start, failed = house.programme.id, threading.Barrier(3), []
    member = house.member(role="coordinator")

    def make(name: str) -> None:
        with app.app_context():
            start.wait()
            try:
                service.create_edition(
                    db.session.get_one(type(house.programme), programme_id), by=member, name=name, purpose="working"
                )
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=make, args=[name]) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert [edition.number for edition in service.editions_of(programme_id)] == [3, 2, 1]
    assert app.test_cli_runner().invoke(args=["versions", "verify"]).exit_code == 0


@pytest.mark.parametrize(("name", "purpose"), [("", "council"), ("  ", "council"), ("Draft", "something")])
def test_it_needs_a_name_and_a_purpose(house: EditionsScene, name: str, purpose: str) -> None:
    with pytest.raises(service.InvalidEditionName):
        house.fix(name, purpose)
    assert not service.editions_of(house.programme.id)
    assert not house.versions


# Verification


def test_editions_verify_with_their_versions(any_database: str, app: Flask, house: EditionsScene) -> None:
    house.fix("One")
    house.set("priority", "low")
    house.fix("Two")
    result = app.test_cli_runner().invoke(args=["versions", "verify"])
    assert result.exit_code == 0, result.output
    assert "2 editions: everything fits." in result.output


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (update(Edition).where(Edition.number == 1).values(manifest=b"{}"), "edition 1: its list of versions"),
        (update(Edition).where(Edition.number == 2).values(hash="0" * 64), "edition 2: its number, time or hash"),
        (update(Edition).where(Edition.number == 1).values(purpose="adopted"), "edition 1: it is of another programme"),
        (update(Edition).where(Edition.number == 2).values(previous=""), "edition 2: does not follow"),
        (update(Edition).where(Edition.number == 2).values(number=3), "edition 3: edition 2 is missing"),
        (
            update(EditionPart).where(EditionPart.position == 2).values(version_id=1),
            "its versions are not those that it names",
        ),
    ],
)
def test_what_was_changed_is_found(app: Flask, house: EditionsScene, spoil: object, said: str) -> None:
    house.fix("One")
    house.fix("Two")
    with writing():
        db.session.execute(spoil)  # type: ignore[call-overload]
    result = app.test_cli_runner().invoke(args=["versions", "verify"])
    assert result.exit_code == 1
    assert said in result.output


def test_a_name_can_be_corrected_and_nothing_else(app: Flask, house: EditionsScene) -> None:
    edition = house.fix("Counsil draft", "council")
    service.rename_edition(edition, name="Council draft", remark="Sent on Monday.")
    assert service.editions_of(house.programme.id)[0].name == "Council draft"
    assert app.test_cli_runner().invoke(args=["versions", "verify"]).exit_code == 0


def test_versions_name_related_measures_by_their_keys(house: EditionsScene) -> None:
    house.measure.values = {**house.measure.values, "related": [house.second.id]}
    db.session.commit()
    version = house.keep()
    _head, parts = manifest_head(version)
    values = json.loads(load_parts([parts["values"]])[parts["values"]])
    assert values["related"] == [house.second.key]
    assert db.session.scalar(select(func.count()).select_from(Version)) == 1
