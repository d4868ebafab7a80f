"""A programme that is stored in slices is not visible before the last one, and a killed process leaves no data."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import stamp
from sqlalchemy import delete, func, select

from klimawerk.collab.models import Document
from klimawerk.database import writing
from klimawerk.exchange.import_steps import ROWS
from klimawerk.exchange.service import export_bytes, export_programme, import_programme
from klimawerk.extensions import db
from klimawerk.jobs import service as jobs
from klimawerk.jobs import states, storing
from klimawerk.jobs.models import CANCELLED, DONE, FAILED, STORING
from klimawerk.operations import service as operations
from klimawerk.partnerships.access import my_memberships
from klimawerk.partnerships.models import Partnership
from klimawerk.privacy.erasure import erase_person
from klimawerk.programmes.models import Programme
from klimawerk.search import index
from klimawerk.search.models import SearchEntry
from klimawerk.sheets.models import Frame, Item
from klimawerk.versions import auto_versions, verification
from tests import factories
from tests.client import ProofReader
from tests.editions.conftest import EditionsScene
from tests.exchange.conftest import EXAMPLE, Census, Json
from tests.exchange.history.conftest import file_with_history, scene
from tests.jobs.conftest import SMALL, current_job, expire_claim, partly_stored_job, prepared_job

__all__ = ["scene"]
COOKIE = "klimawerk_session"
SECRET = "Wiesenbrück"


def item_ids(arriving: bool) -> list[int]:
    """Ids of the items that are arriving, or of all others."""
    is_arriving = Frame.arriving.is_not(None) if arriving else Frame.arriving.is_(None)
    query = select(Item.id).join(Frame, Frame.id == Item.frame_id).where(is_arriving)
    return sorted(db.session.scalars(query))


def store_job(key: str) -> None:
    """Process the jobs as a server does once a second."""
    jobs.process_jobs(lambda work: work())


def test_it_is_stored_as_in_one_transaction(app: Flask, any_database: str, census: Census) -> None:
    """No table is forgotten by the slices."""
    first_user, second_user = factories.person("One"), factories.person("Other")
    start = census()
    import_programme(EXAMPLE, by=first_user)
    middle = census()
    store_job(prepared_job(second_user, EXAMPLE).key)
    end = census()
    tables = [name for name in start if name not in ("job", "version_part")]  # equal parts are stored once
    assert {name: end[name] - middle[name] for name in tables} == {name: middle[name] - start[name] for name in tables}
    assert list(verification.version_faults()) == []


def test_nobody_sees_any_of_it_before_all_of_it_is_there(client: ProofReader, census: Census) -> None:
    stamp()
    user = factories.person("Somebody", operator=True)
    other = factories.programme(factories.partnership("Anderswo", "Otherwhere")).frame_id
    partly_stored_job(user)
    items = item_ids(arriving=True)
    assert len(items) == 4
    client.login(user)
    assert my_memberships(user) == []
    browser = FlaskClient(client.application)  # it often gets fragments
    browser.set_cookie(COOKIE, client.get_cookie(COOKIE).value)  # type: ignore[union-attr]
    for address in _addresses(client.application, items):
        answer = browser.get(address)
        assert answer.status_code != 500, address
        assert SECRET not in answer.text, address
    assert index.stale_items() == [] or not set(index.stale_items()) & set(items)
    assert not set(auto_versions._items_without_current_version()) & set(items)
    assert list(verification.version_faults()) == []
    run = client.application.test_cli_runner().invoke
    programme = db.session.scalar(select(Programme.id).join(Frame).where(Frame.arriving.is_not(None)))
    assert run(args=["export", str(programme)]).exit_code == 1
    assert str(programme) not in run(args=["export", "999"]).output.rpartition("Known:")[2]
    run(args=["search", "rebuild"])
    assert census()["search_entry"] == _entries(other)


def _entries(frame_id: int) -> int:
    own_items = select(Item.id).where(Item.frame_id == frame_id)
    return db.session.scalar(select(func.count()).where(SearchEntry.item_id.in_(own_items))) or 0


def _addresses(app: Flask, items: list[int]) -> Iterator[str]:
    """Every page, with every id that is arriving."""
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()):
            continue
        numbers = [items[0], items[len(items) // 2], items[-1]] if rule.arguments else [0]
        for number in numbers:
            values = {name: number if name.endswith("id") or name == "number" else "1" for name in rule.arguments}
            try:
                yield app.url_map.bind("localhost").build(rule.endpoint, values)
            except Exception:
                continue


def test_a_server_that_dies_while_storing_is_followed_by_another(app: Flask, any_database: str) -> None:
    user = factories.person("Somebody")
    job = partly_stored_job(user)
    store_job(job.key)
    assert current_job(job.key).state == STORING, "it may only be slow"
    expire_claim(job)
    store_job(job.key)
    assert current_job(job.key).state == DONE
    assert item_ids(arriving=True) == []
    programme = db.session.get_one(Programme, current_job(job.key).result["programme"])
    assert _titles(export_programme(programme, history=False)) == _titles(json.loads(SMALL))
    assert len(my_memberships(user)) == 1
    assert list(verification.version_faults()) == []


def _titles(file: Json) -> list[tuple[str, object, object]]:
    return [(measure["code"], measure["title"], measure["steps"]) for measure in file["measures"]]


@pytest.mark.parametrize("pieces", [1, 20, 28])
def test_cancelled_in_the_middle_nothing_of_it_stays(
    app: Flask, any_database: str, census: Census, pieces: int
) -> None:
    user = factories.person("Somebody")
    factories.programme(factories.partnership())
    before = census()
    job = partly_stored_job(user, pieces=pieces)
    assert jobs.cancel(job)
    jobs.clean_up()
    after = census()
    assert item_ids(arriving=True) == []
    assert current_job(job.key).state == CANCELLED
    assert {**after, "job": 0} == {**before, "job": 0}


def test_the_slice_that_shows_it_asks_no_document_about_rights(app: Flask) -> None:
    """No document is open; for a large programme this check took 100 ms in one go."""
    store_job(prepared_job(factories.person("Somebody")).key)
    db.session.rollback()
    assert list(db.session.scalars(select(Document.access_rev))) == [0, 0, 0, 0]


def test_one_who_lost_the_job_stores_nothing_more(app: Flask, census: Census) -> None:
    user = factories.person("Somebody")
    job = partly_stored_job(user)
    claim = storing.StoreClaim(job, job.claimed_by)
    with claim.slice():
        pass
    assert jobs.cancel(job)
    with pytest.raises(storing.ClaimLost), claim.slice():
        pass


@pytest.mark.slow
def test_a_backup_taken_meanwhile_brings_nothing_half_back(app: Flask, tmp_path: Path) -> None:
    stamp()
    user = factories.person("Somebody")
    whole = factories.programme(factories.partnership())
    partly_stored_job(user)
    operations.write_backup(tmp_path / "backup")
    operations.restore_backup(tmp_path / "backup")
    item_ids_before = item_ids(arriving=False)
    jobs.clean_up()
    assert item_ids(arriving=True) == []
    assert item_ids(arriving=False) == item_ids_before
    assert whole.id in item_ids_before
    assert list(verification.version_faults()) == []


@pytest.mark.slow
def test_two_people_with_the_same_file_bring_it_once(app: Flask, scene: EditionsScene, census: Census) -> None:
    """A programme's key is unique, so the second user gets an error message, and the first import is not disturbed."""
    file = file_with_history(scene)
    _delete_programmes()
    first, second = factories.person("First"), factories.person("Second")
    first_job, second_job = partly_stored_job(first, file), prepared_job(second, file)
    store_job(second_job.key)
    problem = current_job(second_job.key).problem
    assert current_job(second_job.key).state == FAILED
    assert problem is not None
    assert problem["sentence"]["en"].startswith(("This programme is here already", "Somebody else"))
    expire_claim(first_job)
    store_job(first_job.key)
    assert current_job(first_job.key).state == DONE


def _delete_programmes() -> None:
    """Delete everything by which the file could be recognised."""
    with writing() as session:
        session.execute(delete(Partnership))
        session.execute(delete(Document))


def test_it_is_found_and_opened_once_it_is_there(client: ProofReader) -> None:
    user = factories.person("Somebody")
    job = prepared_job(user)
    store_job(job.key)
    client.login(user)
    page = client.get(f"/programmes/{current_job(job.key).result['programme']}").text
    assert SECRET in page
    index.reindex_pending(1_000)
    assert "WA-1" in client.get("/search?q=WA-1").text
    assert not (states.folder_of(current_job(job.key)) / ROWS).exists()


def test_a_file_that_comes_out_again_is_the_same(app: Flask, scene: EditionsScene) -> None:
    file = file_with_history(scene)
    _delete_programmes()
    job = prepared_job(factories.person("Somebody"), file)
    store_job(job.key)
    programme = db.session.get_one(Programme, current_job(job.key).result["programme"])
    exported, expected = json.loads(export_bytes(programme)), json.loads(file)
    assert {n: p for n, p in exported.items() if n != "history"} == {
        n: p for n, p in expected.items() if n != "history"
    }
    assert list(verification.version_faults()) == []


def test_with_its_owner_erased_nothing_of_it_stays(app: Flask) -> None:
    user = factories.person("Somebody")
    job = partly_stored_job(user)
    folder = states.folder_of(job)
    erase_person(user, by=None)
    assert list(folder.iterdir()), "a younger folder may be of a job that is just being made"
    os.utime(folder, (time.time() - 120,) * 2)
    jobs.clean_up()
    assert item_ids(arriving=True) == []
    assert not folder.exists()
