"""`make steady`: runs every browser test many times and reports how often it failed.

One pytest process per test file, with its tests in turn, so that no other file's tests run in it; a process per run
would take twice as long, most of it for starting. Runs of earlier calls count: the next call continues.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

from klimawerk.config import ROOT
from tests.steady.run_counts import FAILURES, RUNS, Count, RunCounts

_PYTEST = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
_running: set[subprocess.Popen[str]] = set()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.steady", description=__doc__)
    parser.add_argument("--times", type=int, default=20, help="runs of each test, those of earlier calls included")
    parser.add_argument("--jobs", type=int, default=2, help="test files at the same time")
    parser.add_argument("--anew", action="store_true", help="forget earlier runs of these tests")
    options, arguments = parser.parse_known_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    tests = _collected(arguments)
    counts = RunCounts(RUNS)
    if options.anew:
        counts.forget(tests)
    try:
        _run_missing(tests, counts, options.times, options.jobs)
    finally:
        for process in list(_running):
            process.terminate()
        print(table(counts.of(tests), options.times))
        print(f"Commits: {', '.join(counts.commits(tests))}. Output of failures: {FAILURES}")
    return any(count.failed or count.runs < options.times for count in counts.of(tests).values())


def _collected(arguments: list[str]) -> list[str]:
    """The node ids of the browser tests selected by these pytest `arguments`."""
    command = [*_PYTEST, "--collect-only", "-m", "browser", *arguments]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if answer.returncode:
        sys.exit(answer.stdout + answer.stderr)
    return [line for line in answer.stdout.splitlines() if "::" in line]


def _run_missing(tests: list[str], counts: RunCounts, times: int, jobs: int) -> None:
    """File by file in the order given; those with failures first, since they matter most."""
    have = counts.of(tests)
    files = {file: list(some) for file, some in groupby(tests, key=lambda test: test.partition("::")[0])}
    missing = [
        [test for test in some if have[test].runs < times]
        for some in sorted(files.values(), key=lambda some: -sum(have[test].failed for test in some))
    ]
    commit = subprocess.check_output(["git", "describe", "--always", "--dirty"], cwd=ROOT, text=True).strip()
    with ThreadPoolExecutor(jobs) as pool:
        done = [pool.submit(_run_file, some, times, commit) for some in missing if some]
        try:
            for each in done:
                each.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(_running):
                process.terminate()
            raise


def _run_file(tests: list[str], times: int, commit: str) -> None:
    options = ["-p", "tests.steady.repeat_plugin", f"--times={times}", f"--commit={commit}"]
    small = ["--no-header", "--tb=short", "--show-capture=no", "-o", "tmp_path_retention_policy=failed"]
    process = subprocess.Popen([*_PYTEST, *options, *small, *tests], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    _running.add(process)
    output, _ = process.communicate()
    _running.discard(process)
    last = output.strip().splitlines()[-1:] or ["no output"]
    print(f"{tests[0].partition('::')[0]}: {last[0]}", flush=True)


def table(counts: dict[str, Count], times: int) -> str:
    """One line per test, those with failures last."""
    rows = [f"{'passed':>6} {'failed':>6} {'missing':>7} {'seconds':>7}  test"]
    for test, count in sorted(counts.items(), key=lambda each: each[1].failed):
        mean = count.seconds / count.runs if count.runs else 0.0
        rows.append(f"{count.passed:6} {count.failed:6} {max(0, times - count.runs):7} {mean:7.1f}  {test}")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
