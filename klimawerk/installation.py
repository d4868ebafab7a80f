"""Identity of this installation for browsers that store unsent changes.

`key` is created once per database. `gen` (generation) is new after a restore from a backup: changes written against the
state before it are offered for copying, and never merged.
"""

from __future__ import annotations

import secrets
from functools import partial

from flask import Flask, abort, request
from flask_babel import gettext as _
from sqlalchemy import Connection, String, Table, event, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from klimawerk.extensions import Model, db

HEADER = "X-Gen"
new_installation_key = partial(secrets.token_hex, 8)


class Installation(Model):
    """One row, inserted when the table is created."""

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(32), default=new_installation_key)
    gen: Mapped[str] = mapped_column(String(32), default=new_installation_key)


_ID = select(Installation.key, Installation.gen)


def init_app(app: Flask) -> None:
    app.add_template_global(installation_id, "installation")
    app.before_request(_refuse_older_generation)


def installation_id() -> tuple[str, str]:
    """(key, gen) of this installation."""
    key, gen = db.session.execute(_ID).one()
    return key, gen


def start_new_generation() -> None:
    """Set a new generation after a restore; inside `writing()`."""
    db.session.execute(update(Installation).values(gen=new_installation_key()))


def _refuse_older_generation() -> None:
    """Refuse (412) a POST that names another generation than the present one."""
    given = request.headers.get(HEADER)
    if given and request.method == "POST" and given != installation_id()[1]:
        abort(412, _("An earlier copy was brought back meanwhile. Please load the page again."))


def _fill(table: Table, connection: Connection, **_options: object) -> None:
    connection.execute(insert(table).values(id=1, key=new_installation_key(), gen=new_installation_key()))


event.listen(Installation.__table__, "after_create", _fill)
