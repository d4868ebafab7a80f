"""Caches shared by all apps of a test process: compiled templates, SQL statements and URL rules, static files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Dialect, Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

_extensions: dict[str, object] = {}


def share() -> None:
    """Let every app made from now on use the compiled templates, SQL statements and URL rules of those before it."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": _TemplateCache()}
    Flask.url_rule_class = _CompiledRule
    SQLAlchemy._make_engine = _make_engine  # type: ignore[method-assign]


def remember(app: Flask) -> None:
    """Let `app` use the static files that apps before it have read."""
    for name in ("klimawerk_assets", "klimawerk_compressed"):
        app.extensions[name] = _extensions.setdefault(name, app.extensions[name])


class _TemplateCache(BytecodeCache):
    """Compiled templates by name and content, in memory."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], object] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))  # type: ignore[assignment]

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.code


class _CompiledRule(Rule):
    """A URL rule whose builder functions are taken from an equal rule of an earlier app.

    Compiling them takes three quarters of the 40 ms that an app needs to start. Should werkzeug stop calling this
    method, apps only start slower.
    """

    _builders: dict[tuple[object, ...], Callable[..., tuple[str, str]]] = {}

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        converters: dict[str, Any] = self._converters
        kinds = [(name, type(converter)) for name, converter in converters.items()]
        key = (self.rule, self.subdomain, self.host, self.merge_slashes, append_unknown, repr(self.defaults), *kinds)
        if key not in self._builders:
            self._builders[key] = super()._compile_builder(append_unknown)
        return self._builders[key]


_statements: LRUCache[Any, Any] = LRUCache(5000)
_dialects: dict[type[Dialect], type[Dialect]] = {}
_make_engine_of_its_own = SQLAlchemy._make_engine


def _make_engine(self: SQLAlchemy, bind_key: str | None, options: dict[str, Any], app: Flask) -> Engine:
    """An engine that uses the statements which engines of the same dialect have compiled.

    An app compiles some hundred statements for its first pages, a quarter of the processor time of a test with a page.
    SQLAlchemy keeps them by dialect, so the dialects of one class are made equal: their settings are, in all apps.
    """
    engine = _make_engine_of_its_own(self, bind_key, options, app)
    kind = type(engine.dialect)
    engine.dialect.__class__ = _dialects.setdefault(kind, _EqualDialect.of(kind))
    engine._compiled_cache = _statements
    return engine


class _EqualDialect(DefaultDialect):
    """A dialect that equals all others of its class."""

    supports_statement_cache = True

    @classmethod
    def of(cls, kind: type[Dialect]) -> type[Dialect]:
        return type(kind.__name__, (cls, kind), {"supports_statement_cache": True})

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))
