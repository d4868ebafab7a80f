"""Counts of passes and failures per test: a file with one JSON line per run, to which several processes append."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from klimawerk.config import ROOT

FOLDER = ROOT / "steady"
RUNS = FOLDER / "runs.jsonl"
FAILURES = FOLDER / "failures"


@dataclass
class Count:
    """Runs of one test in the present version of its file."""

    passed: int = 0
    failed: int = 0
    seconds: float = 0.0

    @property
    def runs(self) -> int:
        return self.passed + self.failed


class RunCounts:
    """Reads and extends the file at `path`. Runs of an earlier version of a test file do not count."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, test: str, *, passed: bool, seconds: float, commit: str, file: str) -> None:
        """Append one line at once, so that it survives when the process is killed.

        `file` is the `digest` of the test at the time when it was imported.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        run = {"test": test, "passed": passed, "seconds": round(seconds, 1), "commit": commit, "file": file}
        with self._path.open("ab", buffering=0) as lines:
            lines.write(f"{json.dumps(run)}\n".encode())

    def of(self, tests: Iterable[str]) -> dict[str, Count]:
        """The count of each of `tests` (node ids of pytest), in their order."""
        counts = {test: Count() for test in tests}
        digests: dict[str, str] = {}
        for run in self._lines():
            test = run["test"]
            if test not in counts:
                continue
            if digests.setdefault(_file(test), digest(test)) != run["file"]:
                continue
            count = counts[test]
            count.passed += run["passed"]
            count.failed += not run["passed"]
            count.seconds += run["seconds"]
        return counts

    def commits(self, tests: Iterable[str]) -> list[str]:
        """The commits at which these tests have run, in order of time."""
        wanted = set(tests)
        return list(dict.fromkeys(run["commit"] for run in self._lines() if run["test"] in wanted))

    def forget(self, tests: Iterable[str]) -> None:
        """Reset these tests to 0; call it while no test runs."""
        unwanted = set(tests)
        kept = [run for run in self._lines() if run["test"] not in unwanted]
        if self._path.exists():
            self._path.write_text("".join(f"{json.dumps(run)}\n" for run in kept))

    def _lines(self) -> list[dict[str, Any]]:
        if not self._path.exists():
            return []
        records = []
        for line in self._path.read_text().splitlines():
            try:
                records.append(json.loads(line))
            except ValueError:
                continue  # the machine stopped while this line was written
        return records


def digest(test: str) -> str:
    """Changes when the test's file or the conftest.py beside it changes."""
    file = ROOT / _file(test)
    parts = [file, file.parent / "conftest.py"]
    return hashlib.sha256(b"\0".join(part.read_bytes() for part in parts if part.exists())).hexdigest()[:12]


def _file(test: str) -> str:
    return test.partition("::")[0]
