"""What a process does not use any more goes back to the machine."""

from __future__ import annotations

import subprocess
import sys
import textwrap

from klimawerk.config import ROOT

# In a process of its own: how much is free in this one nobody knows.
_SCRIPT = """
from klimawerk.operations import memory

kept = [bytes(2_000) for _ in range(50_000)]
scattered = kept[::50]  # of every hundred thousand bytes two thousand stay in use, so that nothing ends in one piece
full = memory.resident_kb()
del kept
lying_free = memory.resident_kb()
memory.trim_heap()
print(full, lying_free, memory.resident_kb())
"""


def test_memory_that_lies_free_between_things_in_use_is_given_back() -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_SCRIPT)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    full, lying_free, after = map(int, done.stdout.split())
    assert lying_free > full - 10_000, "the library gives it back by itself; giving it back has lost its sense"
    assert after < full - 60_000
