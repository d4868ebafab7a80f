"""Our own modules as few files: forty small answers cost more in headers and waiting than in content on a thin line.

The source stays small native modules. A joined file holds each as a function that returns what it exports, in the
order in which they need each other. What the page's entry reaches at once is one file; what is loaded later is one
file per entry; what several of those share is one of its own, so that no module is in a page twice.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from klimawerk.web.modules import VENDOR, CannotJoin, Module, understood


@dataclass(frozen=True)
class Joined:
    """A file for the browser: its code, and the paths of the files that it imports at once."""

    code: str
    needs: list[str]


def join(read: Callable[[str], str], entry: str, vendor: Callable[[str], str]) -> dict[str, Joined]:
    """The joined files by path, for `entry` and all that is loaded later.

    `read(path)` gives a module's source, `vendor(path)` the address by which a third-party module is imported. An
    entry's file has the entry's own path and exports, so that `import("./editor/session.js")` goes on meaning it.
    Raises CannotJoin.
    """
    modules = _reachable(read, entry)
    order = _ordered(modules, entry)
    files = _files(modules, order, entry)
    house = _House(modules, order, {path: file for file, paths in files.items() for path in paths}, vendor)
    return {file: house.written(file, paths) for file, paths in files.items()}


def _reachable(read: Callable[[str], str], entry: str) -> dict[str, Module]:
    modules: dict[str, Module] = {}
    waiting = [entry]
    while waiting:
        path = waiting.pop()
        if path not in modules and not path.startswith(VENDOR):
            modules[path] = understood(path, read(path))
            waiting += [*modules[path].needs, *sorted(modules[path].later)]
    for module in modules.values():
        for needed, name in module.asks:
            if needed in modules and name not in modules[needed].exports:
                raise CannotJoin(f"{module.path}: {needed} does not export {name}")
    return modules


def _ordered(modules: Mapping[str, Module], entry: str) -> list[str]:
    """Every module after those that it needs."""
    order: list[str] = []

    def visit(path: str, above: tuple[str, ...]) -> None:
        if path in above:
            raise CannotJoin("modules need each other in a circle: " + " → ".join([*above[above.index(path) :], path]))
        if path in modules and path not in order:
            for needed in modules[path].needs:
                visit(needed, (*above, path))
            order.append(path)

    for start in (entry, *_later(modules)):
        visit(start, ())
    return order


def _later(modules: Mapping[str, Module]) -> list[str]:
    return sorted({path for module in modules.values() for path in module.later})


def _files(modules: Mapping[str, Module], order: list[str], entry: str) -> dict[str, list[str]]:
    """Which modules stand in which file: those that the same entries reach stand together."""
    at_once = {start: set(_closure(modules, start)) for start in (entry, *_later(modules))}
    files: dict[str, list[str]] = {}
    shared: dict[frozenset[str], str] = {}
    for path in order:
        reached_by = frozenset(start for start, paths in at_once.items() if path in paths)
        if entry in reached_by:
            file = entry
            if path in at_once and path != entry:
                raise CannotJoin(f"{path} is imported both at once and later")
        elif path in at_once or len(reached_by) == 1:
            file = path if path in at_once else min(reached_by)
        else:
            file = shared.setdefault(reached_by, f"js/shared-{len(shared) + 1}.js")
        files.setdefault(file, []).append(path)
    return files


def _closure(modules: Mapping[str, Module], start: str) -> Iterator[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        path = waiting.pop()
        if path in modules and path not in seen:
            seen.add(path)
            yield path
            waiting += modules[path].needs


@dataclass(frozen=True)
class _House:
    """All modules, in order, and the file in which each stands."""

    modules: Mapping[str, Module]
    order: list[str]
    home: Mapping[str, str]
    vendor: Callable[[str], str]

    def written(self, file: str, paths: list[str]) -> Joined:
        imports: dict[str, str] = {}
        needs: set[str] = set()

        def name_of(path: str) -> str:
            name = self._name(path)
            if path.startswith(VENDOR):
                imports[path] = f'import * as {name} from "{self.vendor(path)}"\n'
                needs.add(path)
            elif self.home[path] != file:
                imports[path] = f'import {{ {name} }} from "{_relative(file, self.home[path])}"\n'
                needs.add(self.home[path])
            return name

        bodies = [
            self.modules[path].as_function(self._name(path), name_of, lambda path: _relative(file, path))
            for path in paths
        ]
        return Joined("".join([*imports.values(), *bodies, *self._exports(file, paths)]), sorted(needs))

    def _name(self, path: str) -> str:
        if path.startswith(VENDOR):
            return "v" + "".join(letter if letter.isalnum() else "_" for letter in path.removeprefix(VENDOR))
        return f"m{self.order.index(path)}"

    def _exports(self, file: str, paths: list[str]) -> Iterator[str]:
        """What other files take from this one, and what the entry itself exports."""
        taken = {
            needed for module in self.modules.values() if self.home[module.path] != file for needed in module.needs
        }
        if names := [self._name(path) for path in paths if path in taken]:
            yield f"export {{ {', '.join(names)} }}\n"
        if file in self.modules and (own := self.modules[file].exports):
            yield f"export const {{ {', '.join(own)} }} = {self._name(file)}\n"


def _relative(file: str, other: str) -> str:
    path = posixpath.relpath(other, posixpath.dirname(file))
    return path if path.startswith(".") else f"./{path}"
