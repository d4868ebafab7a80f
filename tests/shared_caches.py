"""Caches shared by all apps of a test process: compiled templates, built scripts and style sheets."""

from __future__ import annotations

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

_trees: dict[bool, object] = {}


class _TemplateCache(BytecodeCache):
    """Compiled templates by name and content, in memory."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], object] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))  # type: ignore[assignment]

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.code


_template_cache = _TemplateCache()


def remember(app: Flask) -> None:
    """Let `app` use the caches of the apps before it."""
    app.jinja_env.bytecode_cache = _template_cache
    tree = app.extensions["klimawerk_assets"]
    app.extensions["klimawerk_assets"] = _trees.setdefault(tree.joined, tree)
