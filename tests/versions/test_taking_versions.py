"""Taking versions: each is an immutable copy of an item at one moment, and can be verified."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import undefer

from klimawerk.collab.models import Update
from klimawerk.collab.rich_text import from_plain_text
from klimawerk.collab.storage import document_store
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.live.changes import revision
from klimawerk.programmes.service import programme_of
from klimawerk.sheets.rows import move_row, rows_of
from klimawerk.versions import auto_versions, part_store, service, verification
from klimawerk.versions.hash_chain import canonical_json
from klimawerk.versions.models import Version, VersionPart
from tests import factories
from tests.versions.conftest import VersionedMeasure


def content(version: Version) -> dict[str, Any]:
    head, parts = part_store.manifest_head(version)
    loaded = part_store.load_parts(parts.values())
    return {**head, **{name: json.loads(loaded[key]) for name, key in parts.items()}}


def test_a_version_holds_every_field_row_and_text(any_database: str, desk: VersionedMeasure) -> None:
    desk.write("description.de", "Vierzig Tonnen 😀 <b>")
    parts = content(desk.keep("Before the workshop"))
    assert parts["code"] == "WA-01"
    assert parts["item"] == desk.measure.key, "by the name it has elsewhere too"
    assert parts["goal"] == db.session.get_one(Goal, desk.measure.goal_id).key
    assert parts["values"]["priority"] == "high"
    assert parts["text:description.de"]["content"][0]["content"][0]["text"] == "Vierzig Tonnen 😀 <b>"
    assert "text:notes.en" not in parts, "what is empty is left out"
    (row,) = parts["rows:costs"]
    assert row["id"] == rows_of(desk.measure)["costs"][0].id
    assert row["cells"]["amount"] == {"amount": "62000.00", "currency": "EUR"}


def test_the_bytes_are_canonical_and_every_part_is_named_by_its_hash(desk: VersionedMeasure) -> None:
    version = desk.keep()
    assert canonical_json(json.loads(version.manifest)) == version.manifest
    for key, data in part_store.load_parts(part_store.manifest_head(version)[1].values()).items():
        assert canonical_json(json.loads(data)) == data
        assert hashlib.sha256(data).hexdigest() == key


def test_nothing_changed_means_no_new_version(any_database: str, desk: VersionedMeasure) -> None:
    first = desk.keep()
    assert service.take_version(desk.measure.id, service.QUIET) is None
    again, new = service.keep_version(desk.measure.id, by=desk.member(), label="Agreed in Abenkrom")
    assert (again.id, new) == (first.id, False)
    assert again.label == "Agreed in Abenkrom", "the name somebody gave is not lost"
    desk.set("priority", "low")
    desk.set("priority", "high")
    assert service.take_version(desk.measure.id, service.QUIET) is None, "there and back again is no change"
    desk.set("priority", "low")
    assert service.take_version(desk.measure.id, service.QUIET) is not None


def test_the_order_of_rows_and_the_goal_belong_to_it(desk: VersionedMeasure) -> None:
    with writing():
        pass
    from klimawerk.sheets.rows import append_row

    append_row(desk.measure, "steps", {"text.en": "Order the bins"}, by=None)
    desk.keep()
    second = rows_of(desk.measure)["steps"][1]
    move_row(desk.measure, second, rows_of(desk.measure)["steps"][0].id, by=None)
    assert service.take_version(desk.measure.id, service.QUIET) is not None


def test_it_names_who_contributed_since_the_one_before(any_database: str, desk: VersionedMeasure) -> None:
    desk.keep()
    desk.write("description.en", "Fifty bins", by=desk.editor("partner"))
    desk.set("priority", "low", by=desk.editor("de"))
    version = desk.keep(side="partner")
    people = {(contributor["id"], contributor["side"]) for contributor in version.contributors}
    assert people == {(desk.editor("partner").id, "partner"), (desk.editor("de").id, "de")}
    assert (version.by, version.side) == (desk.editor("partner").id, "partner")
    desk.set("priority", "high", by=desk.editor("de"))
    assert [contributor["id"] for contributor in desk.keep().contributors] == [desk.editor("de").id]


def test_compaction_forgets_no_contributor(any_database: str, desk: VersionedMeasure) -> None:
    desk.keep()
    desk.write("description.en", "Fifty bins", by=desk.editor("partner"))
    with writing():
        document_store.compact(document_store.find_document(desk.measure.name).id)
    assert db.session.scalar(select(func.count()).select_from(Update)) == 0
    assert [contributor["id"] for contributor in desk.keep().contributors] == [desk.editor("partner").id]


def test_equal_texts_are_stored_once(desk: VersionedMeasure) -> None:
    desk.write("description.en", "A long description. " * 300)
    desk.keep()
    before = db.session.scalar(select(func.count()).select_from(VersionPart)) or 0
    desk.set("priority", "low")
    desk.keep()
    assert db.session.scalar(select(func.count()).select_from(VersionPart)) == before + 1, "only the values are new"


def test_taking_one_raises_no_revision_of_the_sheet(desk: VersionedMeasure) -> None:
    before = revision(desk.measure.name)
    desk.keep()
    assert revision(desk.measure.name) == before
    assert revision(service.versions_topic(desk.measure.id)) == 1, "its history is what has changed"


def test_two_at_once_make_one(postgresql_address: str, app: Flask, desk: VersionedMeasure) -> None:
    desk.keep()
    desk.set("priority", "low")
    item_id, start, failed = desk.measure.id, threading.Barrier(4), []

    def take() -> None:
        with app.app_context():
            start.wait()
            try:
                service.take_version(item_id, service.QUIET)
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert [version.number for version in desk.versions] == [1, 2]


def test_rows_and_texts_are_of_one_moment(postgresql_address: str, app: Flask, desk: VersionedMeasure) -> None:
    """Fields and texts are changed together all the time; no version holds one without the other."""
    item_id, name, stop = desk.measure.id, desk.measure.name, threading.Event()
    by = desk.editor().id
    desk.keep()

    def change() -> None:
        with app.app_context():
            number = 0
            while not stop.is_set():
                number += 1
                with writing():
                    measure = db.session.get_one(type(desk.measure), item_id)
                    measure.values = {**measure.values, "ghg_t_co2e_a": str(number)}
                    document_store.replace_contents(name, {"notes.en": from_plain_text(str(number))}, by=by)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(15):
            service.take_version(item_id, service.QUIET)
    finally:
        stop.set()
        thread.join()
    pairs = [(f["values"].get("ghg_t_co2e_a"), f.get("text:notes.en")) for f in map(content, desk.versions)]
    assert len(pairs) > 5
    for number, text in pairs[1:]:
        assert text is not None
        assert text["content"][0]["content"][0]["text"] == number


def test_the_programmes_head_has_versions_with_its_rate(desk: VersionedMeasure) -> None:
    programme = programme_of(desk.measure)
    parts = content(service.keep_version(programme.id, by=desk.member())[0])
    assert parts["frame"]["rate"] == "13"
    assert parts["rows:fields"][0]["cells"]["code"] == "WA"


# Verification


def test_an_untouched_history_verifies(any_database: str, app: Flask, desk: VersionedMeasure) -> None:
    for number in range(3):
        desk.set("ghg_t_co2e_a", str(number))
        desk.keep()
    result = app.test_cli_runner().invoke(args=["versions", "verify"])
    assert result.exit_code == 0, result.output
    assert "3 versions of" in result.output


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("reason", "version 2: its number, time, reason or hash was changed"),
        ("manifest", "version 2: its list of parts was changed"),
        ("part", "was changed"),
        ("missing part", "version 2: part values is missing"),
        ("missing version", "version 3: version 2 is missing before it"),
        ("hash", "version 3: does not follow the version before it"),
    ],
)
def test_whoever_changes_a_version_is_found_out(app: Flask, desk: VersionedMeasure, what: str, said: str) -> None:
    for number in range(3):
        desk.set("ghg_t_co2e_a", str(number))
        desk.keep()
    second = db.session.scalars(select(Version).where(Version.number == 2).options(undefer(Version.manifest))).one()
    key = part_store.manifest_head(second)[1]["values"]
    forged = part_store.pack_parts({"values": b'{"ghg_t_co2e_a":"999"}'}).popitem()[1][0]
    spoil = {
        "reason": update(Version).where(Version.id == second.id).values(reason="import"),
        "manifest": update(Version).where(Version.id == second.id).values(manifest=second.manifest + b" "),
        "part": update(VersionPart).where(VersionPart.hash == key).values(data=forged),
        "missing part": delete(VersionPart).where(VersionPart.hash == key),
        "missing version": delete(Version).where(Version.id == second.id),
        "hash": update(Version).where(Version.id == second.id).values(hash="0" * 64),
    }
    with writing():
        db.session.execute(spoil[what])
    result = app.test_cli_runner().invoke(args=["versions", "verify"])
    assert result.exit_code == 1
    assert said in result.output


def test_a_name_can_change_and_the_history_still_verifies(desk: VersionedMeasure) -> None:
    version = desk.keep("First")
    service.rename_version(version, label="After the mission", remark="Both teams were there.")
    assert list(verification.version_faults()) == []


# Automatic versions


@pytest.fixture
def watch(app: Flask, monkeypatch: pytest.MonkeyPatch) -> auto_versions.AutoVersions:
    auto: auto_versions.AutoVersions = app.extensions["versions"]
    auto._has_checked_all = True
    return auto


def test_one_is_taken_when_everybody_has_left(
    watch: auto_versions.AutoVersions, desk: VersionedMeasure, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch._changed.clear()
    desk.set("priority", "low")
    watch.look()
    assert desk.versions == [], "somebody may go on in a moment"
    monkeypatch.setattr(auto_versions, "LEAVE_SECONDS", 0.0)
    watch.look()
    assert [version.reason for version in desk.versions] == ["quiet"]
    watch.look()
    assert len(desk.versions) == 1


def test_while_somebody_is_there_it_waits_for_quiet(
    watch: auto_versions.AutoVersions, desk: VersionedMeasure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auto_versions, "LEAVE_SECONDS", 0.0)
    monkeypatch.setattr(auto_versions, "_is_user_present", lambda _item: True)
    watch._changed.clear()
    desk.set("priority", "low")
    watch.look()
    assert desk.versions == []
    monkeypatch.setattr(auto_versions, "QUIET_SECONDS", 0.0)
    watch.look()
    assert len(desk.versions) == 1


def test_what_another_process_still_changes_is_waited_for(
    watch: auto_versions.AutoVersions, desk: VersionedMeasure, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch._changed.clear()
    desk.set("priority", "low")
    watch._changed[desk.measure.id] = time.monotonic() - auto_versions.QUIET_SECONDS - 1
    watch.look()
    assert desk.versions == [], "this process heard nothing for long, but the change is young"


def test_a_new_process_finds_what_no_version_holds(
    app: Flask, desk: VersionedMeasure, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.keep()
    goal = desk.measure.goal_id
    monkeypatch.setattr(auto_versions, "_last_change", lambda _item: None)
    fresh = auto_versions.AutoVersions()
    fresh.look()
    assert goal in fresh._changed
    assert desk.measure.id not in fresh._changed
    programme = programme_of(factories.measure(programme_of(desk.measure)))
    assert programme.id in fresh._changed
