"""Log of erasures, a file in the instance folder: older backups still hold the erased persons, but not this file.

One line of JSON per person, without name or address: the key of the installation, the person's id, and when the
account was created, which tells it from a later account with the same id after an older backup was restored.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from flask import current_app
from sqlalchemy import select

from klimawerk import installation, safe_json
from klimawerk.accounts.models import Person
from klimawerk.extensions import db

ERASURE_FILE = "erased.jsonl"
ErasureMark = tuple[str, int, str]
"""Key of the installation, person id, creation time of the account (ISO 8601)."""


def erasure_marks() -> set[ErasureMark]:
    """Marks of all erased persons, from the file and the present database."""
    in_file = {mark for mark in map(_mark, _lines()) if mark}
    return in_file | _in_database()


def write_marks() -> None:
    """Append the erased persons of the database that the file lacks; synchronised to disk (fsync) on return."""
    in_file = {mark for mark in map(_mark, _lines()) if mark}
    missing = sorted(_in_database() - in_file)
    if missing:
        descriptor = os.open(_path(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write("\n" if os.fstat(descriptor).st_size else "")  # the last line may be incomplete
            for key, person_id, created_at in missing:
                file.write(json.dumps({"installation": key, "person": person_id, "made": created_at}) + "\n")
            file.flush()
            os.fsync(file.fileno())


def not_yet_erased(marks: Iterable[ErasureMark]) -> list[Person]:
    """The persons of these marks that are in the database, not erased."""
    key, person_ids = installation.installation_id()[0], {person_id for _, person_id, _ in marks}
    query = select(Person).where(Person.erased_at.is_(None), Person.id.in_(person_ids)).order_by(Person.id)
    return [each for each in db.session.scalars(query) if (key, each.id, each.created_at.isoformat()) in set(marks)]


def _in_database() -> set[ErasureMark]:
    key = installation.installation_id()[0]
    query = select(Person.id, Person.created_at).where(Person.erased_at.is_not(None))
    return {(key, person_id, created_at.isoformat()) for person_id, created_at in db.session.execute(query).all()}


def _lines() -> list[str]:
    try:
        return _path().read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def _mark(line: str) -> ErasureMark | None:
    """Parse a line; None for an incomplete one, after a crash while writing: the database still knows that person."""
    try:
        entry = safe_json.loads(line)
        return str(entry["installation"]), int(entry["person"]), str(entry["made"])
    except (ValueError, KeyError, TypeError):
        return None


def _path() -> Path:
    return Path(current_app.extensions["klimawerk"].instance) / ERASURE_FILE
