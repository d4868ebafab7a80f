"""The logic of browser modules, run by node; the sentences stand in the files *.test.mjs beside the areas' tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import node

TESTS = Path(__file__).parent
FILES = sorted(path.relative_to(TESTS).as_posix() for path in TESTS.rglob("*.test.mjs"))


@pytest.mark.parametrize("file", FILES)
def test_the_module_does_what_its_sentences_say(file: str) -> None:
    # Without --test: that runs a file in another process, which goes on where it never ends and this one is given up.
    node.run("--test-reporter=spec", str(TESTS / file))
