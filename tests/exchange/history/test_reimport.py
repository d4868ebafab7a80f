"""Coming in twice changes nothing, and what went another way is not mixed."""

import json
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from klimawerk.database import writing
from klimawerk.editions import service as editions
from klimawerk.exchange.import_problems import ImportRefused
from klimawerk.exchange.service import export_bytes, import_programme
from klimawerk.extensions import db
from klimawerk.live.changes import note
from klimawerk.programmes.models import Programme
from klimawerk.sheets.models import Item
from klimawerk.versions import service
from klimawerk.versions.models import Version
from tests import factories
from tests.client import ProofReader
from tests.editions.conftest import EditionsScene
from tests.exchange.conftest import Census, finish_jobs
from tests.exchange.history.conftest import OtherInstallation, lived_in, measure_there
from tests.exchange.test_pages import upload
from tests.versions.test_pages import get


def test_a_second_import_changes_nothing(any_database: str, house: EditionsScene, census: Census) -> None:
    file = lived_in(house)
    before = census()
    stranger = factories.person()
    people = census()["person"]
    assert import_programme(file, by=stranger).id == house.programme.id
    assert census() == {**before, "person": people}, "and nobody becomes a member"


def test_a_second_import_elsewhere_changes_nothing(house: EditionsScene, elsewhere: OtherInstallation) -> None:
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


def test_a_programme_that_went_another_way_is_not_mixed(
    house: EditionsScene, elsewhere: OtherInstallation, census: Census
) -> None:
    file = lived_in(house)
    there = elsewhere.bring(file)
    with elsewhere.app.app_context():
        service.rename_version(db.session.scalars(select(Version)).first(), label="Only a name", remark="")  # type: ignore[arg-type]
        measure = measure_there(there)
        measure.values = {**measure.values, "priority": "low"}
        measure.frame.partnership.since = 2023
        db.session.commit()
        with writing():
            note(measure.name)
        service.take_version(measure.id, service.QUIET)
        other = export_bytes(db.session.get_one(Programme, there))
    house.set("priority", "medium")
    house.keep()
    before = census()
    with pytest.raises(ImportRefused, match="saved versions are others"):
        import_programme(other, by=None)
    assert census() == before
    assert import_programme(file, by=None).id == house.programme.id, "an older file holds nothing new"


def test_it_can_come_in_again_as_a_copy_without_its_versions(house: EditionsScene) -> None:
    lived_in(house)
    again = import_programme(export_bytes(house.programme, history=False), by=None)
    assert again.id != house.programme.id
    assert again.key != house.programme.key
    assert not editions.editions_of(again.id)


def test_the_preview_says_what_comes_and_what_is_here(
    house: EditionsScene, client: ProofReader, census: Census
) -> None:
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
    finish_jobs()
    assert census()["programme"] == before + 1

    client.login(factories.person())
    page = get(client, upload(client, file))
    assert "This programme is here already." in page
    assert f'href="/programmes/{house.programme.id}"' not in page, "no address for whom may not read it"


def test_the_operators_commands(app: Flask, house: EditionsScene, tmp_path: Path) -> None:
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
