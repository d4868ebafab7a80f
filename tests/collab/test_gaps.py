"""When a browser asks for what it lacks of a document, run by node; the sentences stand in sequence.test.mjs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from klimawerk.config import ROOT


def test_a_page_asks_again_only_for_what_is_missing(tmp_path: Path) -> None:
    node = shutil.which("node")
    assert node, "node is not installed"
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "collab").mkdir()
    shutil.copy(ROOT / "static" / "js" / "timers.js", tmp_path)
    shutil.copy(ROOT / "static" / "js" / "collab" / "sequence.js", tmp_path / "collab")
    shutil.copy(Path(__file__).parent / "sequence.test.mjs", tmp_path)
    answer = subprocess.run([node, "--test"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stdout + answer.stderr
