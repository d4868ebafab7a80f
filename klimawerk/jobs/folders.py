"""The files through which servers and the job runner communicate: one folder per job in `jobs/` of the instance folder.

    runner.lock          locked (flock) as long as a runner is alive
    <key>/input          the uploaded file
    <key>/look.order     JSON, written by a server: what the step is to compute. It queues the step.
    <key>/look.attempts  one byte for each child process that was started for the step
    <key>/look.progress  percent, written by the child
    <key>/look.answer    JSON, written once, by the child, or by the runner if the child died

Orders and answers appear whole (renamed into place). A missing folder means that the job was cancelled or removed.
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
    """The folder of all jobs, readable by its owner alone; created if it is missing."""
    folder = instance / "jobs"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


class JobOrder(NamedTuple):
    """One step of one job: its order, progress, attempts and answer."""

    folder: Path
    step: str

    @property
    def written_at(self) -> float:
        """When the step was queued, in seconds since 1970; infinite if the order was removed."""
        try:
            return self._file("order").stat().st_mtime
        except OSError:
            return float("inf")

    def write(self, task: dict[str, Any]) -> None:
        """Queue the step; files of an earlier run are removed."""
        for name in ("answer", "progress", "attempts"):
            self._file(name).unlink(missing_ok=True)
        _write(self._file("order"), task)

    def task(self) -> dict[str, Any]:
        """The content of the order. Raises OSError if it was removed, ValueError if it is damaged."""
        content: dict[str, Any] = safe_json.loads(self._file("order").read_bytes())
        return content

    def answer(self) -> dict[str, Any] | None:
        """The result of the step; None until it has ended."""
        try:
            content: dict[str, Any] = safe_json.loads(self._file("answer").read_bytes())
        except (OSError, ValueError):
            return None
        return content

    def write_answer(self, answer: dict[str, Any]) -> None:
        """Store the result of the step."""
        with suppress(OSError):  # the folder was removed: the answer is not needed
            _write(self._file("answer"), answer)

    def progress(self) -> int:
        """Percent of the step that is done; 0 if it is not known."""
        try:
            return max(0, min(100, int(self._file("progress").read_text() or 0)))
        except (OSError, ValueError):
            return 0

    def write_progress(self, percent: int) -> None:
        with suppress(OSError):
            self._file("progress").write_text(str(percent))

    def attempts(self) -> int:
        """How many child processes were started for the step."""
        try:
            return self._file("attempts").stat().st_size
        except OSError:
            return 0

    def note_attempt(self) -> None:
        with suppress(OSError), self._file("attempts").open("ab") as file:
            file.write(b".")

    @property
    def is_open(self) -> bool:
        """Whether the step still has to be computed."""
        return self._file("order").exists() and not self._file("answer").exists()

    def _file(self, what: str) -> Path:
        return self.folder / f"{self.step}.{what}"


def open_orders(folder: Path) -> list[JobOrder]:
    """All steps without an answer, the oldest first."""
    orders: list[JobOrder] = []
    for key, _at in folder_keys(folder):
        with suppress(OSError):  # removed meanwhile
            orders += [JobOrder(file.parent, file.stem) for file in (folder / key).iterdir() if file.suffix == ".order"]
    return sorted((order for order in orders if order.is_open), key=lambda order: order.written_at)


def remove(folder: Path) -> None:
    """Remove a job's folder; the runner ends a child that is still working in it."""
    shutil.rmtree(folder, ignore_errors=True)


def folder_keys(folder: Path) -> Iterator[tuple[str, float]]:
    """The key of each job folder, with its modification time (seconds since 1970)."""
    for entry in folder.iterdir():
        with suppress(OSError):
            if entry.is_dir():
                yield entry.name, entry.stat().st_mtime


def take_lock(folder: Path, *, wait: bool) -> int | None:
    """Lock the runner's lock file and return its file descriptor; None if another runner holds it.

    The kernel releases the lock when its owner ends.
    """
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def is_runner_alive(folder: Path) -> bool:
    """Whether a runner holds the lock."""
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _write(file: Path, content: dict[str, Any]) -> None:
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(json.dumps(content, ensure_ascii=False).encode())
    temporary.replace(file)
