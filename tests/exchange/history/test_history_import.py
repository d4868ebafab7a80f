"""Versions and editions in a file: an import elsewhere restores them unchanged."""

import json

import pytest
from sqlalchemy import select

from klimawerk.editions import service as editions
from klimawerk.editions.snapshots import edition_snapshot
from klimawerk.exchange.import_problems import ImportRefused
from klimawerk.exchange.service import export_bytes, export_programme, preview
from klimawerk.extensions import db
from klimawerk.measures.models import Measure
from klimawerk.overview.recycle_bin import restore_item
from klimawerk.programmes.models import Programme
from klimawerk.sheets.rows import rows_of
from klimawerk.versions import service, verification
from klimawerk.versions.models import Version
from klimawerk.versions.redaction import redact
from klimawerk.versions.version_restore import restore_part
from klimawerk.versions.version_states import compare_in_thread, present_state, state_of
from tests import factories
from tests.client import ProofReader
from tests.editions.conftest import EditionsScene
from tests.exchange.conftest import as_bytes
from tests.exchange.history.conftest import OtherInstallation, file_with_history, imported_measure
from tests.versions.test_pages import get, words


def test_everything_arrives_with_numbers_hashes_and_times(
    any_database: str, scene: EditionsScene, other_installation: OtherInstallation
) -> None:
    file = file_with_history(scene)
    history = json.loads(file)["history"]
    exported_versions = {(v.number, v.hash, v.at, v.label, v.reason, v.side) for v in scene.versions}
    edition_names = [edition.name for edition in editions.editions_of(scene.programme.id)]
    programme_id = other_installation.import_file(file)
    with other_installation.app.app_context():
        imported_versions = list(db.session.scalars(select(Version)))
        assert {(v.number, v.hash, v.at, v.label, v.reason, v.side) for v in imported_versions} == exported_versions
        assert len(imported_versions) == sum(len(item["versions"]) for item in history["items"]), (
            "and no version of the import"
        )
        assert [edition.name for edition in editions.editions_of(programme_id)] == edition_names
        assert list(verification.version_faults()) == []
        assert export_bytes(db.session.get_one(Programme, programme_id)) == file


def test_what_was_blacked_out_arrives_so_and_its_history_holds(
    scene: EditionsScene, other_installation: OtherInstallation
) -> None:
    file_with_history(scene)
    redact(scene.measure, "Vierzig", "Erased on request")
    file = export_bytes(scene.programme)
    assert b"Vierzig" not in file
    other_installation.import_file(file)
    with other_installation.app.app_context():
        assert list(verification.version_faults()) == []
        assert [one.endswith(": Erased on request") for one in verification.redacted_parts()] == [True]
    data = json.loads(file)
    del data["history"]["blacked"]
    with other_installation.app.app_context(), pytest.raises(ImportRefused):
        preview(as_bytes(data))


def test_what_stands_there_is_what_the_last_version_says(
    scene: EditionsScene, other_installation: OtherInstallation
) -> None:
    programme_id = other_installation.import_file(file_with_history(scene))
    with other_installation.app.app_context():
        measure = imported_measure(programme_id)
        last, first = service.latest_version(measure.id), service.version_by_number(measure.id, 1)
        assert last
        assert first
        assert compare_in_thread(state_of(last), present_state(measure.id)).is_empty
        changed = compare_in_thread(state_of(first), present_state(measure.id))
        assert list(changed.texts) == ["description.en"]
        (row,) = changed.rows["costs"]
        assert [cell.key for cell in row.cells] == ["amount"], "the line is recognised as the same one"
        assert not changed.head, "under the same goal"
        assert service.take_version(measure.id, service.QUIET) is None


def test_an_old_state_comes_back_there(scene: EditionsScene, other_installation: OtherInstallation) -> None:
    programme_id = other_installation.import_file(file_with_history(scene))
    with other_installation.app.app_context():
        user = factories.person()
        measure = imported_measure(programme_id)
        factories.member(measure.frame.partnership, "de", "editor", who=user)
        from klimawerk.partnerships.access import member_of

        member = member_of(user, measure.frame.partnership_id)
        version = service.version_by_number(measure.id, 1)
        assert member
        assert version
        deleted = db.session.scalar(select(Measure).where(Measure.deleted_at.is_not(None)))
        assert deleted
        restore_item(deleted, by=user.id)
        assert deleted.code == "WA-02"
        last_version = service.latest_version(deleted.id)
        assert last_version
        assert compare_in_thread(state_of(last_version), present_state(deleted.id)).is_empty, (
            "what was in the bin is whole"
        )
        restore_part(measure, version, "all", by=member)
        assert compare_in_thread(state_of(version), present_state(measure.id)).is_empty
        assert measure.values["related"] == [
            factories.measure(db.session.get_one(Programme, programme_id), "WA-03").id
        ], "by its number there"
        assert rows_of(measure)["costs"][0].cells["amount"]["amount"] == "62000.00"
        assert list(verification.version_faults()) == []


def test_what_was_deleted_stands_in_the_edition_there(
    scene: EditionsScene, other_installation: OtherInstallation
) -> None:
    programme_id = other_installation.import_file(file_with_history(scene))
    with other_installation.app.app_context():
        first = editions.edition_by_number(programme_id, 1)
        assert first
        codes = [part.head["code"] for part in edition_snapshot(first).values()]
        assert codes == ["", "Z1", "WA-01", "WA-02", "WA-03"]
        programme = db.session.get_one(Programme, programme_id)
        reader = factories.member(programme.frame.partnership, "partner", "reviewer")
        client = other_installation.app.test_client()
        assert isinstance(client, ProofReader)
        client.login(reader)
        address = f"/programmes/{programme_id}/editions"
        assert "Compost site" in get(client, f"{address}/1")
        assert "Compost site removed" in words(get(client, f"{address}/compare?from=1&to=2"))
        history = get(client, f"/items/{imported_measure(programme_id).id}/history")
        assert "Wiesenbrück: Somebody" in words(history), "people are pseudonyms"
        assert "Editor" not in history


def test_what_was_blacked_out_stays_so_and_is_no_damage(
    scene: EditionsScene, other_installation: OtherInstallation
) -> None:
    scene.write("description.en", "Forty bins. Call Kofi at 0244 555 0199.")
    scene.fix("One")
    redact(scene.measure, "Kofi at 0244 555 0199", "a telephone number")
    scene.fix("Two")
    file = export_bytes(scene.programme)
    assert b"0244 555" not in file  # alone, the digits come up in a hash now and then
    programme_id = other_installation.import_file(file)
    with other_installation.app.app_context():
        assert list(verification.version_faults()) == []
        assert len(list(verification.redacted_parts())) == 1
        assert export_bytes(db.session.get_one(Programme, programme_id)) == file
    corrupted = json.loads(file)
    (key,) = corrupted["history"]["blacked"]
    corrupted["history"]["parts"][key]["content"][0]["content"][0]["text"] = "Something else"
    with pytest.raises(ImportRefused, match="check sums"):
        preview(as_bytes(corrupted))


def test_no_person_stands_in_the_file(scene: EditionsScene) -> None:
    text = file_with_history(scene).decode()
    for person in scene.team.everybody():
        assert person.name not in text
        assert person.email not in text
    people = {
        contributor["id"]
        for item in json.loads(text)["history"]["items"]
        for v in item["versions"]
        for contributor in v["contributors"]
    }
    assert people == {"p1", "p2"}


def test_a_programme_without_a_history_has_none_in_its_file(scene: EditionsScene) -> None:
    assert "history" not in export_programme(scene.programme)
    scene.keep()
    assert "history" in export_programme(scene.programme)
    assert "history" not in export_programme(scene.programme, history=False)
