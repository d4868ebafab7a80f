"""`make steady` counts each run once, continues an interrupted call, and stores the traces of failures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from klimawerk.config import ROOT
from tests.steady.__main__ import table
from tests.steady.run_counts import RunCounts, digest

TEST = "tests/steady/test_run_counts.py::test_one"
OTHER = "tests/steady/test_run_counts.py::test_other"

# Fails in its second run; a fixture that outlived a run would be noticed too.
EXAMPLE = """
import pathlib
import pytest

@pytest.fixture
def own():
    yield []

def test_steady(own):
    own.append(1)
    assert own == [1]

def test_now_and_then(tmp_path):
    (tmp_path / "server.log").write_text("what the server said")
    runs = pathlib.Path(__file__).with_name("runs.txt")
    runs.write_text(runs.read_text() + "x" if runs.exists() else "x")
    print("printed before")
    assert runs.read_text() != "xx", "the second run"
"""


@pytest.fixture
def counts(tmp_path: Path) -> RunCounts:
    return RunCounts(tmp_path / "runs.jsonl")


def add(counts: RunCounts, test: str, passed: bool = True, file: str = "") -> None:
    counts.add(test, passed=passed, seconds=2.0, commit="abc", file=file or digest(test))


def test_each_run_counts_once_and_for_its_own_test(counts: RunCounts) -> None:
    for passed in (True, False, True):
        add(counts, TEST, passed)
    add(counts, "tests/gone/test_gone.py::test_gone")
    result = counts.of([OTHER, TEST])
    assert list(result) == [OTHER, TEST]
    assert (result[TEST].passed, result[TEST].failed, result[TEST].seconds) == (2, 1, 6.0)
    assert result[OTHER].runs == 0


def test_runs_of_a_file_that_was_changed_since_do_not_count(counts: RunCounts) -> None:
    add(counts, TEST, file="another file")
    add(counts, TEST)
    assert counts.of([TEST])[TEST].runs == 1


def test_a_line_that_was_broken_off_is_no_run(counts: RunCounts, tmp_path: Path) -> None:
    add(counts, TEST)
    lines = (tmp_path / "runs.jsonl").read_text()
    (tmp_path / "runs.jsonl").write_text(lines + lines[:40])
    assert counts.of([TEST])[TEST].runs == 1
    (tmp_path / "runs.jsonl").write_text(lines + lines[:40] + "\n" + lines)
    assert counts.of([TEST])[TEST].runs == 2


def test_a_test_can_begin_anew_and_the_others_keep_their_runs(counts: RunCounts) -> None:
    counts.forget([TEST])
    add(counts, TEST)
    add(counts, OTHER)
    counts.forget([TEST])
    result = counts.of([TEST, OTHER])
    assert (result[TEST].runs, result[OTHER].runs) == (0, 1)
    assert counts.commits([TEST, OTHER]) == ["abc"]
    assert counts.commits([TEST]) == []


def test_the_table_ends_with_what_failed_and_says_what_is_missing(counts: RunCounts) -> None:
    add(counts, TEST, passed=False)
    add(counts, OTHER)
    last = table(counts.of([TEST, OTHER]), times=3).splitlines()[-1]
    assert last.split() == ["0", "1", "2", "2.0", TEST]


@pytest.mark.slow
def test_a_later_call_runs_what_is_missing_and_a_failure_leaves_its_output(counts: RunCounts, tmp_path: Path) -> None:
    (tmp_path / "test_example.py").write_text(EXAMPLE)
    assert "2 passed" in repeated(tmp_path, 1)
    assert "1 failed, 1 passed" in repeated(tmp_path, 2)
    kept = [path for path in (tmp_path / "failures").rglob("*") if path.is_file()]
    assert {path.name for path in kept} == {"call.txt", "server.log"}
    said = {path.name: path.read_text() for path in kept}
    assert "the second run" in said["call.txt"]
    assert "printed before" in said["call.txt"]
    assert said["server.log"] == "what the server said"


def repeated(folder: Path, times: int) -> str:
    """What pytest prints when it repeats the example."""
    options = [f"--times={times}", f"--runs-file={folder}/runs.jsonl", f"--failures={folder}/failures"]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "tests.steady.repeat_plugin"]
    small = [f"--rootdir={folder}", f"--basetemp={folder}/temp", "--tb=no"]
    return subprocess.run(
        [*command, *options, *small, f"{folder}/test_example.py"], cwd=ROOT, capture_output=True, text=True
    ).stdout
