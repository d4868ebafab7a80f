"""What is alike to the server is alike to the browser, which offers names."""

from __future__ import annotations

import json
import re

from klimawerk.config import ROOT
from klimawerk.folding import EQUIVALENTS, folded_words
from tests import node
from tests.folding.test_folding import CASES

IN_NODE = """
import fs from "node:fs"
const { texts, alike } = JSON.parse(fs.readFileSync(0))
console.log(JSON.stringify(texts.map((text) => fold(text, alike))))
"""


def in_browsers(texts: list[str]) -> list[str]:
    """What `fold` in static/js/mentions.js makes of the texts, with the table that comes with the names."""
    source = (ROOT / "static" / "js" / "mentions.js").read_text()
    function = re.search(r"^function fold\(.*?^}$", source, re.MULTILINE | re.DOTALL)
    assert function, "mentions.js has no function of this name"
    asked = json.dumps({"texts": texts, "alike": EQUIVALENTS})
    found: list[str] = json.loads(node.run("--input-type=module", "--eval", function[0] + IN_NODE, input=asked))
    return found


def test_the_browser_offers_whatever_the_server_calls_alike() -> None:
    """A whole name and each beginning of it, in every spelling of the table."""
    rows = CASES["alike"]
    folded = iter(in_browsers([one for row in rows for one in row]))
    for row in rows:
        assert len({next(folded).strip() for _one in row}) == 1, row
    name, *typed = in_browsers(["Jürgen Groß", "jur", "Gro", "JUERGEN", "jürgen  gr", "gross", "rgen", "jan"])
    assert [one in name for one in typed] == [True, True, True, True, True, False, False]


def test_the_browser_folds_every_letter_of_alphabets_as_the_server_does() -> None:
    """Latin with all its extensions, Greek, Cyrillic, Armenian, Hebrew, Arabic."""
    letters = [chr(code) for code in (*range(0x700), *range(0x1E00, 0x2000)) if chr(code).isalnum()]
    theirs = in_browsers(letters)
    ours = [" ".join(word.folded for word in folded_words(letter)) for letter in letters]
    assert len(letters) > 1_700
    differing = [
        (ascii(letter), our, their)
        for letter, our, their in zip(letters, ours, theirs, strict=True)
        if our != their.replace("\u2044", " ").strip()  # the line of a fraction
    ]
    assert differing == []
