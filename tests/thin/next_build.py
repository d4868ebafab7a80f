"""Klimawerk after a deployment: the browser modules of another build."""

from __future__ import annotations

import os
from dataclasses import replace

from flask import Flask

from klimawerk import create_app

VERSION = "0123456789ab"


def make() -> Flask:
    app = create_app()
    build = app.extensions["klimawerk_assets"]
    own = {path: replace(file, version=VERSION) for path, file in build.files.items() if path.startswith("js/")}
    app.extensions["klimawerk_assets"] = replace(build, files=build.files | own)
    return app


def sources() -> Flask:
    """No build: every source file by itself."""
    os.environ["KLIMAWERK_JOIN"] = "off"
    return create_app()
