"""`flask user`: accounts, from the operator's shell."""

from __future__ import annotations

import secrets

import click
from flask import Flask
from flask.cli import AppGroup

from klimawerk.accounts import confirmation_facts, passwords, service
from klimawerk.accounts.models import Person
from klimawerk.extensions import db

user = AppGroup("user", help="Accounts: add, list, confirm, end, set a password, name an operator.")


def init_app(app: Flask) -> None:
    app.cli.add_command(user)


@user.command("list")
def list_people() -> None:
    """List all accounts: address, name, language, time zone, what is special."""
    for person in service.list_people():
        remarks = [label for label, applies in (("operator", person.operator), ("demo", person.demo)) if applies]
        remarks += [] if person.confirmed_at else [f"not confirmed (number {person.id})"]
        remarks += [f"ended {person.ended_at:%Y-%m-%d}"] if person.ended_at else []
        click.echo("\t".join((person.email, person.name, person.language, person.timezone, " ".join(remarks))))


@user.command()
@click.argument("email")
@click.argument("name")
@click.option("--language", type=click.Choice(["de", "en"]), default="de", show_default=True, help="Of the interface.")
@click.option("--timezone", default="Europe/Berlin", show_default=True, help='Such as "Africa/Accra".')
@click.option("--operator", is_flag=True, help="May see the operator's pages.")
@click.option("--generate", is_flag=True, help="Make up a password and show it, instead of asking for one.")
def add(email: str, name: str, language: str, timezone: str, operator: bool, generate: bool) -> None:
    """Make an account for NAME with the address EMAIL."""
    secret = _password(generate)
    try:
        person = service.create_person(email, name, secret, language=language, timezone=timezone, operator=operator)
    except service.EmailTaken as problem:
        raise click.ClickException(f"There is an account for {email} already.") from problem
    except service.InvalidInput as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(f"{person.email} can sign in now." + (f" Password: {secret}" if generate else ""))


@user.command()
@click.argument("email")
@click.option("--generate", is_flag=True, help="Make up a password and show it, instead of asking for one.")
def password(email: str, generate: bool) -> None:
    """Set a new password; the person is signed out everywhere."""
    person, secret = find_account(email), _password(generate)
    try:
        service.set_password(person, secret, by=None)
    except service.InvalidInput as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(f"{person.email} has a new password." + (f" It is: {secret}" if generate else ""))


@user.command()
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
def confirm(email: str, yes: bool) -> None:
    """Confirm that an address is the person's: after you have asked them by another way than that address."""
    person = find_account(email, unconfirmed=True)
    if person.confirmed_at is None:
        member_of = ", ".join(confirmation_facts.partnership_names(person)) or "no partnership"
        click.echo(
            f"Number {person.id}: {person.name}, since {person.created_at:%Y-%m-%d %H:%M} UTC. Member of: {member_of}."
        )
        if not yes:
            click.confirm(f"Have you asked this person, and is {person.email} their address?", abort=True)
    try:
        service.confirm(person, by=None)
    except service.EmailTaken as problem:
        raise click.ClickException(f"Another account has the address {person.email} already.") from problem
    click.echo(f"The address {person.email} is confirmed.")


@user.command()
@click.argument("email")
@click.confirmation_option("--yes", prompt="End this account? What the person wrote stays.")
def end(email: str) -> None:
    """End an account: no more sign-in, no more rights. Name and address stay; `erase` takes them away."""
    person = find_account(email)
    service.end_person(person, by=None)
    click.echo(f"The account of {person.email} has ended.")


@user.command()
@click.argument("email")
@click.option("--off", is_flag=True, help="Take the right away.")
def operator(email: str, off: bool) -> None:
    """Let somebody see the operator's pages."""
    person = find_account(email)
    service.set_operator(person, not off, by=None)
    click.echo(f"{person.email} is {'no operator any more' if off else 'an operator now'}.")


def find_account(email: str, *, unconfirmed: bool = False) -> Person:
    """The account with this confirmed address, or with this number (`flask user list`). Raises ClickException.

    It is not known whose an unconfirmed account is: it has to be named by its number. With `unconfirmed` the address
    will do if no other account has it.
    """
    if email.isascii() and email.isdigit():
        person = db.session.get(Person, int(email[:18]))
    else:
        accounts = service.accounts_with(email)
        person = accounts[0] if accounts else None
        if person and not person.confirmed_at and not (unconfirmed and len(accounts) == 1):
            numbers = ", ".join(str(account.id) for account in accounts)
            raise click.ClickException(
                f"Nobody has confirmed the address {email}, and the account may be anybody's. Confirm it with "
                "`flask user confirm`, after you have asked the person, or write the account's number instead of the "
                f"address: {numbers}."
            )
    if person is None or person.erased_at:
        raise click.ClickException(f"There is no account for {email}.")
    return person


def _password(generate: bool) -> str:
    if generate:
        return secrets.token_urlsafe(max(12, passwords.MIN_LENGTH))
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
