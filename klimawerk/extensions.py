"""Flask extensions, bound to the app in `create_app`. What is created once holds nothing of an app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, current_app
from flask_babel import Babel
from flask_babel.speaklater import LazyString
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase
from werkzeug.local import LocalProxy


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


# Objects stay readable after a commit, since a route renders what it has just stored.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
if TYPE_CHECKING:

    class Model(Base):
        """What every table inherits from: `db.Model`, which type checkers cannot follow."""

        __abstract__ = True
else:
    Model = db.Model

migrate = Migrate()
babel = Babel()
csrf = CSRFProtect()
# Lazily translated messages are marked as safe HTML, with user input inside. Without the mark templates escape them.
del LazyString.__html__
limiter: Limiter = LocalProxy(lambda: current_app.extensions["klimawerk_limiter"])  # type: ignore[assignment]
"""The current app's rate limiter: counters belong to one app."""


def init_limiter(app: Flask, enabled: bool) -> None:
    """Give the app a rate limiter. One that is not enabled counts nothing."""
    app.extensions["klimawerk_limiter"] = made = Limiter(get_remote_address, app=app)
    made.enabled = enabled
