"""Rules for the whole repository: templates, lock files, documents, settings."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from klimawerk.config import ROOT

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
MODULES = sorted((ROOT / "static" / "js").rglob("*.js"))
LOCKS = ["requirements.lock", "requirements-dev.lock"]

# Templates that may output markup unescaped: their input was escaped or cleaned where it was made.
MAY_PASS_MARKUP = {"sheets/field_page.html"}

FORBIDDEN_IN_TEMPLATES = {
    "markup that is not escaped": r"\|\s*safe\b|autoescape false",
    "an inline style": r"<style\b|\sstyle\s*=",
    "an inline script": r"<script(?![^>]*\bsrc=)(?![^>]*application/json)",
    "an inline handler": r"\son(?:click|change|input|submit|load|error|focus|blur|toggle|scroll)\s*="
    r"|\son(?:key|mouse|pointer|drag)\w+\s*=|\shx-on[:=]",
    "something that htmx would have to evaluate": r"=\s*[\"']\s*(?:js|javascript):|hx-trigger\s*=\s*[\"'][^\"']*\[",
    "something loaded from another host": r"<(?:script|link|img|source|iframe)\b[^>]*"
    r"(?:src|href)\s*=\s*[\"'](?:https?:)?//",
}
HTMX_2 = re.compile(
    r"hx-disabled-elt|hx-ext\b|hx-prompt\b|hx-params\b|hx-history|hx-inherit\b|hx-disinherit\b|hx-request\b|hx-vars\b"
    r"|HX-Trigger-After|htmx:[a-z]+[A-Z]\w*"
)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_a_template_holds_nothing_that_the_policy_forbids(template: Path) -> None:
    name = str(template.relative_to(ROOT / "templates"))
    text = _without_comments(template.read_text())
    for what, pattern in FORBIDDEN_IN_TEMPLATES.items():
        if not (name in MAY_PASS_MARKUP and "not escaped" in what):
            match = re.search(pattern, text, re.IGNORECASE)
            assert match is None, f"{name}: {what}: {match and match[0]!r}"


@pytest.mark.parametrize(
    "text",
    [
        "{{ text|safe }}",
        '<p style="color: red">',
        "<script>alert(1)</script>",
        '<button onclick="go()">',
        '<button hx-on:click="go()">',
        '<button hx-vals="js:{a: 1}">',
        '<button hx-trigger="click[ctrlKey]">',
        '<script src="https://example.org/a.js"></script>',
    ],
)
def test_the_patterns_find_what_is_forbidden(text: str) -> None:
    assert any(re.search(pattern, text, re.IGNORECASE) for pattern in FORBIDDEN_IN_TEMPLATES.values())


@pytest.mark.parametrize("file", [*TEMPLATES, *MODULES], ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_left_of_htmx_2(file: Path) -> None:
    match = HTMX_2.search(file.read_text())
    assert match is None, f"{match and match[0]}"


def test_the_names_of_htmx_2_are_known() -> None:
    for name in ("htmx:afterSwap", 'hx-disabled-elt="this"', 'hx-ext="morph"'):
        assert HTMX_2.search(name)
    assert not HTMX_2.search("htmx:after:swap")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_with_a_hash_and_without_an_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) > 20
    for entry in entries:
        assert re.match(r"[\w.-]+(\[[\w,-]+\])?==\S+", entry), entry[:80]
        assert "--hash=sha256:" in entry, entry[:80]


def test_the_lock_files_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    locked = {lock: _names((ROOT / lock).read_text()) for lock in LOCKS}
    wanted = {_name(one) for one in project["project"]["dependencies"]}
    assert wanted <= locked[LOCKS[0]]
    assert wanted | {_name(one) for one in project["dependency-groups"]["dev"]} <= locked[LOCKS[1]]


def test_the_readme_explains_every_setting_and_no_other() -> None:
    config = (ROOT / "klimawerk" / "config.py").read_text()
    read = set(re.findall(r"[\"'](KLIMAWERK_\w+|PORT|WORKERS)[\"']", config)) - {"KLIMAWERK_ASYNC_MODE"}
    explained = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert explained == read


def test_the_licence_is_there_in_full() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert text.startswith("EUROPEAN UNION PUBLIC LICENCE v. 1.2")
    for article in range(1, 16):
        assert re.search(rf"^{article}\.\s*\w", text, re.MULTILINE), article
    assert "Appendix" in text


def test_the_readme_names_only_files_that_are_there() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", (ROOT / "README.md").read_text()):
        assert (ROOT / target).exists(), target


def _without_comments(text: str) -> str:
    return re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)


def _names(lock: str) -> set[str]:
    return {_name(line) for line in lock.splitlines() if line and not line[0].isspace()}


def _name(requirement: str) -> str:
    match = re.match(r"[\w.-]+", requirement)
    assert match is not None
    return re.sub(r"[-_.]+", "-", match[0]).lower()


def test_every_decision_has_a_number_of_its_own() -> None:
    numbers = re.findall(r"^(\d+)\. \*\*", (ROOT / "klimawerk" / "README.md").read_text(), re.MULTILINE)
    assert [int(number) for number in numbers] == list(range(1, len(numbers) + 1))


def test_no_test_skips_what_it_cannot_run() -> None:
    """A missing tool fails; a test that needs more than a short run has is marked slow."""
    skips = re.compile(r"mark\.skip|pytest\.skip\(|importorskip|unittest\.skip|SkipTest|mark\.xfail")
    assert skips.search('@pytest.mark.skipif(NODE is None, reason="needs node")')
    for path in sorted((ROOT / "tests").rglob("*.py")):
        if path != Path(__file__):
            match = skips.search(path.read_text())
            assert match is None, f"{path.relative_to(ROOT)}: {match and match[0]}"
