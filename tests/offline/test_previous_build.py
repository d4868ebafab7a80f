"""What waits in a browser since a build before is sent by the present one: the names of its store are a contract."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import expect
from pycrdt import XmlElement, XmlFragment, XmlText

from klimawerk.collab.storage import document_store
from klimawerk.extensions import db
from klimawerk.installation import installation_id
from klimawerk.measures.models import Measure
from tests.editor.conftest import SheetWindow
from tests.factories import Team
from tests.offline.browser_store import (
    kept,
    text_on_disk,
    value_on_disk,
    wait_until_kept,
    wait_until_nothing_is_kept,
)
from tests.sheet_page import forms_arrived, open_field

SheetFor = Callable[..., SheetWindow]

PAGE = "910422af-9245-4b5a-a5b0-f4bb05fae89f"
"""The id of a page that is gone."""

_STORE = """async ({ name, records }) => {
  const request = indexedDB.open(name, 1)
  request.onupgradeneeded = () => {
    request.result.createObjectStore("waiting", { keyPath: "id" })
    request.result.createObjectStore("bases", { keyPath: "doc" })
  }
  const database = await new Promise((done) => (request.onsuccess = () => done(request.result)))
  const { transaction } = database.transaction("waiting", "readwrite").objectStore("waiting")
  for (const record of records) {
    if (record.update) record.update = Uint8Array.from(atob(record.update), (character) => character.charCodeAt(0))
    transaction.objectStore("waiting").put(record)
  }
  await new Promise((done) => (transaction.oncomplete = done))
  database.close()
}"""

_SHAPES = """async (name) => {
  const database = await new Promise((done) => (indexedDB.open(name).onsuccess = (e) => done(e.target.result)))
  const request = database.transaction("waiting").objectStore("waiting").getAll()
  const records = await new Promise((done) => (request.onsuccess = () => done(request.result)))
  const shapes = Object.fromEntries(records.map((record) => [record.kind, Object.keys(record).sort()]))
  const { held } = await navigator.locks.query()
  const pages = new Set(records.map(({ page }) => page))
  const result = {
    stores: Object.fromEntries([...database.objectStoreNames].map((store) => [
      store, database.transaction(store).objectStore(store).keyPath,
    ])),
    version: database.version, shapes, locks: held.map((lock) => lock.name), pages: [...pages],
  }
  database.close()
  return result
}"""


def test_words_and_values_that_a_build_before_has_kept_are_sent(
    team: Team, sheet_for: SheetFor, measure: Measure, app: Flask
) -> None:
    here = sheet_for(team.partner["editor"])
    here.page.goto("/static/v-0/img/icon.svg")  # a page of the host that runs none of our scripts
    records = [_post(measure), _text(measure, " Written before.")]
    here.page.evaluate(_STORE, {"name": _store_name(team), "records": records})
    assert [record["kind"] for record in kept(here.page)] == ["post", "text"]
    here.page.goto("/account")
    wait_until_nothing_is_kept(here.page)
    assert text_on_disk(measure) == "Forty bins are set up. Written before."
    assert value_on_disk(measure, "priority") == "low"
    expect(here.page.locator("#save-state")).to_have_attribute("data-state", "saved")


@pytest.mark.slow
def test_what_this_build_keeps_has_the_names_and_shapes_of_the_one_before(
    team: Team, sheet_for: SheetFor, measure: Measure
) -> None:
    here = sheet_for(team.partner["editor"])
    here.edit()
    forms_arrived(here.page)
    here.page.context.set_offline(True)
    here.page.keyboard.type(" Written now.")
    open_field(here.page, f"f-{here.item}-priority").locator("select").select_option("low")
    wait_until_kept(here.page, "Written now.")
    wait_until_kept(here.page, "low")
    store = here.page.evaluate(_SHAPES, _store_name(team))
    assert store["stores"] == {"bases": "doc", "waiting": "id"}
    assert store["version"] == 1
    assert store["shapes"] == {"post": sorted(_post(measure)), "text": sorted(_text(measure, "."))}
    assert store["locks"] == [f"{_store_name(team)} {page}" for page in store["pages"]]


def _store_name(team: Team) -> str:
    return f"klimawerk {installation_id()[0]} {team.partner['editor'].id}"


def _post(measure: Measure) -> dict[str, Any]:
    """A choice in a field, as the builds before kept it."""
    return {
        **_waiting(measure, f"field f-{measure.id}-priority"),
        "kind": "post",
        "url": f"/items/{measure.id}/fields/priority",
        "body": "rev=1&show=en&value=low",
        "gen": installation_id()[1],
        "element": f"f-{measure.id}-priority",
        "words": [{"label": "Priority", "text": "low"}],
        "closed": False,
    }


def _text(measure: Measure, typed: str) -> dict[str, Any]:
    """Characters typed at the end of the description, as the builds before kept them."""
    db.session.rollback()
    log = document_store.read_log(document_store.find_document(measure.name).id)
    document = log.document()
    before = document.get_state()
    paragraph = document.get("description.en", type=XmlFragment).children[0]
    assert isinstance(paragraph, XmlElement)
    run = paragraph.children[0]
    assert isinstance(run, XmlText)
    run += typed
    return {
        **_waiting(measure, f"text {measure.name} 1559127781"),
        "kind": "text",
        "gen": log.gen,
        "update": base64.b64encode(document.get_update(before)).decode(),
        "fragments": ["description.en"],
        "words": [{"label": "Description (EN)", "text": f"Forty bins are set up.{typed}"}],
    }


def _waiting(measure: Measure, key: str) -> dict[str, Any]:
    return {
        "id": f"{PAGE} {key}",
        "page": PAGE,
        "since": time.time_ns() // 1_000_000 - 60_000,
        "at": time.time_ns() // 1_000_000 - 60_000,
        "stuck": "",
        "where": {"title": "WA-01 Green bins", "path": f"/measures/{measure.id}"},
        "doc": measure.name,
        "rev": 4,
    }
