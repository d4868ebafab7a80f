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
    counted = sending.send_due()
    failed = counted["failed"] + counted["away"]
    click.echo(f"made: {counted['made']}, sent: {counted['sent']}, failed: {failed}, dropped: {counted['dropped']}")


@digest.command()
def status() -> None:
    """How many mails are in which state, and why those wait or were given up that were not sent."""
    counted = outbox.counts_by_state()
    click.echo(", ".join(f"{state}: {counted[state]}" for state in ("waiting", "sending", "sent", "failed", "dropped")))
    for one in outbox.undelivered():
        click.echo(_line(one))


@digest.command()
def retry() -> None:
    """Give every mail that was given up one more try, in the next round."""
    click.echo(f"waiting again: {outbox.retry_given_up(now())}")


def _line(one: DigestMail) -> str:
    next_try = f"next try {one.next_try_at:%Y-%m-%d %H:%M} UTC" if one.state == "waiting" else ""
    tries = f"{one.tries} tries" if one.tries != 1 else "1 try"
    parts = (one.state, one.person.email, f"made {one.made_at:%Y-%m-%d %H:%M} UTC", tries, next_try, one.error)
    return "\t".join(part for part in parts if part)
