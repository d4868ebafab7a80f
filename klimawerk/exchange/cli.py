"""The `flask` commands for import, export and the demonstration: `import`, `export`, `demo`."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click
from flask import Flask
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from klimawerk import scalars
from klimawerk.accounts.service import InvalidInput, find_person
from klimawerk.exchange import cli_import, demo, service
from klimawerk.exchange.import_problems import ImportRefused
from klimawerk.extensions import db
from klimawerk.partnerships import refusals
from klimawerk.programmes.models import Programme
from klimawerk.sheets.models import is_here


def init_app(app: Flask) -> None:
    for command in (import_, export, demonstrate):
        app.cli.add_command(command)


@click.command("import")
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option("--owner", metavar="EMAIL", help="Whose account coordinates the programme; without it nobody does yet.")
@click.option("--side", type=click.Choice(["de", "partner"]), default="de", show_default=True, help="Of the owner.")
@click.option("--check", is_flag=True, help="Only look at the file, import nothing.")
@click.option("--copy", is_flag=True, help="As a new programme without its versions, even if it is here already.")
@with_appcontext
def import_(file: Path, owner: str | None, side: str, check: bool, copy: bool) -> None:
    """Import the programme in FILE, as a new partnership.

    A file with a mistake is refused whole, and the mistake is named with its place. A file whose programme is here
    already, with all of its versions, changes nothing. Hashes of versions that fit say that no part was changed alone,
    not where the file comes from.
    """
    person = find_person(owner) if owner else None
    if owner and person is None:
        raise click.ClickException(f"There is no account for {owner}.")
    data = file.read_bytes()
    try:
        summary = service.preview(data)
        for warning in summary.warnings:
            click.echo(f"Note: {warning}", err=True)
        goals, measures = len(summary.draft.goals), len(summary.draft.measures)
        if check:
            click.echo(f"{file} can be imported: {goals} goals, {measures} measures.")
            return
        history = None if copy else summary.draft.history
        imported = service.find_imported(history.keys() if history else None)
        if imported and imported.whole:
            click.echo(f"Programme {imported.programme.id} holds all of this already. Nothing was changed.")
            return
        programme_id = cli_import.import_from_cli(summary.draft, by=person, side=side, copy=copy)
    except (ImportRefused, refusals.ActionRefused) as problem:
        raise click.ClickException(f"{file} is refused. {problem}") from problem
    except IntegrityError as problem:
        raise click.ClickException("Somebody else has imported a part of this file at the same moment.") from problem
    history_text = f" With {history.count} versions and {len(history.editions)} editions." if history else ""
    click.echo(f"Programme {programme_id}: {goals} goals, {measures} measures.{history_text}")


@click.command()
@click.argument("programme", type=click.IntRange(1, scalars.MAX_INT))
@click.argument("file", type=click.File("wb"), default="-")
@click.option("--without-history", is_flag=True, help="Only what stands there now, no versions and editions.")
@with_appcontext
def export(programme: int, file: BinaryIO, without_history: bool) -> None:
    """Write the programme with the number PROGRAMME to FILE, or to the screen."""
    stored = db.session.get(Programme, programme)
    if stored is None or stored.deleted_at is not None or stored.frame.arriving:
        raise click.ClickException(f"There is no programme {programme}. Known: {_known()}")
    file.write(service.export_bytes(stored, history=not without_history))


def _known() -> str:
    programmes = select(Programme.id).where(Programme.deleted_at.is_(None), is_here())
    ids = db.session.scalars(programmes.order_by(Programme.id))
    return ", ".join(map(str, ids)) or "none"


@click.command("demo")
@with_appcontext
def demonstrate() -> None:
    """Fill an empty database with the example and its accounts, and list them. Does nothing in a real one."""
    try:
        accounts = demo.ensure_demo()
    except InvalidInput as problem:
        raise click.ClickException(f"KLIMAWERK_DEMO_PASSWORD: {problem}") from problem
    if not accounts:
        return
    click.echo("Demo accounts (they all have the same password):")
    for account in accounts:
        click.echo(f"  {account.email:<34}{account.password:<20}{account.role}, {account.name}")
