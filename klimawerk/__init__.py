"""Klimawerk: a web application in which two partner municipalities write one joint climate action programme, live."""

from __future__ import annotations

from flask import Flask
from flask_socketio import SocketIO

from klimawerk import config as configuration
from klimawerk import database, fragment_cache, installation, safe_json
from klimawerk.config import ROOT, Config
from klimawerk.extensions import babel, csrf, db, init_limiter, migrate
from klimawerk.live import packet_filter, transport


def create_app(config: Config | None = None) -> Flask:
    """The application. Raises BadConfiguration for settings that cannot work."""
    config = config or configuration.load()
    # Without Flask's own route for static files: web/assets.py serves what the manifest of the build names.
    app = Flask(__name__, root_path=str(ROOT), instance_path=str(config.instance), static_folder=None)
    app.static_folder = "static"
    app.config.update(config.flask())
    app.extensions["klimawerk"] = config
    _import_models()
    db.init_app(app)
    database.init_app(app)
    fragment_cache.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"), render_as_batch=True)
    csrf.init_app(app)
    init_limiter(app, config.rate_limits)
    _init_packages(app)
    return app


def _import_models() -> None:
    """Import all tables before the first query."""
    from klimawerk.accounts import attempts as _attempts  # noqa: F401
    from klimawerk.accounts import known_browsers as _browsers  # noqa: F401
    from klimawerk.accounts import models as _accounts  # noqa: F401
    from klimawerk.collab import models as _collab  # noqa: F401
    from klimawerk.comments import models as _comments  # noqa: F401
    from klimawerk.digests import models as _digests  # noqa: F401
    from klimawerk.editions import models as _editions  # noqa: F401
    from klimawerk.goals import models as _goals  # noqa: F401
    from klimawerk.idempotency import models as _idempotency  # noqa: F401
    from klimawerk.jobs import models as _jobs  # noqa: F401
    from klimawerk.live import models as _live  # noqa: F401
    from klimawerk.measures import models as _measures  # noqa: F401
    from klimawerk.news import models as _news  # noqa: F401
    from klimawerk.partnerships import models as _partnerships  # noqa: F401
    from klimawerk.programmes import models as _programmes  # noqa: F401
    from klimawerk.search import models as _search  # noqa: F401
    from klimawerk.sheets import models as _sheets  # noqa: F401
    from klimawerk.versions import models as _versions  # noqa: F401


def _init_packages(app: Flask) -> None:
    """Initialise each package by its own `init_app`."""
    from klimawerk import (
        accounts,
        cli,
        collab,
        comments,
        digests,
        editions,
        exchange,
        goals,
        idempotency,
        jobs,
        live,
        measures,
        news,
        overview,
        partnerships,
        presence,
        privacy,
        programmes,
        search,
        sheets,
        versions,
        web,
    )

    cli.init_app(app)
    web.init_app(app)
    installation.init_app(app)
    accounts.init_app(app)
    idempotency.init_app(app)
    partnerships.init_app(app)
    babel.init_app(app, locale_selector=web.locale, timezone_selector=web.timezone)
    config: Config = app.extensions["klimawerk"]
    socketio = SocketIO()  # it belongs to one app
    socketio.init_app(
        app,
        async_mode=config.async_mode,
        async_handlers=False,
        serializer=packet_filter.StrictPacket,
        json=safe_json,
        max_http_buffer_size=config.max_message_size,
        ping_interval=4,
        ping_timeout=20,
    )
    transport.configure_engine(socketio.server, config.max_message_size)
    live.init_app(app)
    jobs.init_app(app)
    presence.init_app(app)
    collab.init_app(app)
    for package in (
        sheets,
        programmes,
        goals,
        measures,
        versions,
        comments,
        overview,
        editions,
        exchange,
        news,
        search,
        digests,
        privacy,
    ):
        package.init_app(app)
    web.headers.add_headers_outside_flask(app)
