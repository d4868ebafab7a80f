"""Every regular expression takes linear time (ReDoS), on the server and in the browser.

The expressions are found by the languages' own parsers and run on hostile texts generated from them.
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


def _growth(pattern: str, flags: int, run: Callable[[str], object]) -> str | None:
    for shape in shapes(pattern, flags, MOST):
        if grows := time_growth.superlinear(run, shape.text):
            return f"{shape}: {grows}"
    return None


def test_every_expression_of_the_server_takes_linear_time() -> None:
    patterns = in_python.all_patterns()
    assert len(patterns) > 40
    failures = {
        f"{pattern.place} ({way})": grows
        for pattern in patterns
        for way in pattern.ways
        if (grows := _growth(pattern.pattern, pattern.flags, pattern.run(way)))
    }
    assert not failures, failures


def test_every_expression_of_the_browser_takes_linear_time() -> None:
    patterns = in_scripts.in_files(SCRIPTS, ROOT)
    assert len(patterns) > 20
    assert not [pattern.place for pattern in patterns if pattern.source is None], (
        "write the expression where it is used"
    )
    failures = in_scripts.superlinear(patterns, MOST)
    assert not failures, failures


@pytest.mark.parametrize("former", [*FORMER, *(pytest.param(one, marks=pytest.mark.slow) for one in FORMER_TOO)])
def test_what_was_not_linear_is_found(former: str) -> None:
    """Negative control: former expressions of the code, and textbook examples."""
    pattern = re.compile({**FORMER, **FORMER_TOO}[former])
    assert _growth(pattern.pattern, 0, lambda text: sum(1 for _ in pattern.finditer(text)))


def test_what_was_not_linear_in_the_browser_is_found() -> None:
    patterns = [in_scripts.ScriptPattern(name, *FORMER_SCRIPTS[name]) for name in list(FORMER_SCRIPTS)[: steps(1, 9)]]
    assert in_scripts.superlinear(patterns, MOST).keys() == {pattern.place for pattern in patterns}


@pytest.mark.parametrize(
    "linear",
    [r"\w+", r"<(/?)([a-z]++)([^<>]*+)>", r'"(?:[^"\\]++|\\.)*+"?+', r"(?<!\s)\s++$", r"\d{1,3}(\.\d{3})+(,\d+)?"],
)
def test_what_is_linear_is_not_blamed(linear: str) -> None:
    pattern = re.compile(linear)
    assert not _growth(linear, 0, lambda text: sum(1 for _ in pattern.finditer(text)))


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
    patterns = in_python.in_tree(tree, "module.py", names, dict(in_python.uses(tree)))
    assert {(pattern.pattern, frozenset(pattern.ways)) for pattern in patterns} == {
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
    patterns = in_scripts.in_files([script], tmp_path)
    assert sorted(pattern.source or "?" for pattern in patterns) == sorted(
        ["[/]x+", "y(?<n>z)", "a+", "?", "?", "?", "q"]
    )
