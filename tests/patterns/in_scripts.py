"""Every regular expression in the browser's scripts, found and run by node."""

from __future__ import annotations

import json
import re
import resource
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.node import NODE
from tests.patterns.inputs import Shape, shapes

SCRIPT = Path(__file__).with_name("in_scripts.mjs")
LIMIT = 60  # seconds of processor time for all of them; they need two
_FLAGS = {"i": re.IGNORECASE, "s": re.DOTALL, "m": re.MULTILINE}


@dataclass(frozen=True)
class ScriptPattern:
    """`source` is None where an expression is made of a text that cannot be seen there."""

    place: str
    source: str | None
    flags: str

    def shapes(self, most: int) -> list[Shape]:
        assert self.source is not None
        flags = re.RegexFlag(sum(_FLAGS.get(flag, 0) for flag in self.flags))
        return shapes(_as_python(self.source), flags, most)


def in_files(files: Iterable[Path], root: Path) -> list[ScriptPattern]:
    names = [str(file.relative_to(root)) for file in files]
    return [
        ScriptPattern(**one) for one in json.loads(_node("--expose-internals", SCRIPT, "find", *names, folder=root))
    ]


def superlinear(patterns: Sequence[ScriptPattern], most: int) -> dict[str, str]:
    """Place: how it grows, of those which take more than linear time."""
    asked = [
        {
            "place": one.place,
            "source": one.source,
            "flags": one.flags,
            "shapes": [[shape.prefix, shape.pump, shape.suffix] for shape in one.shapes(most)],
        }
        for one in patterns
    ]
    said = [json.loads(line) for line in _node(SCRIPT, "run", text=json.dumps(asked)).splitlines()]
    found = {one["place"]: f"{one['shape']}: {one['times']} microseconds" for one in said if "times" in one}
    if not said or "end" not in said[-1]:
        found[said[-1]["place"] if said else "?"] = f"takes more than {LIMIT} s"
    return found


def _as_python(source: str) -> str:
    """The same expression for Python's parser, as far as its structure goes."""
    source = re.sub(r"\(\?<(?=\w)", "(?P<", source).replace("[^]", r"[\s\S]")
    return re.sub(r"\\p\{\w+\}", r"\\w", re.sub(r"\\P\{\w+\}", r"\\W", source))


def _node(*arguments: Any, text: str = "", folder: Path | None = None) -> str:
    command = [NODE, *map(str, arguments)]
    done = subprocess.run(command, input=text, text=True, capture_output=True, cwd=folder, preexec_fn=_limited)
    assert done.returncode <= 0, done.stderr  # negative: ended by the limit
    return done.stdout


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT))
