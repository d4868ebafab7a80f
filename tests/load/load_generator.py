"""The load generator: a node process with real Yjs clients."""

from __future__ import annotations

import json
import os
import subprocess
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
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> Typists:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def do(self, command: str, **arguments: Any) -> Any:
        """The command's answer. RuntimeError when the generator has ended (it prints the reason itself)."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": command, **arguments}).encode() + b"\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the load generator ended while it was to {command}")
        return json.loads(answer)

    def cost(self) -> Cost:
        return cost(self._process.pid)
