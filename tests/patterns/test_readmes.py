"""READMEs of the areas name every file of theirs, and only files, links and anchors that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
AREAS = sorted(path.parent for path in (ROOT / "klimawerk").glob("**/README.md"))
SCRIPTS = ROOT / "static" / "js"
READMES = sorted(
    {ROOT / "README.md", *(path / "README.md" for path in (*AREAS, SCRIPTS)), ROOT / "static/vendor/src/README.md"}
)

# Where a path in backticks may begin, besides the README's own folder.
BASES = ("", "klimawerk", "static", "static/js", "static/vendor", "tests")
FILE = re.compile(r"`([\w./-]+\.(?:py|js|mjs|cjs|html|json|css|md|txt|po|toml|lock|ini))`")
# Names for files of a kind, or written by a command.
EXAMPLES = {"templates/mail/name.txt", "migrations/versions/NNNN_name.py"}


def names_in(text: str) -> set[str]:
    """Files that a text names in backticks, as written."""
    return set(FILE.findall(text))


def unnamed(folder: Path, pattern: str) -> list[str]:
    """Files of a folder, in its subfolders without a README too, that its README does not name."""
    named = names_in((folder / "README.md").read_text())
    missing = []
    for path in sorted(folder.rglob(pattern)):
        inner = path.relative_to(folder)
        own = not any((folder / parent / "README.md").exists() for parent in list(inner.parents)[:-1])
        written = {"/".join(inner.parts[start:]) for start in range(len(inner.parts))}
        if own and path.name != "__init__.py" and not written & named:
            missing.append(inner.as_posix())
    return missing


def unknown(readme: Path) -> list[str]:
    """Files that a README names and that do not exist: neither in its folder, at any depth, nor from a base."""
    folder = readme.parent
    inside = [path.as_posix() for path in _paths() if path.is_relative_to(folder)]
    return sorted(
        name
        for name in names_in(readme.read_text()) - EXAMPLES
        if not any((base / name).exists() for base in (folder, *(ROOT / base for base in BASES)))
        and not any(path.endswith(f"/{name}") for path in inside)
        and not (ROOT / "tests" / folder.name / name).exists()
    )


def broken_links(readme: Path) -> list[str]:
    """Relative links of a README whose file or heading does not exist."""
    broken = []
    for target in re.findall(r"\]\((?!\w+:)([^)\s]+)\)", readme.read_text()):
        file, _, anchor = target.partition("#")
        path = readme.parent / file if file else readme
        if not path.exists() or (anchor and anchor not in _anchors(path.read_text())):
            broken.append(target)
    return broken


def undefined(table: str) -> list[str]:
    """Names in backticks behind a file, in a row of a table ("`search/index.py` `reindex`"), that the file lacks."""
    missing = []
    for row in table.splitlines():
        file: Path | None = None
        for name in re.findall(r"`([^`]+)`", row):
            if FILE.fullmatch(f"`{name}`"):
                file = next(path for base in BASES if (path := ROOT / base / name).exists())
            elif file and re.fullmatch(r"[\w.]+", name):
                words = set(re.findall(r"\w+", file.read_text()))
                missing += [f"{file.name}: {name}"] if not set(name.split(".")) <= words else []
    return missing


def _anchors(text: str) -> set[str]:
    """The ids of a document's headings, as GitHub and GitLab make them."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = (re.sub(r"[^\w\- ]", "", heading.strip().lower()) for heading in re.findall(r"(?m)^#+ (.+)$", prose))
    return {heading.replace(" ", "-") for heading in headings}


@cache
def _paths() -> list[Path]:
    return list(_walk(ROOT / "klimawerk")) + list(_walk(ROOT / "static" / "js")) + list(_walk(ROOT / "static/vendor"))


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir() and path.name not in ("node_modules", "__pycache__"):
            yield from _walk(path)
        elif path.is_file():
            yield path


def _id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_every_area_has_a_readme() -> None:
    assert [path.parent.name for path in (ROOT / "klimawerk").glob("*/__init__.py") if path.parent not in AREAS] == []


@pytest.mark.parametrize("folder", AREAS, ids=_id)
def test_every_python_file_is_named_in_the_readme_of_its_area(folder: Path) -> None:
    assert unnamed(folder, "*.py") == []


def test_every_browser_module_is_named_in_their_readme() -> None:
    assert unnamed(SCRIPTS, "*.js") == []


@pytest.mark.parametrize("readme", [path for path in READMES if path.parent != ROOT], ids=_id)
def test_a_readme_names_only_files_that_exist(readme: Path) -> None:
    assert unknown(readme) == []


@pytest.mark.parametrize("readme", READMES, ids=_id)
def test_links_and_anchors_of_a_readme_resolve(readme: Path) -> None:
    assert broken_links(readme) == []


def test_every_function_of_the_first_table_is_in_its_file() -> None:
    table = (ROOT / "klimawerk" / "README.md").read_text().partition("## Where is it done?")[2].partition("\n## ")[0]
    assert table.count("\n| ") > 25
    assert undefined(table) == []
    assert undefined(table.replace("`redact`", "`blacken`")) == ["redaction.py: blacken"]


def test_a_missing_file_a_wrong_name_and_a_dead_link_are_seen(tmp_path: Path) -> None:
    for file in ("__init__.py", "routes.py", "forgotten.py", "pages/member_routes.py", "pages/left_out.py"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    readme = tmp_path / "README.md"
    readme.write_text(
        "# The area's `files`\n\nforgotten.py without marks, `routes.py`, `pages/member_routes.py`, `text.py` of "
        "klimawerk, `gone.py`.\n[here](#the-areas-files) [there](routes.py) [no](#elsewhere) [no](gone.py) [web](https://x)\n"
    )
    assert unnamed(tmp_path, "*.py") == ["forgotten.py", "pages/left_out.py"]
    assert unknown(readme) == ["gone.py"]
    assert broken_links(readme) == ["#elsewhere", "gone.py"]
