"""The browser's folding of names gives the same as the server's."""

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
    """The texts folded by `fold` of static/js/mentions.js, with the table that comes with the names."""
    source = (ROOT / "static" / "js" / "mentions.js").read_text()
    function = re.search(r"^function fold\(.*?^}$", source, re.MULTILINE | re.DOTALL)
    assert function, "mentions.js has no function of this name"
    input_json = json.dumps({"texts": texts, "alike": EQUIVALENTS})
    folded: list[str] = json.loads(node.run("--input-type=module", "--eval", function[0] + IN_NODE, input=input_json))
    return folded


def test_the_browser_offers_whatever_the_server_calls_alike() -> None:
    """A whole name and each beginning of it, in every spelling of the table."""
    rows = CASES["alike"]
    folded = iter(in_browsers([spelling for row in rows for spelling in row]))
    for row in rows:
        assert len({next(folded).strip() for _one in row}) == 1, row
    name, *typed = in_browsers(["Jürgen Groß", "jur", "Gro", "JUERGEN", "jürgen  gr", "gross", "rgen", "jan"])
    assert [spelling in name for spelling in typed] == [True, True, True, True, True, False, False]


def test_the_browser_folds_every_letter_of_alphabets_as_the_server_does() -> None:
    """Latin with all its extensions, Greek, Cyrillic, Armenian, Hebrew, Arabic."""
    characters = [chr(code) for code in (*range(0x700), *range(0x1E00, 0x2000)) if chr(code).isalnum()]
    browser_folds = in_browsers(characters)
    server_folds = [" ".join(word.folded for word in folded_words(character)) for character in characters]
    assert len(characters) > 1_700
    differing = [
        (ascii(character), server_fold, browser_fold)
        for character, server_fold, browser_fold in zip(characters, server_folds, browser_folds, strict=True)
        if server_fold != browser_fold.replace("\u2044", " ").strip()  # fraction slash
    ]
    assert differing == []
