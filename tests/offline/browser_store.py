"""Helpers that read what browsers have stored, and what the server has stored."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page
from pycrdt import XmlFragment

from klimawerk.collab.rich_text import to_plain_text
from klimawerk.collab.storage import document_store
from klimawerk.extensions import db
from klimawerk.sheets.models import Item

_ALL = """async () => {
  const found = []
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((done) => (indexedDB.open(name).onsuccess = (e) => done(e.target.result)))
    if (database.objectStoreNames.contains("waiting")) {
      const request = database.transaction("waiting").objectStore("waiting").getAll()
      const records = await new Promise((done) => (request.onsuccess = () => done(request.result)))
      for (const { id, kind, words, stuck, url, body } of records) {
        found.push({ id, kind, words, stuck, url, body, store: name })
      }
    }
    database.close()
  }
  return found
}"""


PAGES = "async () => (await (await caches.open('pages')).keys()).map(({ url }) => new URL(url).pathname)"
"""Paths of the pages in the service worker's cache."""

BASES = """async () => {
  const found = []
  for (const { name } of await indexedDB.databases()) {
    const opening = indexedDB.open(name)
    opening.onupgradeneeded = () => opening.transaction.abort()  // it was deleted just now: do not make it anew
    const database = await new Promise((done) => {
      opening.onsuccess = () => done(opening.result)
      opening.onerror = () => done(null)
    })
    if (!database) continue
    const request = database.transaction("bases").objectStore("bases").getAllKeys()
    found.push(...await new Promise((done) => (request.onsuccess = () => done(request.result))))
    database.close()
  }
  return found
}"""
"""Names of the documents whose content is stored."""


def kept(page: Page) -> list[dict[str, Any]]:
    """The pending changes in this browser, of any user."""
    return list(page.evaluate(_ALL))


def wait_until(page: Page, condition: Callable[[], Any], seconds: float = 60) -> Any:
    """The result of `condition` as soon as it is true; the page goes on meanwhile."""
    end = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        page.wait_for_timeout(50)
    return result


def wait_until_kept(page: Page, words: str) -> None:
    wait_until(page, lambda: any(words in word["text"] for record in kept(page) for word in record["words"]))


def wait_until_nothing_is_kept(page: Page) -> None:
    wait_until(page, lambda: not kept(page))


def text_on_disk(item: Item, fragment: str = "description.en") -> str:
    """The text in the server's database."""
    db.session.rollback()
    document = document_store.read_log(document_store.find_document(item.name).id).document()
    return to_plain_text(document.get(fragment, type=XmlFragment))


def value_on_disk(item: Item, key: str) -> Any:
    db.session.rollback()
    db.session.refresh(item)
    return item.values.get(key)
