"""`flask digest`: mails about what people missed, from the operator's shell."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import AppGroup

from klimawerk.accounts import mail
from klimawerk.clock import now
from klimawerk.digests import outbox, sending
from klimawerk.digests.models import DigestMail

digest = AppGroup("digest", help="Mail digests: send what is due, see what waits.")


def init_app(app: Flask) -> None:
    app.cli.add_command(digest)


@digest.command()
def send() -> None:
    """Make and send what is due now; for cron or a systemd timer, every few minutes."""
    if not mail.configured():
        raise click.ClickException("There is no mail server: set KLIMAWERK_SMTP_URL.")
    counts = sending.send_due()
    failed = counts["failed"] + counts["away"]
    click.echo(f"made: {counts['made']}, sent: {counts['sent']}, failed: {failed}, dropped: {counts['dropped']}")


@digest.command()
def status() -> None:
    """How many mails are in which state, and why those wait or were given up that were not sent."""
    counts = outbox.counts_by_state()
    click.echo(", ".join(f"{state}: {counts[state]}" for state in ("waiting", "sending", "sent", "failed", "dropped")))
    for mail_row in outbox.undelivered():
        click.echo(_line(mail_row))


@digest.command()
def retry() -> None:
    """Give every mail that was given up one more try, in the next round."""
    click.echo(f"waiting again: {outbox.retry_given_up(now())}")


def _line(mail_row: DigestMail) -> str:
    next_try = f"next try {mail_row.next_try_at:%Y-%m-%d %H:%M} UTC" if mail_row.state == "waiting" else ""
    tries = f"{mail_row.tries} tries" if mail_row.tries != 1 else "1 try"
    parts = (
        mail_row.state,
        mail_row.person.email,
        f"made {mail_row.made_at:%Y-%m-%d %H:%M} UTC",
        tries,
        next_try,
        mail_row.error,
    )
    return "\t".join(part for part in parts if part)
