"""A name stands for one thing: class names are unique, and module names but for those that say a role."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# A role that each area may have, with one meaning everywhere (klimawerk/README.md, "Map").
ROLES = {
    "__init__",
    "access",
    "cli",
    "content",
    "forms",
    "models",
    "restore_hooks",
    "routes",
    "service",
    "signals",
    "sockets",
    "view",
}
# The same for versions of an item and editions of a programme.
OF_VERSIONS_AND_EDITIONS = {"compare_routes", "compare_view", "comparison", "hash_chain", "verification"}


def repeated(names: Iterable[tuple[str, Path]]) -> dict[str, list[str]]:
    """Names that occur in several files, with these."""
    places = defaultdict(list)
    for name, path in names:
        places[name].append(str(path.relative_to(ROOT)))
    return {name: paths for name, paths in places.items() if len(paths) > 1}


def _classes(*folders: str) -> Iterable[tuple[str, Path]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.ClassDef):
                    yield node.name, path


def test_no_class_name_stands_for_two_things() -> None:
    assert repeated(_classes("klimawerk", "tests")) == {}


def test_no_module_name_occurs_twice_but_for_roles() -> None:
    modules = [(path.stem, path) for path in sorted((ROOT / "klimawerk").rglob("*.py"))]
    assert set(repeated(modules)) <= ROLES | OF_VERSIONS_AND_EDITIONS
    areas = {Path(place).parts[1] for name in OF_VERSIONS_AND_EDITIONS for place in repeated(modules)[name]}
    assert areas == {"versions", "editions"}


def test_no_browser_module_has_the_name_of_another() -> None:
    assert repeated((path.stem, path) for path in sorted((ROOT / "static" / "js").rglob("*.js"))) == {}


def test_a_repeated_name_is_seen() -> None:
    one, two = ROOT / "klimawerk" / "a.py", ROOT / "klimawerk" / "b.py"
    assert repeated([("Place", one), ("Line", one), ("Place", two)]) == {"Place": ["klimawerk/a.py", "klimawerk/b.py"]}
