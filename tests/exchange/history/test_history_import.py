"""A file carries versions and editions: what arrives elsewhere is what was there."""

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
from tests.exchange.history.conftest import OtherInstallation, lived_in, measure_there
from tests.versions.test_pages import get, words


def test_everything_arrives_with_numbers_hashes_and_times(
    any_database: str, house: EditionsScene, elsewhere: OtherInstallation
) -> None:
    file = lived_in(house)
    said = json.loads(file)["history"]
    here = {(one.number, one.hash, one.at, one.label, one.reason, one.side) for one in house.versions}
    names = [one.name for one in editions.editions_of(house.programme.id)]
    there = elsewhere.bring(file)
    with elsewhere.app.app_context():
        found = list(db.session.scalars(select(Version)))
        assert {(one.number, one.hash, one.at, one.label, one.reason, one.side) for one in found} == here
        assert len(found) == sum(len(item["versions"]) for item in said["items"]), "and no version of the import"
        assert [one.name for one in editions.editions_of(there)] == names
        assert list(verification.version_faults()) == []
        assert export_bytes(db.session.get_one(Programme, there)) == file


def test_what_was_blacked_out_arrives_so_and_its_history_holds(
    house: EditionsScene, elsewhere: OtherInstallation
) -> None:
    lived_in(house)
    redact(house.measure, "Vierzig", "Erased on request")
    file = export_bytes(house.programme)
    assert b"Vierzig" not in file
    elsewhere.bring(file)
    with elsewhere.app.app_context():
        assert list(verification.version_faults()) == []
        assert [one.endswith(": Erased on request") for one in verification.redacted_parts()] == [True]
    data = json.loads(file)
    del data["history"]["blacked"]
    with elsewhere.app.app_context(), pytest.raises(ImportRefused):
        preview(as_bytes(data))


def test_what_stands_there_is_what_the_last_version_says(house: EditionsScene, elsewhere: OtherInstallation) -> None:
    there = elsewhere.bring(lived_in(house))
    with elsewhere.app.app_context():
        measure = measure_there(there)
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


def test_an_old_state_comes_back_there(house: EditionsScene, elsewhere: OtherInstallation) -> None:
    there = elsewhere.bring(lived_in(house))
    with elsewhere.app.app_context():
        somebody = factories.person()
        measure = measure_there(there)
        factories.member(measure.frame.partnership, "de", "editor", who=somebody)
        from klimawerk.partnerships.access import member_of

        member = member_of(somebody, measure.frame.partnership_id)
        version = service.version_by_number(measure.id, 1)
        assert member
        assert version
        deleted = db.session.scalar(select(Measure).where(Measure.deleted_at.is_not(None)))
        assert deleted
        restore_item(deleted, by=somebody.id)
        assert deleted.code == "WA-02"
        kept = service.latest_version(deleted.id)
        assert kept
        assert compare_in_thread(state_of(kept), present_state(deleted.id)).is_empty, "what was in the bin is whole"
        restore_part(measure, version, "all", by=member)
        assert compare_in_thread(state_of(version), present_state(measure.id)).is_empty
        assert measure.values["related"] == [factories.measure(db.session.get_one(Programme, there), "WA-03").id], (
            "by its number there"
        )
        assert rows_of(measure)["costs"][0].cells["amount"]["amount"] == "62000.00"
        assert list(verification.version_faults()) == []


def test_what_was_deleted_stands_in_the_edition_there(house: EditionsScene, elsewhere: OtherInstallation) -> None:
    there = elsewhere.bring(lived_in(house))
    with elsewhere.app.app_context():
        first = editions.edition_by_number(there, 1)
        assert first
        codes = [part.head["code"] for part in edition_snapshot(first).values()]
        assert codes == ["", "Z1", "WA-01", "WA-02", "WA-03"]
        programme = db.session.get_one(Programme, there)
        reader = factories.member(programme.frame.partnership, "partner", "reviewer")
        client = elsewhere.app.test_client()
        assert isinstance(client, ProofReader)
        client.login(reader)
        address = f"/programmes/{there}/editions"
        assert "Compost site" in get(client, f"{address}/1")
        assert "Compost site removed" in words(get(client, f"{address}/compare?from=1&to=2"))
        history = get(client, f"/items/{measure_there(there).id}/history")
        assert "Wiesenbrück: Somebody" in words(history), "people are pseudonyms"
        assert "Editor" not in history


def test_what_was_blacked_out_stays_so_and_is_no_damage(house: EditionsScene, elsewhere: OtherInstallation) -> None:
    house.write("description.en", "Forty bins. Call Kofi at 0244 555 0199.")
    house.fix("One")
    redact(house.measure, "Kofi at 0244 555 0199", "a telephone number")
    house.fix("Two")
    file = export_bytes(house.programme)
    assert b"0244 555" not in file  # alone, the digits come up in a hash now and then
    there = elsewhere.bring(file)
    with elsewhere.app.app_context():
        assert list(verification.version_faults()) == []
        assert len(list(verification.redacted_parts())) == 1
        assert export_bytes(db.session.get_one(Programme, there)) == file
    spoilt = json.loads(file)
    (key,) = spoilt["history"]["blacked"]
    spoilt["history"]["parts"][key]["content"][0]["content"][0]["text"] = "Something else"
    with pytest.raises(ImportRefused, match="check sums"):
        preview(as_bytes(spoilt))


def test_no_person_stands_in_the_file(house: EditionsScene) -> None:
    text = lived_in(house).decode()
    for person in house.team.everybody():
        assert person.name not in text
        assert person.email not in text
    people = {
        one["id"]
        for item in json.loads(text)["history"]["items"]
        for v in item["versions"]
        for one in v["contributors"]
    }
    assert people == {"p1", "p2"}


def test_a_programme_without_a_history_has_none_in_its_file(house: EditionsScene) -> None:
    assert "history" not in export_programme(house.programme)
    house.keep()
    assert "history" in export_programme(house.programme)
    assert "history" not in export_programme(house.programme, history=False)
