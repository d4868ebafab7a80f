"""What every app makes of the same files, made once for all apps of a process of tests: templates, scripts, styles."""

from __future__ import annotations

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

_trees: dict[bool, object] = {}


class _Compiled(BytecodeCache):
    """Compiled templates by name and content, in memory."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], object] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))  # type: ignore[assignment]

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.code


_compiled = _Compiled()


def remember(app: Flask) -> None:
    """`app` knows what those before it have made."""
    app.jinja_env.bytecode_cache = _compiled
    tree = app.extensions["klimawerk_assets"]
    app.extensions["klimawerk_assets"] = _trees.setdefault(tree.joined, tree)
