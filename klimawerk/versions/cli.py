"""`flask versions verify`, `flask versions black-out`."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import AppGroup

from klimawerk import scalars
from klimawerk.extensions import db
from klimawerk.sheets.models import Item
from klimawerk.versions import redaction, verification

versions = AppGroup("versions", help="Saved versions of programmes, goals and measures.")


def init_app(app: Flask) -> None:
    app.cli.add_command(versions)


@versions.command()
def verify() -> None:
    """Recompute every hash, and say what does not fit. Ends with status 1 when something does not.

    Hashes that fit say that no part was changed alone. They do not say where something comes from.
    """
    wrong = 0
    for fault in verification.version_faults():
        wrong += 1
        click.echo(fault, err=True)
    if wrong:
        raise click.ClickException(f"{wrong} things do not fit.")
    for line in verification.redacted_parts():
        click.echo(line)
    click.echo(f"{verification.checked_count()}: everything fits.")


@versions.command("black-out")
@click.argument("item_id", type=click.IntRange(1, scalars.MAX_INT))
@click.option(
    "--passage", prompt="The passage, as it stands there", help="Asked for when left out, so no shell keeps it."
)
@click.option("--reason", prompt="The reason, which stays readable", help="Without what is to be blacked out.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def black_out(item_id: int, passage: str, reason: str, yes: bool) -> None:
    """Black out a passage of a programme, goal or measure (the number in its address), for good.

    It vanishes from the texts and fields as they are, from their log and their records, and from all versions.
    """
    item = db.session.get(Item, item_id)
    if item is None or item.frame.arriving:
        raise click.ClickException(f"There is no item with the number {item_id}.")
    if len(passage.strip()) < redaction.MIN_PASSAGE_LENGTH or not reason.strip() or passage in reason:
        raise click.ClickException("A passage of four characters at least is needed, and a reason without it.")
    count = redaction.count_occurrences(item, passage)
    if not count.anything:
        raise click.ClickException("It stands nowhere in this item.")
    present, stored = (
        f"{count.texts} texts, {count.values} fields and lines",
        f"{count.records} records, {count.parts} parts",
    )
    summary = f"{present}, {stored} of versions"
    if not yes:
        click.confirm(f"It stands in {summary}. This cannot be undone. Black it out?", abort=True)
    redaction.redact(item, passage, reason.strip())
    click.echo(f"Blacked out in {summary}. Backups made before still hold it.")
