"""A programme that is being stored in slices: nobody sees any of it, and a death in the middle leaves nothing."""

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
from tests.exchange.history.conftest import house, lived_in
from tests.jobs.conftest import SMALL, computed, half_stored, now, silence

__all__ = ["house"]
COOKIE = "klimawerk_session"
SECRET = "Wiesenbrück"


def here(arriving: bool) -> list[int]:
    """Numbers of the items that are arriving, or of all others."""
    mark = Frame.arriving.is_not(None) if arriving else Frame.arriving.is_(None)
    query = select(Item.id).join(Frame, Frame.id == Item.frame_id).where(mark)
    return sorted(db.session.scalars(query))


def stored(key: str) -> None:
    """What the servers do until the job has ended."""
    jobs.process_jobs(lambda work: work())


def test_it_is_stored_as_in_one_transaction(app: Flask, any_database: str, census: Census) -> None:
    """Nothing is in a table that the slices forget."""
    one, other = factories.person("One"), factories.person("Other")
    start = census()
    import_programme(EXAMPLE, by=one)
    middle = census()
    stored(computed(other, EXAMPLE).key)
    end = census()
    counted = [name for name in start if name not in ("job", "version_part")]  # equal parts are kept once
    assert {name: end[name] - middle[name] for name in counted} == {
        name: middle[name] - start[name] for name in counted
    }
    assert list(verification.version_faults()) == []


def test_nobody_sees_any_of_it_before_all_of_it_is_there(client: ProofReader, census: Census) -> None:
    stamp()
    somebody = factories.person("Somebody", operator=True)
    other = factories.programme(factories.partnership("Anderswo", "Otherwhere")).frame_id
    half_stored(somebody)
    items = here(arriving=True)
    assert len(items) == 4
    client.login(somebody)
    assert my_memberships(somebody) == []
    browser = FlaskClient(client.application)  # what it gets is often a fragment
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
    mine = select(Item.id).where(Item.frame_id == frame_id)
    return db.session.scalar(select(func.count()).where(SearchEntry.item_id.in_(mine))) or 0


def _addresses(app: Flask, items: list[int]) -> Iterator[str]:
    """Every page that there is, with every number that is arriving."""
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint == "static":
            continue
        numbers = [items[0], items[len(items) // 2], items[-1]] if rule.arguments else [0]
        for number in numbers:
            values = {name: number if name.endswith("id") or name == "number" else "1" for name in rule.arguments}
            try:
                yield app.url_map.bind("localhost").build(rule.endpoint, values)
            except Exception:
                continue


def test_a_server_that_dies_while_storing_is_followed_by_another(app: Flask, any_database: str) -> None:
    somebody = factories.person("Somebody")
    job = half_stored(somebody)
    stored(job.key)
    assert now(job.key).state == STORING, "it may only be slow"
    silence(job)
    stored(job.key)
    assert now(job.key).state == DONE
    assert here(arriving=True) == []
    programme = db.session.get_one(Programme, now(job.key).result["programme"])
    assert _titles(export_programme(programme, history=False)) == _titles(json.loads(SMALL))
    assert len(my_memberships(somebody)) == 1
    assert list(verification.version_faults()) == []


def _titles(file: Json) -> list[tuple[str, object, object]]:
    return [(one["code"], one["title"], one["steps"]) for one in file["measures"]]


@pytest.mark.parametrize("pieces", [1, 20, 28])
def test_cancelled_in_the_middle_nothing_of_it_stays(
    app: Flask, any_database: str, census: Census, pieces: int
) -> None:
    somebody = factories.person("Somebody")
    factories.programme(factories.partnership())
    before = census()
    job = half_stored(somebody, pieces=pieces)
    assert jobs.cancel(job)
    jobs.clean_up()
    after = census()
    assert here(arriving=True) == []
    assert now(job.key).state == CANCELLED
    assert {**after, "job": 0} == {**before, "job": 0}


def test_the_slice_that_shows_it_asks_no_document_about_rights(app: Flask) -> None:
    """Nobody has them open; of a large programme it took 100 ms in one go."""
    stored(computed(factories.person("Somebody")).key)
    db.session.rollback()
    assert list(db.session.scalars(select(Document.access_rev))) == [0, 0, 0, 0]


def test_one_who_lost_the_job_stores_nothing_more(app: Flask, census: Census) -> None:
    somebody = factories.person("Somebody")
    job = half_stored(somebody)
    claim = jobs.StoreClaim(job, job.claimed_by)
    with claim.slice():
        pass
    assert jobs.cancel(job)
    with pytest.raises(jobs.ClaimLost), claim.slice():
        pass


@pytest.mark.slow
def test_a_backup_taken_meanwhile_brings_nothing_half_back(app: Flask, tmp_path: Path) -> None:
    stamp()
    somebody = factories.person("Somebody")
    whole = factories.programme(factories.partnership())
    half_stored(somebody)
    operations.write_backup(tmp_path / "backup")
    operations.restore_backup(tmp_path / "backup")
    kept = here(arriving=False)
    jobs.clean_up()
    assert here(arriving=True) == []
    assert here(arriving=False) == kept
    assert whole.id in kept
    assert list(verification.version_faults()) == []


@pytest.mark.slow
def test_two_people_with_the_same_file_bring_it_once(app: Flask, house: EditionsScene, census: Census) -> None:
    """Its programme keeps its name, so the second one hears a sentence, and the first is not disturbed."""
    file = lived_in(house)
    _forget_it()
    first, second = factories.person("First"), factories.person("Second")
    one, two = half_stored(first, file), computed(second, file)
    stored(two.key)
    problem = now(two.key).problem
    assert now(two.key).state == FAILED
    assert problem is not None
    assert problem["sentence"]["en"].startswith(("This programme is here already", "Somebody else"))
    silence(one)
    stored(one.key)
    assert now(one.key).state == DONE


def _forget_it() -> None:
    """Nothing is here that the file could be known by."""
    with writing() as session:
        session.execute(delete(Partnership))
        session.execute(delete(Document))


def test_it_is_found_and_opened_once_it_is_there(client: ProofReader) -> None:
    somebody = factories.person("Somebody")
    job = computed(somebody)
    stored(job.key)
    client.login(somebody)
    page = client.get(f"/programmes/{now(job.key).result['programme']}").text
    assert SECRET in page
    index.reindex_pending(1_000)
    assert "WA-1" in client.get("/search?q=WA-1").text
    assert not (jobs.folder_of(now(job.key)) / ROWS).exists()


def test_a_file_that_comes_out_again_is_the_same(app: Flask, house: EditionsScene) -> None:
    file = lived_in(house)
    _forget_it()
    job = computed(factories.person("Somebody"), file)
    stored(job.key)
    programme = db.session.get_one(Programme, now(job.key).result["programme"])
    there, wanted = json.loads(export_bytes(programme)), json.loads(file)
    assert {n: p for n, p in there.items() if n != "history"} == {n: p for n, p in wanted.items() if n != "history"}
    assert list(verification.version_faults()) == []


def test_with_its_owner_erased_nothing_of_it_stays(app: Flask) -> None:
    somebody = factories.person("Somebody")
    job = half_stored(somebody)
    folder = jobs.folder_of(job)
    erase_person(somebody, by=None)
    assert list(folder.iterdir()), "a younger folder may be of a job that is just being made"
    os.utime(folder, (time.time() - 120,) * 2)
    jobs.clean_up()
    assert here(arriving=True) == []
    assert not folder.exists()
