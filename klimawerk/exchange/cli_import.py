"""Import from the command line, stored in slices like a server's import, so that users can go on writing."""

from __future__ import annotations

import os
import secrets
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import current_app
from sqlalchemy import delete

from klimawerk.accounts.models import Person
from klimawerk.database import writing
from klimawerk.exchange import import_slices
from klimawerk.exchange.draft import ProgrammeDraft
from klimawerk.exchange.history_draft import HistoryKeys
from klimawerk.exchange.import_steps import build_rows, create_rows_app
from klimawerk.jobs.models import STORING, Job
from klimawerk.jobs.storing import MAX_CLAIMS, StoreClaim


def import_from_cli(draft: ProgrammeDraft, *, by: Person | None, side: str, copy: bool) -> int:
    """Import a checked file and return the programme's number. Raises what `import_rows` raises.

    If this process is killed, nothing becomes visible, and a server removes the partly stored data, at the latest at
    its next start.
    """
    imported_draft = replace(draft, history=None) if copy else draft
    keys = imported_draft.history.keys() if imported_draft.history else None
    by_id = by.id if by else None
    with TemporaryDirectory(prefix="import-", dir=current_app.extensions["klimawerk"].instance) as folder:
        with create_rows_app(Path(folder)):
            build_rows(Path(folder), imported_draft, by_id, lambda _percent: None)
        return _store_rows(Path(folder), keys, by_id, side)


def _store_rows(folder: Path, keys: HistoryKeys | None, by_id: int | None, side: str) -> int:
    name = f"{os.getpid()}-{secrets.token_hex(8)}"
    job = Job(
        key=secrets.token_urlsafe(16), kind="shell", state=STORING, step="prepare", claimed_by=name, claims=MAX_CLAIMS
    )
    job.person_id, job.asked = by_id, {"side": side}
    with writing() as session:
        session.add(job)
    try:
        return import_slices.import_rows(folder, keys, job, StoreClaim(job, name))
    finally:
        with writing() as session:
            session.execute(delete(Job).where(Job.key == job.key))
        import_slices.remove_arriving(job.key, writing)  # removes nothing if everything was stored
