"""`flask user erase` (erasure of a person), and `flask retention` (retention periods, and deletion of what is due)."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import with_appcontext

from klimawerk.accounts.cli import find_account, user
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.privacy import erasure, retention


def init_app(app: Flask) -> None:
    app.cli.add_command(keeping)


@user.command("erase")
@click.argument("email")
@click.option("--anyway", is_flag=True, help="Also a side's last coordinator, or the last operator.")
@click.confirmation_option("--yes", prompt="Erase this person for good? What they wrote stays under “Former member”.")
def erase(email: str, anyway: bool) -> None:
    """Erase a person: account, address, name, sign-ins, marks and settings. It cannot be undone."""
    person = find_account(email)
    try:
        erasure.erase_person(person, by=None, anyway=anyway)
    except ActionRefused as refused:
        raise click.ClickException(f"{refused} (--anyway erases all the same.)") from refused
    click.echo(f"{email} is erased. Backups made before still hold them; a restore erases them again.")


@click.command("retention")
@with_appcontext
def keeping() -> None:
    """Say how long what is kept, and delete what is due now. The server does so once a day."""
    for rule in retention.RULES:
        click.echo(f"{rule.what}: {rule.kept}. {rule.why}")
    deleted = retention.delete_expired()
    click.echo(f"{sum(deleted.values())} records deleted.")
