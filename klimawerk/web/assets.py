"""Static files under one address per content of the whole tree, so that a browser may keep them for ever.

The tree has one hash, made at start: modules import each other by relative paths and stay in one version.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, abort, current_app, request, send_from_directory, url_for
from werkzeug.security import safe_join

FOR_EVER = "public, max-age=31536000, immutable"
_IMPORT = re.compile(r"""(?:^|[\s;}])(?:import|export)\s*(?:[^'"();]*?\sfrom\s*)?["'](\.[^"']+)["']""")
_TEXT = {".js", ".css", ".svg", ".json", ".map", ".webmanifest"}


def init_app(app: Flask) -> None:
    folder = Path(str(app.static_folder))
    app.extensions["klimawerk_assets"] = tree_hash(folder)
    app.add_url_rule("/static/v-<version>/<path:filename>", "asset", _serve)
    app.add_template_global(asset)
    app.add_template_global(modules)


def asset(path: str) -> str:
    """Address of a static file ("css/base.css") that changes whenever anything in the tree does."""
    return url_for("asset", version=current_app.extensions["klimawerk_assets"], filename=path)


def modules(entry: str = "js/main.js") -> list[str]:
    """Addresses of `entry` and of everything it imports at once, for flat preloading; empty where there is none."""
    return [asset(path) for path in imported(Path(str(current_app.static_folder)), entry)]


@lru_cache(maxsize=32)
def imported(folder: Path, entry: str) -> tuple[str, ...]:
    """Paths below `folder` of `entry` and of what it imports statically, each once; dynamic imports stay out."""
    found: list[str] = []
    waiting = [entry]
    while waiting:
        path = waiting.pop(0)
        file = (folder / path).resolve()
        if path in found or not file.is_file() or not file.is_relative_to(folder.resolve()):
            continue
        found.append(path)
        for name in _IMPORT.findall(file.read_text(encoding="utf-8")):
            waiting.append((file.parent / name).resolve().relative_to(folder.resolve()).as_posix())
    return tuple(found)


def tree_hash(folder: Path) -> str:
    """Twelve hexadecimal digits over the names and contents of all files below `folder`."""
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")) if folder.is_dir() else []:
        if file.is_file():
            digest.update(file.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:12]


def _serve(version: str, filename: str) -> Response:
    """The file as it is now; only under the present address may it be kept."""
    response = _packed(filename) or send_from_directory(str(current_app.static_folder), filename)
    present = version == current_app.extensions["klimawerk_assets"]
    response.headers["Cache-Control"] = FOR_EVER if present else "no-cache"
    return response


def _packed(filename: str) -> Response | None:
    """The gzipped file where that helps and the browser takes it."""
    if Path(filename).suffix not in _TEXT or not request.accept_encodings.best_match(["gzip"]):
        return None
    path = safe_join(str(current_app.static_folder), filename)
    if path is None or not Path(path).is_file():
        abort(404)
    plain = send_from_directory(str(current_app.static_folder), filename)
    response = Response(_gzipped(path, Path(path).stat().st_mtime_ns), mimetype=plain.mimetype)
    response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    plain.close()
    return response


@lru_cache(maxsize=256)
def _gzipped(path: str, _changed: int) -> bytes:
    return gzip.compress(Path(path).read_bytes(), 9)
