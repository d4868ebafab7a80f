"""Who was erased, in a file of the instance folder: a backup from before still holds them, and is no part of it.

One line of JSON for each, without a name or an address: the key of the installation, the person's number, and when
that account was made, which tells it from a later account with the same number after an older backup was restored.
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
"""Installation, number, when the account was made (ISO 8601)."""


def erasure_marks() -> set[ErasureMark]:
    """Everybody who was erased here: according to the file, and to the database as it is now."""
    found = {mark for mark in map(_mark, _lines()) if mark}
    return found | _in_database()


def write_marks() -> None:
    """Add those whom the database knows as erased and the file does not; on disk when this returns."""
    known = {mark for mark in map(_mark, _lines()) if mark}
    missing = sorted(_in_database() - known)
    if missing:
        descriptor = os.open(_path(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write("\n" if os.fstat(descriptor).st_size else "")  # the last line may be half of one
            for key, number, made in missing:
                file.write(json.dumps({"installation": key, "person": number, "made": made}) + "\n")
            file.flush()
            os.fsync(file.fileno())


def not_yet_erased(wanted: Iterable[ErasureMark]) -> list[Person]:
    """Those of them whom the database holds, not erased."""
    key, numbers = installation.installation_id()[0], {number for _, number, _ in wanted}
    query = select(Person).where(Person.erased_at.is_(None), Person.id.in_(numbers)).order_by(Person.id)
    return [one for one in db.session.scalars(query) if (key, one.id, one.created_at.isoformat()) in set(wanted)]


def _in_database() -> set[ErasureMark]:
    key = installation.installation_id()[0]
    query = select(Person.id, Person.created_at).where(Person.erased_at.is_not(None))
    return {(key, number, made.isoformat()) for number, made in db.session.execute(query).all()}


def _lines() -> list[str]:
    try:
        return _path().read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def _mark(line: str) -> ErasureMark | None:
    """None for half a line, after the machine went down while it was written: the database still knows it."""
    try:
        said = safe_json.loads(line)
        return str(said["installation"]), int(said["person"]), str(said["made"])
    except (ValueError, KeyError, TypeError):
        return None


def _path() -> Path:
    return Path(current_app.extensions["klimawerk"].instance) / ERASURE_FILE
