"""`flask search rebuild`."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy import select

from klimawerk.extensions import db
from klimawerk.search import index
from klimawerk.sheets.models import Item

search = AppGroup("search", help="The index of the full-text search.")


def init_app(app: Flask) -> None:
    app.cli.add_command(search)


@search.command()
def rebuild() -> None:
    """Read everything into the index anew. People can go on working, and searching."""
    count = index.reindex(db.session.scalars(select(Item.id)).all())
    click.echo(f"{count} programmes, goals and measures can be searched.")
