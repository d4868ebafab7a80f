"""`flask versions verify`."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import AppGroup

from klimawerk.versions import verifying

versions = AppGroup("versions", help="Saved versions of programmes, goals and measures.")


def init_app(app: Flask) -> None:
    app.cli.add_command(versions)


@versions.command()
def verify() -> None:
    """Recompute every hash, and say what does not fit. Ends with status 1 when something does not."""
    wrong = 0
    for fault in verifying.faults():
        wrong += 1
        click.echo(fault, err=True)
    if wrong:
        raise click.ClickException(f"{wrong} things do not fit.")
    click.echo(f"{verifying.count()}: everything fits.")
