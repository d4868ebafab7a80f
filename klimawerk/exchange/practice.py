"""Practice programmes: one per account, to be changed freely and reset; one goal and two measures of the example."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import delete, select

from klimawerk import safe_json
from klimawerk.accounts import existing_accounts
from klimawerk.accounts.models import Person
from klimawerk.clock import now
from klimawerk.collab.storage import document_store as documents
from klimawerk.database import writing
from klimawerk.exchange.demo import EXAMPLE
from klimawerk.exchange.draft import ProgrammeDraft
from klimawerk.exchange.draft_store import store_draft
from klimawerk.exchange.import_validator import validate_import
from klimawerk.exchange.json_reader import read_json
from klimawerk.exchange.service import make_coordinator
from klimawerk.extensions import db
from klimawerk.live.changes import note
from klimawerk.partnerships.models import Membership, Partnership
from klimawerk.programmes.models import Programme
from klimawerk.sheets.models import Frame, Item

_GOAL, _MEASURES = "Z1", ("WA-01", "WA-02")
_NAME = {"de": "Übungspartnerschaft", "en": "Practice partnership"}
_TITLE = {
    "de": "Übungsprogramm: hier darf alles ausprobiert werden",
    "en": "Practice programme: try out anything here",
}
_FOREWORD = {
    "de": "Dieses Programm gehört nur Ihnen. Schreiben, ändern und löschen Sie; niemand sonst sieht es. "
    "Auf der Startseite stellen Sie den Anfang wieder her.",
    "en": "This programme is yours alone. Write, change and delete; nobody else sees it. "
    "On the start page you can bring back the beginning.",
}


def practice_of(person: Person) -> Programme | None:
    """The user's practice programme, if there is one."""
    return db.session.scalar(
        select(Programme)
        .join(Frame, Programme.frame_id == Frame.id)
        .join(Partnership, Frame.partnership_id == Partnership.id)
        .where(Partnership.practice_of == person.id, Partnership.deleted_at.is_(None))
    )


def ensure_practice(person: Person) -> Programme:
    """The user's practice programme, created when it is first requested."""
    with writing():
        existing_accounts.lock_account(person.id)
        existing = practice_of(person)
        if existing:
            return existing
        programme = store_draft(_draft(person), by=person.id, practice_of=person.id)
        make_coordinator(programme.frame.partnership, person, "de" if person.language == "de" else "partner")
        return programme


def reset_practice(person: Person) -> Programme:
    """Mark the user's practice programme as deleted and create a new one.

    The rows stay: ids of documents must not be reused while a page may still have the documents open.
    """
    with writing():
        old = practice_of(person)
        if old:
            _release(old.frame)
        return ensure_practice(person)


def release_practice(person: Person) -> None:
    """Mark the user's practice programme as deleted. Inside `writing()`."""
    programme = practice_of(person)
    if programme:
        _release(programme.frame)


def _release(frame: Frame) -> None:
    items = list(db.session.scalars(select(Item).where(Item.frame_id == frame.id)))
    for item in items:
        note(item.name)
        item.deleted_at = item.deleted_at or now()
    documents.mark_deleted([item.name for item in items])
    frame.partnership.deleted_at = now()
    db.session.execute(delete(Membership).where(Membership.partnership_id == frame.partnership_id))
    db.session.flush()


def _draft(person: Person) -> ProgrammeDraft:
    file: dict[str, Any] = safe_json.loads(EXAMPLE.read_text(encoding="utf-8"))
    file["meta"]["language_lead"] = "de" if person.language == "de" else "en"
    file["partnership"] |= {"name": _NAME, "teams": []}
    file["programme"] |= {"title": _TITLE, "foreword": _FOREWORD}
    file["goals"] = [goal for goal in file["goals"] if goal["code"] == _GOAL]
    file["measures"] = [measure for measure in file["measures"] if measure["code"] in _MEASURES]
    file["fields"] = [field for field in file["fields"] if field["code"] == "WA"]
    for measure in file["measures"]:
        measure["related"] = [code for code in measure["related"] if code in _MEASURES]
    for part in ("comments_sample", "workshop_sample", "decisions_sample", "totals"):
        del file[part]
    return validate_import(read_json(json.dumps(file).encode(), EXAMPLE.stat().st_size * 2))
