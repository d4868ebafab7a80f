"""Commands `flask backup` and `flask restore`."""

from __future__ import annotations

from pathlib import Path

import click
from flask import Flask
from flask.cli import with_appcontext

from klimawerk.operations import service
from klimawerk.operations.backup_file import InvalidBackup


def init_app(app: Flask) -> None:
    app.cli.add_command(backup)
    app.cli.add_command(restore)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Overwrite FILE if it exists.")
@with_appcontext
def backup(file: Path, yes: bool) -> None:
    """Write the whole installation into FILE, while it runs.

    The file holds everything in the database except who is signed in: keep it as safe as the database. It can be
    restored into SQLite and PostgreSQL alike.
    """
    if file.exists() and not yes:
        raise click.ClickException(f"{file} exists. Choose another name, or add --yes to overwrite it.")
    try:
        summary = service.write_backup(file)
    except InvalidBackup as problem:
        raise click.ClickException(str(problem)) from problem
    except OSError as problem:
        raise click.ClickException(f"{file} could not be written: {problem.strerror}.") from problem
    click.echo(f"{file}: {summary.rows} rows, as of {summary.header.made_at}")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask before everything is replaced.")
@with_appcontext
def restore(file: Path, yes: bool) -> None:
    """Replace everything in this installation by the backup in FILE.

    A damaged file is refused, and then nothing changes. Everybody has to sign in again afterwards. The server may run
    meanwhile: open pages notice, and offer words that were typed after the backup for copying.
    """
    try:
        summary = service.check_backup(file)
        if not service.is_installation_empty() and not yes:
            click.confirm(
                f"Replace everything here by {summary.rows} rows of {summary.header.made_at}?", abort=True, err=True
            )
        result = service.restore_backup(file)
    except InvalidBackup as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(f"Restored {summary.rows} rows, as of {summary.header.made_at}. Everybody signs in again.")
    for sentence in result.messages:
        click.echo(sentence)
