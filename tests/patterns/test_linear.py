"""No text from outside keeps a regular expression busy for more than linear time, on the server and in the browser.

Every expression in the code is found by the languages' own parsers and run against hostile texts that are made from it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from klimawerk.config import ROOT
from tests.long_runs import steps
from tests.patterns import in_python, in_scripts, time_growth
from tests.patterns.inputs import shapes

MOST = steps(150, 1_000)  # hostile texts for each expression
SCRIPTS = [*sorted((ROOT / "static" / "js").rglob("*.js")), ROOT / "static" / "sw.js"]
NAMES = r"[\w-]*(?:passwor[dt]|passwd|secret|token|cookie|authorization|klimawerk_session)[\w-]*"

FORMER = {
    "secrets in a log line": rf"""(?i)(["']?{NAMES}["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,;&)}}\]]+)""",
    "levels of an import": r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[{]|[\]}]',
    "tags of a pasted table": r"<(/?)([a-zA-Z][a-zA-Z0-9:]*)([^<>]*)>|([^<]+)|<",
    "nested": r"^(a+)+$",
    "ambiguous": r"^(?:\w\w?)*$",
}
FORMER_TOO = {
    "passwords in addresses": r"(\w+://[^\s:/@]*:)[^\s@/]+@",
    "addresses in an imprint": r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    "comments of a style sheet": r"(?s)/\*.*?\*/",
    "comments of a module": r"(?ms)^[ \t]*/\*\*.*?\*/$",
    "breaks of a template": r"[ \t]*\n\s*",
    "adjacent": r"^\d+\d*x",
}
FORMER_SCRIPTS = {
    "tags in what is pasted": (r"<[a-z][^>]*>", "gi"),
    "style sheets in what is pasted": (r"<style\b[\s\S]*?<\/style\s*>", "gi"),
    "Word's lists": (r"mso-list:\s*\S+\s+level(\d)", "i"),
    "the end of a name": (r"[^-]+$", ""),
    "named, in Unicode": (r"(?<word>\p{L}+)\d", "u"),
}


def _as_it_grows(pattern: str, flags: int, run: Callable[[str], object]) -> str | None:
    for shape in shapes(pattern, flags, MOST):
        if grows := time_growth.superlinear(run, shape.text):
            return f"{shape}: {grows}"
    return None


def test_every_expression_of_the_server_takes_linear_time() -> None:
    found = in_python.all_patterns()
    assert len(found) > 40
    bad = {
        f"{one.place} ({way})": grows
        for one in found
        for way in one.ways
        if (grows := _as_it_grows(one.pattern, one.flags, one.run(way)))
    }
    assert not bad, bad


def test_every_expression_of_the_browser_takes_linear_time() -> None:
    found = in_scripts.in_files(SCRIPTS, ROOT)
    assert len(found) > 20
    assert not [one.place for one in found if one.source is None], "write the expression where it is used"
    bad = in_scripts.superlinear(found, MOST)
    assert not bad, bad


@pytest.mark.parametrize("former", [*FORMER, *(pytest.param(one, marks=pytest.mark.slow) for one in FORMER_TOO)])
def test_what_was_not_linear_is_found(former: str) -> None:
    """Negative control: what stood in the code before, and the forms from textbooks."""
    pattern = re.compile({**FORMER, **FORMER_TOO}[former])
    assert _as_it_grows(pattern.pattern, 0, lambda text: sum(1 for _ in pattern.finditer(text)))


def test_what_was_not_linear_in_the_browser_is_found() -> None:
    before = [in_scripts.ScriptPattern(name, *FORMER_SCRIPTS[name]) for name in list(FORMER_SCRIPTS)[: steps(1, 9)]]
    assert in_scripts.superlinear(before, MOST).keys() == {one.place for one in before}


@pytest.mark.parametrize(
    "linear",
    [r"\w+", r"<(/?)([a-z]++)([^<>]*+)>", r'"(?:[^"\\]++|\\.)*+"?+', r"(?<!\s)\s++$", r"\d{1,3}(\.\d{3})+(,\d+)?"],
)
def test_what_is_linear_is_not_blamed(linear: str) -> None:
    pattern = re.compile(linear)
    assert not _as_it_grows(linear, 0, lambda text: sum(1 for _ in pattern.finditer(text)))


MODULE = r"""
import re
START = "a+"
LATER = re.compile(rf"{START}b", re.ASCII)
def one(text, name):
    found = re.match(rb"[a-f]+", text.encode())
    found.search(text)  # of what was found, not of the expression
    return LATER.search(text) or re.sub(r"x+$", "", text) or re.fullmatch(re.escape(name) + r"\d+", text)
"""


def test_expressions_are_found_wherever_they_stand() -> None:
    names = {"re": re, "START": "a+", "LATER": re.compile("a+b")}
    tree = ast.parse(MODULE)
    found = in_python.in_tree(tree, "module.py", names, dict(in_python.uses(tree)))
    assert {(one.pattern, frozenset(one.ways)) for one in found} == {
        ("a+b", frozenset({in_python.SCAN})),
        ("x+$", frozenset({in_python.SCAN})),
        (r"ab\d+", frozenset({in_python.WHOLE})),
        ("[a-f]+", frozenset({in_python.START})),
    }
    for hidden in ("import re\ndef f(p, t):\n    re.search(p, t)", "from re import search", "import re as x"):
        with pytest.raises(in_python.Hidden):
            in_python.in_tree(ast.parse(hidden), "module.py", {"re": re}, {})


def test_expressions_of_scripts_are_found_wherever_they_stand(tmp_path: Path) -> None:
    script = tmp_path / "module.js"
    script.write_text(
        "const a = 6 / 2 / 1, b = /[/]x+/g // no /comment/\n"
        'const c = `${"y".replace(/y(?<n>z)/u, "")} /no/`, d = "/no/"\n'
        'export const e = new RegExp("a+", "i"), f = RegExp(d), g = d.match("w+"), h = [RegExp]\n'
        'if (a) /q/.test(d.split("/no/"))\n'
    )
    found = in_scripts.in_files([script], tmp_path)
    assert sorted(one.source or "?" for one in found) == sorted(["[/]x+", "y(?<n>z)", "a+", "?", "?", "?", "q"])
