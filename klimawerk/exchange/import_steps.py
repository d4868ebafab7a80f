"""Steps of an import job that run in the runner's children: the preview of a file, and the rows to be stored.

The rows are made by the same code that imports in one transaction, in a SQLite file in the job's folder; the server
copies them from there (import_slices.py). These steps have no access to the installation's database, settings or
secrets.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

from flask import Flask
from flask_babel import Babel

from klimawerk import database
from klimawerk.accounts.models import Person
from klimawerk.config import ROOT, Config
from klimawerk.database import writing
from klimawerk.exchange.draft import ProgrammeDraft
from klimawerk.exchange.import_preview import ImportPreview, localised_message
from klimawerk.exchange.import_problems import ImportRefused
from klimawerk.exchange.import_validator import validate_import
from klimawerk.exchange.json_reader import read_json
from klimawerk.exchange.json_size import check_size
from klimawerk.exchange.service import build_programme, summarise
from klimawerk.extensions import db
from klimawerk.goals.content import KIND as GOAL
from klimawerk.jobs import folders
from klimawerk.jobs.job_steps import Answer, Progress, Task
from klimawerk.measures.content import KIND as MEASURE
from klimawerk.programmes.content import KIND as PROGRAMME
from klimawerk.sheets.item_kinds import item_kinds

NAMES, ROWS = "names.json", "rows.sqlite"
"""Files beside the input: the identities in the file's history (HistoryKeys); the prepared rows."""


def preview_file(folder: Path, task: Task, progress: Progress) -> Answer:
    """Read and check the file: {"result": ImportPreview as JSON}, or the problem. `task`: "max_bytes", "languages"."""
    with _app(folder).app_context():
        try:
            draft = _draft(folder, task, progress)
        except ImportRefused as refused:
            return {"problem": asdict(localised_message(refused.problem, task["languages"]))}
        progress(80)
        if draft.history:
            (folder / NAMES).write_text(json.dumps(draft.history.keys().as_json()))
        return {"result": ImportPreview.of(summarise(draft), task["languages"]).as_json()}


def prepare_rows(folder: Path, task: Task, progress: Progress) -> Answer:
    """Make the rows in the file ROWS; {"result": {}} or the problem. `task`: as above, "by" (id of a user), "copy"."""
    with _app(folder).app_context():
        try:
            draft = _draft(folder, task, progress)
        except ImportRefused as refused:
            return {"problem": asdict(localised_message(refused.problem, task["languages"]))}
        build_rows(folder, replace(draft, history=None) if task["copy"] else draft, task["by"], progress)
        return {"result": {}}


def build_rows(folder: Path, draft: ProgrammeDraft, by: int | None, progress: Progress) -> None:
    """Store the draft in the database of `create_rows_app`. Inside its app context."""
    db.create_all()
    if by is not None:
        with writing() as session:
            session.add(Person(id=by, email="-", name="-"))
    build_programme(draft, by, lambda share: progress(40 + int(60 * share)))
    db.session.remove()
    db.engine.dispose()


@contextmanager
def create_rows_app(folder: Path) -> Iterator[None]:
    """An app context whose database is an empty file ROWS in the folder."""
    with _app(folder).app_context():
        yield


def _draft(folder: Path, task: Task, progress: Progress) -> ProgrammeDraft:
    file = folder / folders.INPUT
    with file.open("rb") as opened:
        check_size(opened, task["max_bytes"])
    progress(10)
    data = read_json(file.read_bytes(), task["max_bytes"])
    progress(25)
    return validate_import(data)


def _ignore(*_arguments: object, **_options: object) -> None:
    """Stands for functions that announce changes; there are no pages to notify."""


def _app(folder: Path) -> Flask:
    """An app that can translate and store, and nothing else."""
    for old_file in folder.glob(f"{ROWS}*"):
        old_file.unlink()  # of a killed child
    config = Config(
        instance=folder,
        database_url=f"sqlite:///{folder / ROWS}",
        redis_url=None,
        secret_key="",
        demo_password=None,
        public_url="",
        https=False,
        workers=1,
        async_mode="threading",
        trusted_proxies=0,
        operator_name="",
        smtp_url=None,
        mail_from="",
        rate_limits=False,
    )
    app = Flask("klimawerk", root_path=str(ROOT), instance_path=str(folder))
    app.config.update(config.flask())
    app.extensions["klimawerk"] = config
    # No page watches: announcements after a commit are dropped.
    app.extensions["live"] = SimpleNamespace(broadcast=SimpleNamespace(announce=_ignore), publish=_ignore)
    Babel(app)
    db.init_app(app)
    database.init_app(app)
    for kind in (PROGRAMME, GOAL, MEASURE):
        item_kinds.add(app, kind.name, kind)
    return app
