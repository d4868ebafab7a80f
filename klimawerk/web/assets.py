"""Static files under addresses that hold a hash of their content, so that a browser may keep them for ever.

Our own modules and style sheets are joined into few files (`bundling.py`) when the first page is made; what they hold
shares one hash, since their files import each other by relative paths. `KLIMAWERK_JOIN=off` serves every source file
by itself, as it is now.
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from flask import Flask, Response, abort, current_app, request, send_from_directory, url_for
from flask_babel import force_locale, get_locale

from klimawerk.web import compression
from klimawerk.web.browser_messages import later_messages
from klimawerk.web.bundling import Bundle, bundle
from klimawerk.web.js_modules import VENDOR, parse_module
from klimawerk.web.minify import minify

CACHE_FOREVER = "max-age=31536000, immutable"
ENTRY = "js/main.js"
STYLES = ("css/main.css", "css/editor.css", "css/sheet.css")
"""In the order in which they stand in a page; joined they are `STYLE`."""
STYLE = "css/page.css"
RETRY_LOAD = "js/retry-load.js"
"""Needs nothing, and nothing needs it: it is there when something else did not come."""
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
    shelf = compression.CompressedCache(config.instance / "packed")
    app.extensions["klimawerk_assets"] = StaticFiles(Path(str(app.static_folder)), shelf, joined=config.join)
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
    return [asset(path) for path in ([STYLE] if static_files().joined else STYLES)]


def modules() -> list[str]:
    """Addresses of the page's entry and of everything it imports at once, for loading it all in one go."""
    return [asset(path) for path in static_files().at_once(ENTRY)]


def messages_url() -> str:
    """Address of the sentences that come later, in the reader's language."""
    return url_for("words", version=_digest(later_messages()), locale=str(get_locale()))


@dataclass
class StaticFiles:
    """The files below `folder`, and those made of them. Paths are relative to it.

    Contents are read once: what is kept for ever under a hash must be what the hash was made of, also while somebody
    puts newer files there.
    """

    folder: Path
    shelf: compression.CompressedCache
    joined: bool
    _contents: dict[str, bytes] = field(default_factory=dict)
    _versions: dict[str, str] = field(default_factory=dict)

    def content(self, path: str) -> bytes | None:
        """What is served for `path`; None when there is nothing. Joined files come before their sources."""
        return self.scripts[path].code.encode() if path in self.scripts else self._kept(path)

    def _kept(self, path: str) -> bytes | None:
        if path not in self._contents and path in self._names:
            self._contents[path] = self._made[path]() if path in self._made else (self.folder / path).read_bytes()
        return self._contents.get(path)

    @cached_property
    def _names(self) -> frozenset[str]:
        """All that there is, so that requests for other names leave nothing behind."""
        files = (file.relative_to(self.folder).as_posix() for file in self.folder.rglob("*") if file.is_file())
        return frozenset((STYLE, *files))

    def version(self, path: str) -> str:
        """Twelve hexadecimal digits for what is served under `path`; one for all files that import each other."""
        if not self.joined:
            return "source"
        return self._scripts_version if path in self.scripts else self._own_version(path)

    @cached_property
    def _scripts_version(self) -> str:
        return _digest(*(file.code.encode() for file in self.scripts.values()))

    def _own_version(self, path: str) -> str:
        content = self._kept(path)
        if content is None:
            return ""
        if path not in self._versions:
            self._versions[path] = _digest(content)
        return self._versions[path]

    def at_once(self, entry: str) -> list[str]:
        """`entry` and what it imports statically, each once; what is loaded later stays out."""
        found: list[str] = []
        waiting = [entry]
        while waiting:
            path = waiting.pop(0)
            if path not in found:
                found.append(path)
                waiting += self._needs(path)
        return found

    def _needs(self, path: str) -> list[str]:
        if path.startswith(VENDOR):
            return []
        return self.scripts[path].needs if self.joined else parse_module(path, self._source(path)).needs

    @cached_property
    def scripts(self) -> dict[str, Bundle]:
        """The joined files of our own modules."""
        files = bundle(self._source, ENTRY, lambda path: f"/static/v-{self._own_version(path)}/{path}")
        return {path: Bundle(minify(file.code, self.shelf), file.needs) for path, file in files.items()}

    @property
    def _made(self) -> dict[str, Callable[[], bytes]]:
        return {STYLE: self._style, RETRY_LOAD: self._watch} if self.joined else {STYLE: self._style}

    def _watch(self) -> bytes:
        return minify(self._source(RETRY_LOAD), self.shelf).encode()

    def _style(self) -> bytes:
        sheets = compact_css("\n".join(self._source(path) for path in STYLES))
        return minify(sheets, self.shelf, "text/css").encode()

    def _source(self, path: str) -> str:
        return (self.folder / path).read_text(encoding="utf-8")


def compact_css(text: str) -> str:
    """A style sheet without comments and without space where it means nothing. Strings may not hold several spaces."""
    text = re.sub(r"\s+", " ", re.sub(r"/\*.*?(?:\*/|\Z)", "", text, flags=re.DOTALL))
    return re.sub(r" ?([{};]) ?", r"\1", text)


def _digest(*contents: bytes) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(content).digest() for content in contents)).hexdigest()[:12]


def _serve(version: str, filename: str) -> Response:
    """The file as it is now; only under the present address may it be kept."""
    if not static_files().joined:
        response = send_from_directory(str(current_app.static_folder), filename)
        response.headers["Cache-Control"] = "no-cache"
        return response
    content = static_files().content(filename)
    present = version == static_files().version(filename)
    # Joined files of two versions do not fit together: an older page is better off without the newer one.
    if content is None or (filename in static_files().scripts and not present):
        abort(404)
    suffix = Path(filename).suffix
    response = Response(content, mimetype=_TYPES.get(suffix) or mimetypes.guess_type(filename)[0])
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
        response.set_data(static_files().shelf.packed(response.get_data(), encoding))
        response.headers["Content-Encoding"] = encoding
    return response
