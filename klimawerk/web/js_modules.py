"""One of our own modules as joining sees it: its code without comments, what it needs, what it gives.

Only the handful of forms that our modules use is known; anything else is `CannotJoin`, with a sentence that names it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass

VENDOR = "vendor/"
_STATEMENT = re.compile(
    r'^import\s+(?:(?P<what>\{[^{}]*\}|\* as \w+|\w+)\s+from\s+)?"(?P<path>\.[^"]+)"$', re.MULTILINE
)
_LATER = re.compile(r'(?<![.\w])import\("(?P<path>\.[^"]+)"\)')
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) (?P<name>[\w$]+))", re.MULTILINE)
_UNKNOWN = {
    "an import or export in a form that joining does not know": re.compile(r"^(?:import|export)\b(?!\()", re.MULTILINE),
    "an import that does not name its file": re.compile(r"(?<![.\w])import\((?!\"\.)", re.MULTILINE),
    "import.meta, which would be that of the joined file": re.compile(r"\bimport\.meta\b", re.MULTILINE),
    "a comment in a form that joining does not know": re.compile(r"/\*", re.MULTILINE),
    "a text in backticks over several lines": re.compile(r"^[^`\n]*`(?:[^`\n]*`[^`\n]*`)*[^`\n]*$", re.MULTILINE),
}


class CannotBundle(Exception):
    """A module uses what joining does not know; the sentence names the file and the place."""


@dataclass(frozen=True)
class Module:
    """`path` ("js/collab/document.js") and all other paths are relative to the static folder.

    `needs` is imported at once, `later` when it is wanted; `asks` are the names taken from each of `needs`.
    """

    path: str
    code: str
    needs: list[str]
    asks: list[tuple[str, str]]
    later: frozenset[str]
    exports: list[str]

    def as_function(self, name_of: Callable[[str], str], later: Callable[[str], str]) -> str:
        """The module as `const NAME = (() => ...)()`, an object of what it exports.

        `name_of(path)` is what a module is called, `later(path)` the expression that loads one.
        """

        def bound(found: re.Match[str]) -> str:
            what, source = found["what"], name_of(_resolved(self.path, found["path"]))
            if not what:
                return ""
            if what.startswith("{"):
                return f"const {re.sub(r' as ', ': ', what)} = {source}"
            return f"const {what[5:]} = {source}" if what.startswith("* as ") else f"const {what} = {source}.default"

        code = _EXPORT.sub("", _STATEMENT.sub(bound, self.code))
        code = _LATER.sub(lambda found: later(_resolved(self.path, found["path"])), code)
        return f"const {name_of(self.path)} = (() => {{\n{code}return {{ {', '.join(self.exports)} }}\n}})()\n"


def parse_module(path: str, source: str) -> Module:
    """The module in `source`. Raises CannotJoin."""
    code = strip_comments(source)
    rest = _EXPORT.sub("", _STATEMENT.sub("", code))
    for what, pattern in _UNKNOWN.items():
        if found := pattern.search(rest):
            raise CannotBundle(f"{path}: {what}: {rest[found.start() :].strip().splitlines()[0]}")
    statements = [(_resolved(path, found["path"]), found["what"] or "") for found in _STATEMENT.finditer(code)]
    return Module(
        path,
        code,
        needs=[needed for needed, _ in statements],
        asks=[(needed, name) for needed, what in statements for name in re.findall(r"[{,]\s*([\w$]+)", what)],
        later=frozenset(_resolved(path, found["path"]) for found in _LATER.finditer(code)),
        exports=[found["name"] for found in _EXPORT.finditer(code)],
    )


def strip_comments(source: str) -> str:
    """The code without indentation, empty lines and comments that have their lines to themselves."""
    source = re.sub(r"^[ \t]*/\*\*(?:(?!\*/|/\*\*).)*+\*/$", "", source, flags=re.DOTALL | re.MULTILINE)
    lines = [line.strip() for line in source.splitlines()]
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("//"))


def _resolved(path: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
