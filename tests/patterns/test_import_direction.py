"""Imports run downwards only, between areas and inside `collab`, in Python and in JavaScript."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# The map of klimawerk/README.md, the highest first. Areas of one line know nothing of each other.
AREAS = (
    "privacy",
    "digests",
    "exchange",
    "editions",
    "overview",
    "search",
    "news",
    "comments",
    "versions",
    "measures",
    "goals",
    "programmes",
    "sheets",
    "partnerships",
    "idempotency",
    "jobs",
    "accounts",
    "operations",
    "presence",
    "collab",
    "live",
    "web",
    "codes",
)
WIRING = {"__init__", "cli"}
"""Single files that put the areas together; every other single file knows none."""

# Inside collab/, the highest first; its other single files (models, access, rich text, ...) are for all of these.
COLLAB = ("sockets routes", "room", "storage", "attribution", "validation")

# static/js: what the modules of a folder may import statically; "" are the single files, "entries" the files that
# esbuild begins with (static/vendor/src/assets.mjs), which nothing imports statically.
ENTRIES = ("main.js", "later.js", "editor.js", "seldom.js")
FOLDERS = {
    "entries": {"editor", "collab", "seldom", "store", ""},
    "editor": {"editor", "collab", "store", ""},
    "collab": {"collab", "store", ""},
    "seldom": {"seldom", "store", ""},
    "store": {"store", ""},
    "": {"store", ""},
}


def _ranks(order: tuple[str, ...]) -> dict[str, int]:
    return {name: rank for rank, line in enumerate(order) for name in line.split()}


def _imports(path: Path) -> Iterator[str]:
    """Modules that a Python file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _area(module: str) -> str:
    """The area of a dotted module of klimawerk; "" for a single file."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and (ROOT / "klimawerk" / parts[1]).is_dir() else ""


def upward(source: str, target: str) -> bool:
    """Whether area `source` must not import area `target`."""
    ranks = _ranks(AREAS)
    if not target or source == target:
        return False
    return not source or ranks[source] >= ranks[target]


def test_no_area_imports_one_above_it() -> None:
    found = []
    for path in sorted((ROOT / "klimawerk").rglob("*.py")):
        parts = path.relative_to(ROOT / "klimawerk").parts
        if len(parts) == 1 and path.stem in WIRING:
            continue
        source = parts[0] if len(parts) > 1 else ""
        for module in _imports(path):
            if module.startswith("klimawerk.") and upward(source, _area(module)):
                found.append(f"{path.relative_to(ROOT)} imports {module}")
    assert found == []


def test_every_area_has_its_place_in_the_order() -> None:
    folders = {path.parent.name for path in (ROOT / "klimawerk").glob("*/__init__.py")}
    assert set(_ranks(AREAS)) == folders


@pytest.mark.parametrize(
    ("source", "target", "forbidden"),
    [
        ("sheets", "versions", True),
        ("versions", "sheets", False),
        ("goals", "measures", True),
        ("collab", "presence", True),
        ("presence", "collab", False),
        ("", "web", True),
        ("web", "", False),
    ],
)
def test_an_import_upwards_is_seen(source: str, target: str, forbidden: bool) -> None:
    assert upward(source, target) is forbidden


def test_inside_collab_imports_run_downwards_too() -> None:
    ranks, lowest, collab, found = _ranks(COLLAB), len(COLLAB), ROOT / "klimawerk" / "collab", []
    for path in sorted(collab.rglob("*.py")):
        source = ranks.get(path.relative_to(collab).parts[0].removesuffix(".py"), lowest)
        for module in _imports(path):
            if path.name == "__init__.py" or not module.startswith("klimawerk.collab."):
                continue
            if source > ranks.get(module.split(".")[2], lowest):
                found.append(f"{path.relative_to(ROOT)} imports {module}")
    assert found == []


def test_browser_modules_import_downwards_only() -> None:
    found = []
    for path, targets in _scripts().items():
        allowed = FOLDERS[_folder(path)]
        found += [f"{path} imports {target}" for target in targets if _folder(target) not in allowed]
    assert found == []


def test_no_browser_module_imports_itself_by_way_of_others() -> None:
    assert _circle(_scripts()) == []


def test_a_circle_is_seen() -> None:
    a, b, c = Path("a.js"), Path("b.js"), Path("c.js")
    assert _circle({a: [b], b: [c], c: []}) == []
    assert _circle({a: [b], b: [c], c: [b]}) == [b, c, b]


def _scripts() -> dict[Path, list[Path]]:
    """Every browser module, relative to static/js, with those that it imports statically."""
    modules = ROOT / "static" / "js"
    graph = {}
    for path in sorted(modules.rglob("*.js")):
        targets = re.findall(r'^(?:import|export)\b[^"()]*?"(\.[^"]+)"', path.read_text(), re.MULTILINE)
        paths = [(path.parent / target).resolve() for target in targets]
        graph[path.relative_to(modules)] = [to.relative_to(modules) for to in paths if to.is_relative_to(modules)]
    assert sum(map(len, graph.values())) > 100, "the search finds nothing"
    return graph


def _folder(path: Path) -> str:
    if path.as_posix() in ENTRIES:
        return "entries"
    return path.parts[0] if len(path.parts) > 1 else ""


def _circle(graph: dict[Path, list[Path]]) -> list[Path]:
    """The modules of one circle, the first one repeated at the end; [] without any."""
    done: set[Path] = set()

    def walk(module: Path, way: list[Path]) -> list[Path]:
        if module in way:
            return [*way[way.index(module) :], module]
        if module in done:
            return []
        done.add(module)
        return next((circle for to in graph.get(module, ()) if (circle := walk(to, [*way, module]))), [])

    return next((circle for module in graph if (circle := walk(module, []))), [])
