"""Static files under addresses that hold a hash of their content, so that a browser may keep them for ever.

Browser modules and style sheets are built by esbuild (`make assets`, static/vendor/src/assets.mjs) into `static/built`,
whose manifest names every file that is served, with its version. Files that import each other share one version.
`KLIMAWERK_JOIN=off` serves every source file by itself, as it is now.
"""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Flask, Response, abort, current_app, request, send_from_directory, url_for
from flask_babel import force_locale, get_locale

from klimawerk import safe_json
from klimawerk.web import compression
from klimawerk.web.browser_messages import later_messages

CACHE_FOREVER = "max-age=31536000, immutable"
ENTRY = "js/main.js"
STYLE = "css/page.css"
MANIFEST = "built/manifest.json"
_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
}
"""What is text, and worth packing."""


def init_app(app: Flask) -> None:
    config = app.extensions["klimawerk"]
    files = load_manifest(Path(str(app.static_folder))) if config.join else StaticFiles({}, {}, built=False)
    app.extensions["klimawerk_assets"] = files
    app.extensions["klimawerk_compressed"] = compression.CompressedCache(config.instance / "packed")
    app.add_url_rule("/static/v-<version>/<path:filename>", "asset", _serve)
    app.add_url_rule("/static/v-<version>/words/<locale>.json", "words", _serve_words)
    app.add_template_global(messages_url)
    app.add_template_global(asset)
    app.add_template_global(styles)
    app.add_template_global(modules)


def static_files() -> StaticFiles:
    """The static files of this app."""
    found: StaticFiles = current_app.extensions["klimawerk_assets"]
    return found


def asset(path: str) -> str:
    """Address of a static file ("css/main.css") that changes whenever its content does."""
    return url_for("asset", version=static_files().version(path), filename=path)


def styles() -> list[str]:
    """Addresses of the style sheets of a page."""
    return [asset(STYLE)]


def modules() -> list[str]:
    """Addresses of the page's entry and of the libraries it imports at once, for loading it all in one go."""
    return [asset(path) for path in (ENTRY, *static_files().preloaded.get(ENTRY, ()))]


def messages_url() -> str:
    """Address of the sentences that come later, in the reader's language."""
    locale = str(get_locale())
    return url_for("words", version=_messages_version(locale), locale=locale)


@cache
def _messages_version(_locale: str) -> str:
    return _digest(later_messages())


class DamagedBuild(Exception):
    """A file below `static/built` is not the one that the manifest names; the message says which."""


@dataclass(frozen=True)
class StaticFile:
    """What is served under one path; `version` stands in its address."""

    version: str
    content: bytes


@dataclass(frozen=True)
class StaticFiles:
    """All static files by path ("js/main.js"), in memory, and what is preloaded with an entry.

    Unless they are `built`, nothing is known of them: source files are served from disk.
    """

    files: dict[str, StaticFile]
    preloaded: dict[str, list[str]]
    built: bool = True

    def version(self, path: str) -> str:
        """The version in the address of `path`. KeyError when the manifest does not name it."""
        return self.files[path].version if self.built else "source"


def load_manifest(folder: Path) -> StaticFiles:
    """The files that the manifest below `folder` names. Raises DamagedBuild.

    They are read when the process starts: what a browser keeps for ever under a hash must be what the hash was made
    of, also while somebody puts newer files there.
    """
    manifest = safe_json.loads((folder / MANIFEST).read_bytes())
    files = {}
    for path, entry in manifest["files"].items():
        content = (folder / entry["file"]).read_bytes()
        if hashlib.sha256(content).hexdigest() != entry["sha256"]:
            raise DamagedBuild(f"static/{entry['file']} is not the file that its manifest names: run `make assets`")
        files[path] = StaticFile(entry["version"], content)
    return StaticFiles(files, manifest["preloaded"])


def _digest(*contents: bytes) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(content).digest() for content in contents)).hexdigest()[:12]


def _serve(version: str, filename: str) -> Response:
    """The file as it is now; only under its present address may it be kept.

    Scripts of another build are not found: they may not fit the page that asks, which says so (static/js/load.js).
    """
    files = static_files()
    if not files.built:
        response = send_from_directory(str(current_app.static_folder), filename)
        response.headers["Cache-Control"] = "no-cache"
        return response
    file = files.files.get(filename)
    present = file is not None and version == file.version
    suffix = Path(filename).suffix
    if file is None or (suffix == ".js" and not present):
        abort(404)
    response = Response(file.content, mimetype=_TYPES.get(suffix) or mimetypes.guess_type(filename)[0])
    return _cacheable(response, present, packed=suffix in _TYPES)


def _serve_words(version: str, locale: str) -> Response:
    if locale not in current_app.extensions["klimawerk"].languages:
        abort(404)
    with force_locale(locale):
        content = later_messages()
    return _cacheable(Response(content, mimetype="application/json"), version == _digest(content), packed=True)


def _cacheable(response: Response, present: bool, *, packed: bool) -> Response:
    response.headers["Cache-Control"] = CACHE_FOREVER if present else "no-cache"
    if not packed:
        return response
    response.vary.add("Accept-Encoding")
    if encoding := compression.encoding_for(request.accept_encodings):
        compressed: compression.CompressedCache = current_app.extensions["klimawerk_compressed"]
        response.set_data(compressed.packed(response.get_data(), encoding))
        response.headers["Content-Encoding"] = encoding
    return response
