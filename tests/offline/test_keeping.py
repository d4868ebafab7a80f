"""The browser's logic of keeping words, run by node; the sentences stand in keeping.test.mjs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from klimawerk.config import ROOT

NODE = shutil.which("node")


def test_words_are_called_kept_when_the_disk_has_them_and_never_before(tmp_path: Path) -> None:
    assert NODE, "node is not installed"
    (tmp_path / "package.json").write_text('{"type": "module"}')
    for file in ("door.js", "keeping.js"):
        shutil.copy(ROOT / "static" / "js" / "store" / file, tmp_path)
    shutil.copy(Path(__file__).parent / "keeping.test.mjs", tmp_path)
    answer = subprocess.run([NODE, "--test"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stdout + answer.stderr
