"""The wall clock of one server, set by a test."""

from __future__ import annotations

from pathlib import Path


class ServerClock:
    """The clock of one server: `jump(hours)` sets its offset from the real time."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.jump(0)
        self.environment = {
            "GUNICORN_CMD_ARGS": "--config python:tests.faults.jumping_clock",
            "TEST_CLOCK": str(self._file),
        }

    def jump(self, hours: float) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(str(hours * 3_600))
        fresh.replace(self._file)
