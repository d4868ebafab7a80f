"""A second import changes nothing; a programme with other versions is refused."""

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
from tests.exchange.history.conftest import OtherInstallation, file_with_history, imported_measure
from tests.exchange.test_pages import upload
from tests.versions.test_pages import get


def test_a_second_import_changes_nothing(any_database: str, scene: EditionsScene, census: Census) -> None:
    file = file_with_history(scene)
    before = census()
    other_user = factories.person()
    person_count = census()["person"]
    assert import_programme(file, by=other_user).id == scene.programme.id
    assert census() == {**before, "person": person_count}, "and nobody becomes a member"


def test_a_second_import_elsewhere_changes_nothing(scene: EditionsScene, other_installation: OtherInstallation) -> None:
    file = file_with_history(scene)
    first = other_installation.import_file(file)
    with other_installation.app.app_context():
        before = {
            name: db.session.scalar(select(db.func.count()).select_from(table))
            for name, table in db.metadata.tables.items()
        }
        assert import_programme(file, by=None).id == first
        after = {
            name: db.session.scalar(select(db.func.count()).select_from(table))
            for name, table in db.metadata.tables.items()
        }
        assert after == before


def test_a_programme_that_went_another_way_is_not_mixed(
    scene: EditionsScene, other_installation: OtherInstallation, census: Census
) -> None:
    file = file_with_history(scene)
    programme_id = other_installation.import_file(file)
    with other_installation.app.app_context():
        service.rename_version(db.session.scalars(select(Version)).first(), label="Only a name", remark="")  # type: ignore[arg-type]
        measure = imported_measure(programme_id)
        measure.values = {**measure.values, "priority": "low"}
        measure.frame.partnership.since = 2023
        db.session.commit()
        with writing():
            note(measure.name)
        service.take_version(measure.id, service.QUIET)
        other_file = export_bytes(db.session.get_one(Programme, programme_id))
    scene.set("priority", "medium")
    scene.keep()
    before = census()
    with pytest.raises(ImportRefused, match="saved versions are others"):
        import_programme(other_file, by=None)
    assert census() == before
    assert import_programme(file, by=None).id == scene.programme.id, "an older file holds nothing new"


def test_it_can_come_in_again_as_a_copy_without_its_versions(scene: EditionsScene) -> None:
    file_with_history(scene)
    copy = import_programme(export_bytes(scene.programme, history=False), by=None)
    assert copy.id != scene.programme.id
    assert copy.key != scene.programme.key
    assert not editions.editions_of(copy.id)


@pytest.mark.slow
def test_the_preview_says_what_comes_and_what_is_here(
    scene: EditionsScene, client: ProofReader, census: Census
) -> None:
    file = file_with_history(scene)
    client.login(scene.editor("partner"))
    address = upload(client, file)
    page = get(client, address)
    assert "It holds everything that is in the file" in page
    assert f'href="/programmes/{scene.programme.id}"' in page
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
    assert f'href="/programmes/{scene.programme.id}"' not in page, "no address for whom may not read it"


def test_the_operators_commands(app: Flask, scene: EditionsScene, tmp_path: Path) -> None:
    file_with_history(scene)
    programme_id, path = scene.programme.id, str(tmp_path / "out.json")

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
