"""Runs the tests of browser modules, *.test.mjs beside each area's tests, by node."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import node

TESTS = Path(__file__).parent
FILES = sorted(path.relative_to(TESTS).as_posix() for path in TESTS.rglob("*.test.mjs"))


@pytest.mark.parametrize("file", FILES)
def test_the_module_does_what_its_sentences_say(file: str) -> None:
    # Without --test, which runs the file in another process that would outlive a timeout of this one.
    node.run("--test-reporter=spec", str(TESTS / file))
