"""Our own modules as few files: forty small answers cost more in headers and waiting than in content on a thin line.

The source stays small native modules. A joined file holds each as a function that returns what it exports, in the
order in which they need each other. There are few files: the page's entry with all that it needs at once, and what is
loaded later, apart by the third-party files that it needs, since those are large; what few pages need (`js/seldom/`) is
one more. No module is in a page twice.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from klimawerk.web.js_modules import VENDOR, CannotBundle, Module, parse_module

RARE_MODULES = "js/seldom/"
"""Modules that few pages ever need: in a file of their own, which is asked for when one of them is."""


@dataclass(frozen=True)
class Bundle:
    """A file for the browser: its code, and the paths of the files that it imports at once."""

    code: str
    needs: list[str]


def bundle(read: Callable[[str], str], entry: str, vendor: Callable[[str], str]) -> dict[str, Bundle]:
    """The joined files by path: `entry` with all that it needs at once, and what is loaded later.

    `read(path)` gives a module's source, `vendor(path)` the address by which a third-party module is imported.
    Raises CannotJoin.
    """
    modules = _reachable(read, entry)
    order = _ordered(modules, entry)
    return _Bundler(modules, order, _bundle_of(modules, order, entry), entry, vendor).files()


def _reachable(read: Callable[[str], str], entry: str) -> dict[str, Module]:
    modules: dict[str, Module] = {}
    waiting = [entry]
    while waiting:
        path = waiting.pop()
        if path not in modules and not path.startswith(VENDOR):
            modules[path] = parse_module(path, read(path))
            waiting += [*modules[path].needs, *sorted(modules[path].later)]
    for module in modules.values():
        for needed, name in module.asks:
            if needed in modules and name not in modules[needed].exports:
                raise CannotBundle(f"{module.path}: {needed} does not export {name}")
    return modules


def _ordered(modules: Mapping[str, Module], entry: str) -> list[str]:
    """Every module after those that it needs."""
    order: list[str] = []

    def visit(path: str, above: tuple[str, ...]) -> None:
        if path in above:
            raise CannotBundle(
                "modules need each other in a circle: " + " → ".join([*above[above.index(path) :], path])
            )
        if path in modules and path not in order:
            for needed in modules[path].needs:
                visit(needed, (*above, path))
            order.append(path)

    for start in (entry, *_dynamic_imports(modules)):
        visit(start, ())
    return order


def _dynamic_imports(modules: Mapping[str, Module]) -> list[str]:
    return sorted({path for module in modules.values() for path in module.later})


def _bundle_of(modules: Mapping[str, Module], order: list[str], entry: str) -> dict[str, str]:
    """The file in which each module stands: what only heavy ones need comes with these."""
    at_once = _closure(modules, entry)
    starts = [
        (_closure(modules, start), _heavy_libraries(modules, start, at_once)) for start in _dynamic_imports(modules)
    ]
    homes = {}
    for path in order:
        users = {heavy for closure, heavy in starts if path in closure}
        heavy = _heavy_libraries(modules, path, at_once) or (users.pop() if len(users) == 1 else ())
        names = "-".join(posixpath.basename(needed).split(".")[0] for needed in heavy)
        if path in at_once:
            homes[path] = entry
        elif path.startswith(RARE_MODULES):
            homes[path] = "js/seldom.js"
        else:
            homes[path] = f"js/with-{names}.js" if heavy else "js/later.js"
    return homes


def _heavy_libraries(modules: Mapping[str, Module], path: str, at_once: set[str]) -> tuple[str, ...]:
    """The third-party files that come later, for `path`."""
    return tuple(sorted(needed for needed in _closure(modules, path) - at_once if needed.startswith(VENDOR)))


def _closure(modules: Mapping[str, Module], start: str) -> set[str]:
    """`start` and all that it needs at once."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting += modules[path].needs if path in modules else []
    return seen


# A browser may remember for as long as a page is open that it could not import a file. So each is fetched first: what
# has arrived is imported from the browser's cache, and what has not can be tried again. What the page's entry needs at
# once is on its way already, and imported at once; browsers that forget try it again.
_LOADER = """const $here = {}
const $fetch = async (file) => {
const answer = await fetch(new URL(file, import.meta.url))
if (!answer.ok) throw file
await answer.blob()
return import(file)
}
const $load = (...files) => Promise.all(files.map((file) => $here[file] ??= $fetch(file).catch((error) => {
delete $here[file]
throw error
})))
"""
_SURELY = """const $surely = (file, tries = 0) => import(file).catch((error) => {
if (tries > 9) throw error
return new Promise((done) => setTimeout(done, 500 * 2 ** tries)).then(() => $surely(file, tries + 1))
})
"""


@dataclass(frozen=True)
class _Bundler:
    """All modules, in order, and the file in which each stands."""

    modules: Mapping[str, Module]
    order: list[str]
    homes: Mapping[str, str]
    entry: str
    vendor: Callable[[str], str]

    def files(self) -> dict[str, Bundle]:
        return {file: self._written(file) for file in dict.fromkeys(self.homes.values())}

    def _written(self, file: str) -> Bundle:
        paths = [path for path in self.order if self.homes[path] == file]
        taken = {needed for path in paths for needed in self.modules[path].needs if self._home(needed) != file}
        waits = {path for path in taken if file == self.entry and path.startswith(VENDOR)}
        head = list(self._imports(file, sorted(taken - waits)))
        if any(self.modules[path].later for path in paths):
            head.append(_LOADER)
        if waits:
            head.append(_SURELY)
        bodies = list(self._bodies(file, paths, waits))
        given = [self._name(path) for path in paths if path in self._given()]
        tail = [f"export {{ {', '.join(given)} }}\n"] if given else []
        return Bundle("".join([*head, *bodies, *tail]), sorted({self._home(path) for path in taken}))

    def _bodies(self, file: str, paths: list[str], waits: set[str]) -> Iterator[str]:
        """The modules. What is in `waits` is awaited by the first that needs it: those before it run at once."""
        for path in paths:
            for needed in self.modules[path].needs:
                if needed in waits:
                    waits.remove(needed)
                    yield f'const {self._name(needed)} = await $surely("{self.vendor(needed)}")\n'
            yield self.modules[path].as_function(self._name, lambda path: self._later(file, path))

    def _imports(self, file: str, paths: list[str]) -> Iterator[str]:
        """One statement for each file that `paths` stand in."""
        ours: dict[str, list[str]] = {}
        for path in paths:
            if path.startswith(VENDOR):
                yield f'import * as {self._name(path)} from "{self.vendor(path)}"\n'
            else:
                ours.setdefault(_relative(file, self.homes[path]), []).append(self._name(path))
        for home, names in ours.items():
            yield f'import {{ {", ".join(names)} }} from "{home}"\n'

    def _later(self, file: str, path: str) -> str:
        """A promise of `path`. All files that it needs and the page lacks are asked for at once, not one by another."""
        wanted = _closure(self.modules, path) - _closure(self.modules, self.entry)
        homes = dict.fromkeys(self._home(one) for one in [path, *sorted(wanted)])
        places = [self.vendor(one) if one.startswith(VENDOR) else _relative(file, one) for one in homes]
        files = ", ".join(f'"{place}"' for place in places)
        return f"$load({files}).then(([file]) => file.{self._name(path)})"

    def _given(self) -> set[str]:
        """What other files take."""
        statically = {
            needed
            for path, module in self.modules.items()
            for needed in module.needs
            if self._home(needed) != self._home(path)
        }
        return statically | set(_dynamic_imports(self.modules))

    def _home(self, path: str) -> str:
        return self.homes.get(path, path)

    def _name(self, path: str) -> str:
        if path.startswith(VENDOR):
            return "v" + "".join(letter if letter.isalnum() else "_" for letter in path.removeprefix(VENDOR))
        return f"m{self.order.index(path)}"


def _relative(file: str, other: str) -> str:
    path = posixpath.relpath(other, posixpath.dirname(file))
    return path if path.startswith(".") else f"./{path}"
