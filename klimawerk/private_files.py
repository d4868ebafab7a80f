"""File permissions: files with personal data or secrets are readable by their owner alone (mode 0600, folders 0700)."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

log = logging.getLogger(__name__)
GROUP_AND_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def create(path: Path) -> None:
    """Create an empty file with mode 0600; the mode of an existing one is corrected.

    An existing file is never opened: closing it would end all POSIX locks that this process has on it, and these keep
    other processes from removing the write-ahead log of an SQLite database that is in use
    (https://www.sqlite.org/howtocorrupt.html, 2.2).
    """
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        restrict(path)


def restrict(path: Path) -> None:
    """Remove the permissions of group and others from an existing file. If it has another owner, a warning is
    logged."""
    try:
        mode = path.stat().st_mode
        if mode & GROUP_AND_OTHERS:
            path.chmod(stat.S_IMODE(mode) & ~GROUP_AND_OTHERS)
    except FileNotFoundError:
        return
    except OSError as error:
        log.warning("%s can be read by others, and its mode could not be changed: %s", path.name, error.strerror)


def make_folder(path: Path) -> None:
    """Create the folder and those above it, with mode 0700. An existing one is not changed, since it may be shared on
    purpose; the files in it are corrected one by one."""
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
