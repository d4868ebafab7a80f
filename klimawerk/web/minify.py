"""Joined modules with short names, by a library that parses them (github.com/tdewolff/minify, Go inside).

It runs in a process of its own: another language's runtime has no business in a server of greenlets. Its work is kept
on the shelf, so that it happens once per version. Where it cannot be installed or fails, the code goes out as it is.
"""

from __future__ import annotations

import logging
import subprocess
import sys

from klimawerk.web import compression

log = logging.getLogger(__name__)
_PROGRAM = "import sys, minify; sys.stdout.write(minify.string(sys.argv[1], sys.stdin.read()))"
TIMEOUT = 60.0  # seconds


def minify(code: str, shelf: compression.CompressedCache, kind: str = "text/javascript") -> str:
    """`code` (an ES module, or a style sheet as "text/css") with the same meaning in fewer characters, or as it is."""
    try:
        return shelf.kept(code.encode(), "min", lambda code: _minified(code, kind)).decode()
    except (OSError, subprocess.SubprocessError) as problem:
        log.warning("modules are served without being minified: %s", problem)
        return code


def _minified(code: bytes, kind: str) -> bytes:
    command = [sys.executable, "-c", _PROGRAM, kind]
    return subprocess.run(command, input=code, capture_output=True, check=True, timeout=TIMEOUT).stdout  # noqa: S603
