"""Shell commands for operators (`flask --help`). Each group stands in the package that it is about."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from klimawerk.accounts import cli as accounts
    from klimawerk.digests import cli as digests
    from klimawerk.exchange import cli as exchange
    from klimawerk.operations import cli as operations
    from klimawerk.privacy import cli as privacy
    from klimawerk.search import cli as search
    from klimawerk.versions import cli as versions

    accounts.init_app(app)
    digests.init_app(app)
    exchange.init_app(app)
    operations.init_app(app)
    privacy.init_app(app)
    search.init_app(app)
    versions.init_app(app)
