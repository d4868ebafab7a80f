"""Finds every regular expression of the browser modules and measures its growth, by node."""

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
    """A regular expression; `source` is None where it is built from a text that is not visible there."""

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
        ScriptPattern(**entry) for entry in json.loads(_node("--expose-internals", SCRIPT, "find", *names, folder=root))
    ]


def superlinear(patterns: Sequence[ScriptPattern], most: int) -> dict[str, str]:
    """{place: growth} of the expressions that take more than linear time."""
    jobs = [
        {
            "place": item.place,
            "source": item.source,
            "flags": item.flags,
            "shapes": [[shape.prefix, shape.pump, shape.suffix] for shape in item.shapes(most)],
        }
        for item in patterns
    ]
    results = [json.loads(line) for line in _node(SCRIPT, "run", text=json.dumps(jobs)).splitlines()]
    failures = {item["place"]: f"{item['shape']}: {item['times']} microseconds" for item in results if "times" in item}
    if not results or "end" not in results[-1]:
        failures[results[-1]["place"] if results else "?"] = f"takes more than {LIMIT} s"
    return failures


def _as_python(source: str) -> str:
    """The expression in Python's syntax, with the same structure."""
    source = re.sub(r"\(\?<(?=\w)", "(?P<", source).replace("[^]", r"[\s\S]")
    return re.sub(r"\\p\{\w+\}", r"\\w", re.sub(r"\\P\{\w+\}", r"\\W", source))


def _node(*arguments: Any, text: str = "", folder: Path | None = None) -> str:
    command = [NODE, *map(str, arguments)]
    completed = subprocess.run(command, input=text, text=True, capture_output=True, cwd=folder, preexec_fn=_limited)
    assert completed.returncode <= 0, completed.stderr  # negative: ended by the limit
    return completed.stdout


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT))
