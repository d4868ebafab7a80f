"""The load generator: a node process with real Yjs clients."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.load.process_cost import Cost, cost
from tests.node import NODE

HERE = Path(__file__).parent


def node() -> str:
    """The node that `make bench` has installed for the peers, else that of the tests."""
    return os.environ.get("BENCH_NODE") or NODE


class Typists:
    """`typists.do("open", ...)` sends a command and returns its answer; see main.mjs."""

    def __init__(self, line: str) -> None:
        command = [node(), str(HERE / "main.mjs"), line]
        self._errors = os.memfd_create("stderr")  # a pipe that nobody reads would block the generator when it is full
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors)

    def __enter__(self) -> Typists:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._process.kill()
        with suppress(BrokenPipeError):  # a command that it no longer read
            self._process.communicate()
        os.close(self._errors)

    def do(self, command: str, **arguments: Any) -> Any:
        """The command's answer. RuntimeError with what the generator printed when it has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):  # it has ended already: there is no answer
            self._process.stdin.write(json.dumps({"do": command, **arguments}).encode() + b"\n")
            self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the load generator ended while it was to {command}:\n{self._printed()}")
        return json.loads(answer)

    def _printed(self) -> str:
        self._process.wait()
        printed = os.pread(self._errors, 20_000, 0).decode(errors="replace")
        return f"exit status {self._process.returncode}\n{printed}"

    def cost(self) -> Cost:
        return cost(self._process.pid)
