"""File permissions: what holds persons or secrets can be read by its owner alone (mode 0600, folders 0700)."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

log = logging.getLogger(__name__)
GROUP_AND_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def create(path: Path) -> None:
    """An empty file that only its owner can read, unless there is one: it is corrected then.

    One that exists is never opened: closing it again would end all POSIX locks that this process has on it, and those
    are what keeps other processes from removing the write-ahead log of an SQLite database that is in use
    (https://www.sqlite.org/howtocorrupt.html, 2.2)."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        restrict(path)


def restrict(path: Path) -> None:
    """Take the rights of others on an existing file away. What belongs to somebody else stays, with a warning."""
    try:
        mode = path.stat().st_mode
        if mode & GROUP_AND_OTHERS:
            path.chmod(stat.S_IMODE(mode) & ~GROUP_AND_OTHERS)
    except FileNotFoundError:
        return
    except OSError as problem:
        log.warning("%s can be read by others, and its mode could not be changed: %s", path.name, problem.strerror)


def make_folder(path: Path) -> None:
    """The folder and those above it; only for its owner if it is made now. An existing one stays as it is, since it may
    be shared on purpose; the files in it are corrected one by one."""
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
