"""How servers and the runner talk: files in `jobs/` of the instance folder, one folder for each job.

    runner.lock          locked (flock) for as long as a runner lives
    <key>/input          what the person sent
    <key>/look.order     JSON, written by a server: what the step is to compute. It queues the step.
    <key>/look.attempts  one byte for each time that a child was started for it
    <key>/look.progress  percent, written by the child
    <key>/look.answer    JSON, written once, by the child or by the runner when the child died

Orders and answers appear whole (renamed into place). A folder that is gone is a job that nobody wants any more.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from klimawerk import safe_json

LOCK = "runner.lock"
INPUT = "input"


def root(instance: Path) -> Path:
    """The folder of all jobs, readable by its owner alone; made when it is not there."""
    folder = instance / "jobs"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


class JobOrder(NamedTuple):
    """One step of one job."""

    folder: Path
    step: str

    @property
    def written_at(self) -> float:
        """Seconds since 1970; infinite for one that is gone."""
        try:
            return self._file("order").stat().st_mtime
        except OSError:
            return float("inf")

    def write(self, task: dict[str, Any]) -> None:
        """Queue the step; an answer of an earlier time is forgotten."""
        for name in ("answer", "progress", "attempts"):
            self._file(name).unlink(missing_ok=True)
        _write(self._file("order"), task)

    def task(self) -> dict[str, Any]:
        """Raises OSError, ValueError when it is gone or damaged."""
        found: dict[str, Any] = safe_json.loads(self._file("order").read_bytes())
        return found

    def answer(self) -> dict[str, Any] | None:
        """What the step found; None as long as it has not ended."""
        try:
            found: dict[str, Any] = safe_json.loads(self._file("answer").read_bytes())
        except (OSError, ValueError):
            return None
        return found

    def write_answer(self, answer: dict[str, Any]) -> None:
        with suppress(OSError):  # the folder is gone: nobody wants it
            _write(self._file("answer"), answer)

    def progress(self) -> int:
        try:
            return max(0, min(100, int(self._file("progress").read_text() or 0)))
        except (OSError, ValueError):
            return 0

    def write_progress(self, percent: int) -> None:
        with suppress(OSError):
            self._file("progress").write_text(str(percent))

    def attempts(self) -> int:
        """How often a child was started."""
        try:
            return self._file("attempts").stat().st_size
        except OSError:
            return 0

    def note_attempt(self) -> None:
        with suppress(OSError), self._file("attempts").open("ab") as file:
            file.write(b".")

    @property
    def is_open(self) -> bool:
        """Whether somebody waits for its answer."""
        return self._file("order").exists() and not self._file("answer").exists()

    def _file(self, what: str) -> Path:
        return self.folder / f"{self.step}.{what}"


def open_orders(folder: Path) -> list[JobOrder]:
    """All steps that nobody has answered, the oldest first."""
    found: list[JobOrder] = []
    for key, _at in folder_keys(folder):
        with suppress(OSError):  # removed meanwhile: nobody wants it
            found += [JobOrder(file.parent, file.stem) for file in (folder / key).iterdir() if file.suffix == ".order"]
    return sorted((order for order in found if order.is_open), key=lambda order: order.written_at)


def remove(folder: Path) -> None:
    """A job's folder with all that is in it; a child that works in it is ended by the runner."""
    shutil.rmtree(folder, ignore_errors=True)


def folder_keys(folder: Path) -> Iterator[tuple[str, float]]:
    """The key of each folder, and when something in it last came or went (seconds since 1970)."""
    for one in folder.iterdir():
        with suppress(OSError):
            if one.is_dir():
                yield one.name, one.stat().st_mtime


def take_lock(folder: Path, *, wait: bool) -> int | None:
    """The runner's lock as an open file; None when another runner has it. The kernel frees it when its owner ends."""
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def is_runner_alive(folder: Path) -> bool:
    """Whether a runner lives."""
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _write(file: Path, content: dict[str, Any]) -> None:
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(json.dumps(content, ensure_ascii=False).encode())
    beside.replace(file)
