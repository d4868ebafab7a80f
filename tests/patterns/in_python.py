"""Finds every regular expression of the application's Python code in its syntax trees."""

from __future__ import annotations

import ast
import importlib
import re
from collections import ChainMap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from klimawerk.config import ROOT

SCAN, WHOLE, START = "scan", "fullmatch", "match"
METHODS = {
    "search": SCAN, "findall": SCAN, "finditer": SCAN, "split": SCAN, "sub": SCAN, "subn": SCAN,
    "fullmatch": WHOLE, "match": START,
}  # fmt: skip
_FLAGS_AT = {"compile": 1, "search": 2, "match": 2, "fullmatch": 2, "findall": 2, "finditer": 2, "split": 3, "sub": 4}
_RUN: dict[str, Callable[[Any, str | bytes], object]] = {
    SCAN: lambda pattern, text: sum(1 for _ in pattern.finditer(text)),
    WHOLE: lambda pattern, text: pattern.fullmatch(text),
    START: lambda pattern, text: pattern.match(text),
}


class Hidden(Exception):
    """An expression that is not visible where it is used: write it there, or as a constant of the module."""


@dataclass(frozen=True)
class PythonPattern:
    """A regular expression; `ways`: how it is used; `of_bytes`: a bytes pattern, kept here as Latin-1 text."""

    place: str
    pattern: str
    flags: int
    ways: frozenset[str]
    of_bytes: bool = False

    def run(self, way: str) -> Callable[[str], object]:
        if self.of_bytes:
            for_bytes = re.compile(self.pattern.encode("latin-1"), self.flags)
            return lambda text: _RUN[way](for_bytes, text.encode("latin-1", "replace"))
        compiled = re.compile(self.pattern, self.flags)
        return lambda text: _RUN[way](compiled, text)


def all_patterns() -> list[PythonPattern]:
    """The expressions of every module. Raises Hidden."""
    trees = {path: ast.parse(path.read_text()) for path in sorted((ROOT / "klimawerk").rglob("*.py"))}
    used = {path: dict(uses(tree)) for path, tree in trees.items()}
    everywhere: dict[str, set[str]] = {}
    for names in used.values():
        for name, ways in names.items():
            everywhere.setdefault(name, set()).update(ways)
    patterns = []
    for path, tree in trees.items():
        names = vars(importlib.import_module(_module(path)))
        patterns += in_tree(tree, str(path.relative_to(ROOT)), names, ChainMap(used[path], everywhere))
    return patterns


def in_tree(tree: ast.Module, path: str, names: Any, used: Any) -> list[PythonPattern]:
    """The expressions of one module; `names`: its globals; `used`: how the names of expressions are used."""
    targets = {id(node.value): node.targets[0] for node in ast.walk(tree) if isinstance(node, ast.Assign)}
    patterns = []
    for node in ast.walk(tree):
        if _hides_re(node):
            raise Hidden(f"{path}:{node.lineno}: import re, so that its functions can be found")
        if not isinstance(node, ast.Call) or not _is_of_re(node.func) or node.func.attr not in _FLAGS_AT:
            continue
        target, place = targets.get(id(node)), f"{path}:{node.lineno}"
        ways = frozenset({METHODS[node.func.attr]} if node.func.attr in METHODS else (SCAN, WHOLE))
        if node.func.attr == "compile" and isinstance(target, ast.Name) and target.id in used:
            ways = frozenset(used[target.id])
        value = _value(node.args[0], names, place)
        text = value if isinstance(value, str) else value.decode("latin-1")
        patterns.append(PythonPattern(place, text, _flags(node, names), ways, of_bytes=isinstance(value, bytes)))
    return patterns


def _hides_re(node: ast.AST) -> TypeGuard[ast.Import | ast.ImportFrom]:
    if isinstance(node, ast.Import):
        return any(alias.name == "re" and alias.asname for alias in node.names)
    return isinstance(node, ast.ImportFrom) and node.module == "re"


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _is_of_re(func: ast.expr) -> TypeGuard[ast.Attribute]:
    return isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id == "re"


def uses(tree: ast.Module) -> Iterator[tuple[str, set[str]]]:
    """How each name is used in a module: NAME.search, module.NAME.search."""
    ways: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in METHODS and not _is_of_re(node):
            owner = node.value
            name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
            ways.setdefault(name, set()).add(METHODS[node.attr])
    return iter(ways.items())


def _value(node: ast.expr, names: Any, place: str) -> str | bytes:
    """The value of the expression; a local variable in it counts as a text."""
    if isinstance(node, ast.Name) and node.id not in names:
        raise Hidden(f"{place}: write the expression here, or as a constant of the module")
    value = eval(compile(ast.Expression(node), place, "eval"), {}, _OrText(names))
    if not isinstance(value, str | bytes):
        raise Hidden(f"{place}: {value!r} is no text")
    return value


class _OrText(dict[str, Any]):
    def __missing__(self, name: str) -> Any:
        return getattr(__import__("builtins"), name, "ab")


def _flags(call: ast.Call, names: Any) -> int:
    assert isinstance(call.func, ast.Attribute)
    position = _FLAGS_AT[call.func.attr]
    flags = [keyword.value for keyword in call.keywords if keyword.arg == "flags"] + call.args[position : position + 1]
    return int(eval(compile(ast.Expression(flags[0]), "flags", "eval"), dict(names))) if flags else 0
