"""A file carries versions and editions; what comes in is proved first, and coming in twice changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from klimawerk import config as configuration
from klimawerk import create_app
from klimawerk.collab.content import from_plain
from klimawerk.editions import service as editions
from klimawerk.editions.points import of_edition
from klimawerk.exchange.problems import Refused
from klimawerk.exchange.service import export_bytes, export_programme, import_programme, preview
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.measures.models import Measure
from klimawerk.measures.service import create_measure
from klimawerk.overview.bin import delete_item, restore_item
from klimawerk.programmes.models import Programme
from klimawerk.sheets.models import Item
from klimawerk.sheets.rows import rows_of
from klimawerk.versions import service, verifying
from klimawerk.versions.blackout import black_out
from klimawerk.versions.models import Version
from klimawerk.versions.restoring import bring_back
from klimawerk.versions.states import compared, present_state, state_of
from tests import factories
from tests.client import ProofReader
from tests.editions.conftest import House
from tests.exchange.conftest import Census, Json, as_bytes
from tests.exchange.test_pages import upload
from tests.servers import PostgreSQL
from tests.versions.test_pages import get, words


@pytest.fixture
def house(app: Flask) -> House:
    team = factories.partnership("Wiesenbrück", "Abenkrom")
    programme = factories.programme(team)
    return House(team, factories.measure(programme), programme)


@dataclass
class Elsewhere:
    """Another installation."""

    app: Flask

    def bring(self, file: bytes) -> int:
        """Number of the programme there."""
        with self.app.app_context():
            return import_programme(file, by=None).id


@pytest.fixture(params=["sqlite", "postgresql"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path, postgresql: PostgreSQL) -> Iterator[Elsewhere]:
    """With things of its own in it, so that numbers are others there."""
    template = request.getfixturevalue("_postgresql_template") if request.param == "postgresql" else None
    address = postgresql.create(template) if template else f"sqlite:///{tmp_path / 'elsewhere.sqlite'}"
    settings = configuration.load(instance=tmp_path / "elsewhere", database_url=address, secret_key="e", testing=True)
    app = create_app(settings)
    app.test_client_class = ProofReader
    with app.app_context():
        if not template:
            db.create_all()
        factories.programme(factories.partnership("Anderswo", "Otherwhere"))
    yield Elsewhere(app)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    if template:
        postgresql.drop(address)


def lived_in(house: House) -> bytes:
    """The file of a programme with two editions, a deleted measure and related ones."""
    goal = db.session.get_one(Goal, house.measure.goal_id)
    third = create_measure(goal, texts={"title.en": from_plain("School gardens")}, by=None)
    house.set("related", [third.id])
    house.write("description.de", "Vierzig Tonnen.")
    house.fix("After the first mission")
    house.write("description.en", "Fifty bins are set up.", by=house.editor("partner"))
    house.set("amount", {"amount": "64000.50", "currency": "EUR"}, row="costs")
    house.set("ghg_t_co2e_a", "12.5")
    delete_item(house.second, by=house.editor().id)
    house.keep("Kept by hand")
    house.fix("Council draft", "council")
    return export_bytes(house.programme)


def measure_there(programme_id: int) -> Measure:
    return factories.measure(db.session.get_one(Programme, programme_id))


def test_everything_arrives_with_numbers_hashes_and_times(
    any_database: str, house: House, elsewhere: Elsewhere
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
        assert list(verifying.faults()) == []
        assert export_bytes(db.session.get_one(Programme, there)) == file


def test_what_was_blacked_out_arrives_so_and_its_history_holds(house: House, elsewhere: Elsewhere) -> None:
    lived_in(house)
    black_out(house.measure, "Vierzig", "Erased on request")
    file = export_bytes(house.programme)
    assert b"Vierzig" not in file
    elsewhere.bring(file)
    with elsewhere.app.app_context():
        assert list(verifying.faults()) == []
        assert [one.endswith(": Erased on request") for one in verifying.blacked_out()] == [True]
    data = json.loads(file)
    del data["history"]["blacked"]
    with elsewhere.app.app_context(), pytest.raises(Refused):
        preview(as_bytes(data))


def test_what_stands_there_is_what_the_last_version_says(house: House, elsewhere: Elsewhere) -> None:
    there = elsewhere.bring(lived_in(house))
    with elsewhere.app.app_context():
        measure = measure_there(there)
        last, first = service.latest(measure.id), service.numbered(measure.id, 1)
        assert last
        assert first
        assert compared(state_of(last), present_state(measure.id)).is_empty
        changed = compared(state_of(first), present_state(measure.id))
        assert list(changed.texts) == ["description.en"]
        (row,) = changed.rows["costs"]
        assert [cell.key for cell in row.cells] == ["amount"], "the line is recognised as the same one"
        assert not changed.head, "under the same goal"
        assert service.take(measure.id, service.QUIET) is None


def test_an_old_state_comes_back_there(house: House, elsewhere: Elsewhere) -> None:
    there = elsewhere.bring(lived_in(house))
    with elsewhere.app.app_context():
        somebody = factories.person()
        measure = measure_there(there)
        factories.member(measure.frame.partnership, "de", "editor", who=somebody)
        from klimawerk.partnerships.access import member_of

        member = member_of(somebody, measure.frame.partnership_id)
        version = service.numbered(measure.id, 1)
        assert member
        assert version
        deleted = db.session.scalar(select(Measure).where(Measure.deleted_at.is_not(None)))
        assert deleted
        restore_item(deleted, by=somebody.id)
        assert deleted.code == "WA-02"
        kept = service.latest(deleted.id)
        assert kept
        assert compared(state_of(kept), present_state(deleted.id)).is_empty, "what was in the bin is whole"
        bring_back(measure, version, "all", by=member)
        assert compared(state_of(version), present_state(measure.id)).is_empty
        assert measure.values["related"] == [factories.measure(db.session.get_one(Programme, there), "WA-03").id], (
            "by its number there"
        )
        assert rows_of(measure)["costs"][0].cells["amount"]["amount"] == "62000.00"
        assert list(verifying.faults()) == []


def test_what_was_deleted_stands_in_the_edition_there(house: House, elsewhere: Elsewhere) -> None:
    there = elsewhere.bring(lived_in(house))
    with elsewhere.app.app_context():
        first = editions.numbered(there, 1)
        assert first
        codes = [part.head["code"] for part in of_edition(first).values()]
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


def test_a_second_import_changes_nothing(any_database: str, house: House, census: Census) -> None:
    file = lived_in(house)
    before = census()
    stranger = factories.person()
    people = census()["person"]
    assert import_programme(file, by=stranger).id == house.programme.id
    assert census() == {**before, "person": people}, "and nobody becomes a member"


def test_a_second_import_elsewhere_changes_nothing(house: House, elsewhere: Elsewhere) -> None:
    file = lived_in(house)
    first = elsewhere.bring(file)
    with elsewhere.app.app_context():
        before = {
            table: db.session.scalar(select(db.func.count()).select_from(t)) for table, t in db.metadata.tables.items()
        }
        assert import_programme(file, by=None).id == first
        after = {
            table: db.session.scalar(select(db.func.count()).select_from(t)) for table, t in db.metadata.tables.items()
        }
        assert after == before


def test_a_programme_that_went_another_way_is_not_mixed(house: House, elsewhere: Elsewhere, census: Census) -> None:
    file = lived_in(house)
    there = elsewhere.bring(file)
    with elsewhere.app.app_context():
        service.rename(db.session.scalars(select(Version)).first(), label="Only a name", remark="")  # type: ignore[arg-type]
        measure = measure_there(there)
        measure.values = {**measure.values, "priority": "low"}
        measure.frame.partnership.since = 2023
        db.session.commit()
        from klimawerk.database import writing
        from klimawerk.live.changes import note

        with writing():
            note(measure.name)
        service.take(measure.id, service.QUIET)
        other = export_bytes(db.session.get_one(Programme, there))
    house.set("priority", "medium")
    house.keep()
    before = census()
    with pytest.raises(Refused, match="saved versions are others"):
        import_programme(other, by=None)
    assert census() == before
    assert import_programme(file, by=None).id == house.programme.id, "an older file holds nothing new"


def test_it_can_come_in_again_as_a_copy_without_its_versions(house: House) -> None:
    lived_in(house)
    again = import_programme(export_bytes(house.programme, history=False), by=None)
    assert again.id != house.programme.id
    assert again.key != house.programme.key
    assert not editions.editions_of(again.id)


def test_no_person_stands_in_the_file(house: House) -> None:
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


def test_a_programme_without_a_history_has_none_in_its_file(house: House) -> None:
    assert "history" not in export_programme(house.programme)
    house.keep()
    assert "history" in export_programme(house.programme)
    assert "history" not in export_programme(house.programme, history=False)


def test_what_was_blacked_out_stays_so_and_is_no_damage(house: House, elsewhere: Elsewhere) -> None:
    house.write("description.en", "Forty bins. Call Kofi at 0244 555 0199.")
    house.fix("One")
    black_out(house.measure, "Kofi at 0244 555 0199", "a telephone number")
    house.fix("Two")
    file = export_bytes(house.programme)
    assert b"0244 555" not in file  # alone, the digits come up in a hash now and then
    there = elsewhere.bring(file)
    with elsewhere.app.app_context():
        assert list(verifying.faults()) == []
        assert len(list(verifying.blacked_out())) == 1
        assert export_bytes(db.session.get_one(Programme, there)) == file
    spoilt = json.loads(file)
    (key,) = spoilt["history"]["blacked"]
    spoilt["history"]["parts"][key]["content"][0]["content"][0]["text"] = "Something else"
    with pytest.raises(Refused, match="check sums"):
        preview(as_bytes(spoilt))


# What does not fit


def _measure(file: Json) -> Json:
    return next(one for one in file["history"]["items"] if one["code"] == "WA-01")


def _forge(file: Json, name: str, part: object, version: int = 0) -> None:
    """Put another part into a version, and make every hash fit."""
    from klimawerk.versions.chain import canonical, digest, link

    item = _measure(file)
    file["history"]["editions"] = []
    previous = ""
    key = digest(canonical(part))
    file["history"]["parts"][key] = part
    item["versions"][version]["manifest"]["parts"][name] = key
    from datetime import datetime

    for one in item["versions"]:
        content = digest(canonical(one["manifest"]))
        at = datetime.fromisoformat(one["at"])
        one["hash"] = link(content=content, previous=previous, number=one["number"], at=at, reason=one["reason"])
        previous = one["hash"]


SPOILT: dict[str, Callable[[Json], object]] = {
    "a word in a part": lambda f: (
        next(iter(f["history"]["parts"].values())).update(x=1)
        if isinstance(next(iter(f["history"]["parts"].values())), dict)
        else next(iter(f["history"]["parts"].values())).append({})
    ),
    "a part that is missing": lambda f: f["history"]["parts"].pop(
        _measure(f)["versions"][0]["manifest"]["parts"]["values"]
    ),
    "a version's time": lambda f: _measure(f)["versions"][0].update(at="2026-01-01T00:00:00+00:00"),
    "a version's reason": lambda f: _measure(f)["versions"][0].update(reason="restore"),
    "an unknown reason": lambda f: _measure(f)["versions"][0].update(reason="<b>"),
    "a version left out": lambda f: _measure(f)["versions"].pop(0),
    "a manifest": lambda f: _measure(f)["versions"][0]["manifest"].update(code="XX-01"),
    "another item": lambda f: _measure(f).update(key="11111111-1111-4111-8111-111111111111"),
    "an item that is not there": lambda f: _measure(f).update(code="XX-09"),
    "an edition's time": lambda f: f["history"]["editions"][0].update(at="2026-01-01T00:00:00+00:00"),
    "an edition's versions": lambda f: f["history"]["editions"][0]["manifest"]["versions"].pop(),
    "an edition left out": lambda f: f["history"]["editions"].pop(0),
    "another programme": lambda f: f["history"].update(programme="11111111-1111-4111-8111-111111111111"),
    "a format to come": lambda f: f["history"].update(format=99),
    "no list": lambda f: f["history"].update(items={}),
    "a forged script": lambda f: _forge(f, "text:description.en", {"type": "doc", "content": [{"type": "script"}]}),
    "a forged choice": lambda f: _forge(f, "values", {"priority": {"a": 1}}),
    "a forged code": lambda f: _forge(f, "values", {"priority": "immense"}),
    "a forged amount": lambda f: _forge(
        f, "rows:costs", [{"id": "x", "cells": {"amount": {"amount": "1e9", "currency": "EUR"}}}]
    ),
    "a forged field": lambda f: _forge(f, "values", {"colour": "green"}),
    "a forged kind of part": lambda f: _forge(f, "rows:colours", []),
    "a fraction": lambda f: _forge(f, "values", {"ghg_t_co2e_a": 1.5}),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_what_was_changed_after_it_was_written_is_refused_whole(
    house: House, census: Census, spoil: Callable[[Json], object]
) -> None:
    file = json.loads(lived_in(house))
    before = census()
    spoil(file)
    with pytest.raises(Refused) as refused:
        preview(as_bytes(file))
    assert str(refused.value).startswith("history")
    assert census() == before


def test_the_same_files_unspoilt_are_taken(house: House) -> None:
    file = json.loads(lived_in(house))
    assert preview(as_bytes(file)).draft.history
    _forge(file, "values", {"priority": "low"})
    assert preview(as_bytes(file)).draft.history, "what fits may well be forged: only hashes and forms are proved"


def test_a_stranger_with_the_same_rows_is_refused(house: House) -> None:
    """A file cannot take over what belongs to another programme here."""
    house.keep()
    file = json.loads(export_bytes(house.programme))
    text = json.dumps(file["history"])
    assert house.programme.key in text
    other = json.loads(export_bytes(house.programme, history=False))
    key = "11111111-1111-4111-8111-111111111111"
    rows = {kind: [row.id for row in rows] for kind, rows in rows_of(house.programme).items()}
    item = {"kind": "programme", "code": "", "key": key, "rows": rows, "versions": []}
    other["history"] = {"format": 1, "programme": key, "items": [item], "editions": [], "parts": {}}
    with pytest.raises(Refused, match="here already"):
        import_programme(as_bytes(other), by=None)


# Doors


def test_the_preview_says_what_comes_and_what_is_here(house: House, client: ProofReader, census: Census) -> None:
    file = lived_in(house)
    client.login(house.editor("partner"))
    address = upload(client, file)
    page = get(client, address)
    assert "It holds everything that is in the file" in page
    assert f'href="/programmes/{house.programme.id}"' in page
    before = census()["programme"]
    assert client.post(address, data={"side": "de", "csrf_token": client.token}).status_code == 422
    assert census()["programme"] == before
    answer = client.post(address, data={"side": "de", "copy": "yes", "csrf_token": client.token})
    assert answer.status_code == 303
    assert census()["programme"] == before + 1

    client.login(factories.person())
    page = get(client, upload(client, file))
    assert "This programme is here already." in page
    assert f'href="/programmes/{house.programme.id}"' not in page, "no address for whom may not read it"


def test_the_operators_commands(app: Flask, house: House, tmp_path: Path) -> None:
    lived_in(house)
    programme_id, path = house.programme.id, str(tmp_path / "out.json")

    def run(*args: str) -> str:
        result = app.test_cli_runner().invoke(args=list(args))
        assert result.exit_code == 0, result.output
        return result.output

    run("export", str(programme_id), path)
    assert run("import", path) == f"Programme {programme_id} holds all of this already. Nothing was changed.\n"
    assert "1 goals, 2 measures.\n" in run("import", "--copy", path)
    run("export", str(programme_id), path, "--without-history")
    assert "history" not in json.loads(Path(path).read_text())
    assert len(db.session.scalars(select(Item).where(Item.kind == "programme")).all()) == 2
