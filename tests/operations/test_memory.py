"""Memory that a process no longer uses is returned to the operating system."""

from __future__ import annotations

import subprocess
import sys
import textwrap

from klimawerk.config import ROOT

# In a process of its own: the free memory of the test process is unknown.
_SCRIPT = """
from klimawerk.operations import memory

kept = [bytes(2_000) for _ in range(50_000)]
scattered = kept[::50]  # 2,000 of each 100,000 bytes stay in use, so that the free memory is fragmented
full = memory.resident_kb()
del kept
freed = memory.resident_kb()
memory.trim_heap()
print(full, freed, memory.resident_kb())
"""


def test_memory_that_lies_free_between_things_in_use_is_given_back() -> None:
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_SCRIPT)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    full, freed, after = map(int, result.stdout.split())
    assert freed > full - 10_000, "the C library returns it by itself; trim_heap is no longer needed"
    assert after < full - 60_000
