"""The message catalogue is complete: every message of the code is in it and translated."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from klimawerk.config import ROOT

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The messages extracted from Python files and templates."""
    path = tmp_path_factory.mktemp("texts") / "messages.pot"
    command = [
        sys.executable,
        "-m",
        "babel.messages.frontend",
        "--quiet",
        "extract",
        "-F",
        "pyproject.toml",
        "-k",
        "lazy_gettext",
        "-k",
        "_l",
        "-o",
        str(path),
        ".",
    ]
    subprocess.run(command, cwd=ROOT, check=True)
    return _read(path)


@pytest.fixture(scope="module")
def german() -> Catalog:
    return _read(ROOT / "translations" / "de" / "LC_MESSAGES" / "messages.po")


def test_there_are_texts(template: Catalog) -> None:
    assert len(template) > 100


def test_the_catalogue_holds_every_text_and_no_other(template: Catalog, german: Catalog) -> None:
    extracted, translated = _ids(template), _ids(german)
    assert not extracted - translated, (
        f"make messages: {len(extracted - translated)} are missing, such as {sorted(extracted - translated)[:3]}"
    )
    assert not translated - extracted, (
        f"make messages: {len(translated - extracted)} are not used, such as {sorted(translated - extracted)[:3]}"
    )


def test_every_text_is_translated(german: Catalog) -> None:
    missing = [message.id for message in german if message.id and (message.fuzzy or not all(_strings(message)))]
    assert not missing, f"{len(missing)} not translated, such as {missing[:3]}"


def test_the_catalogue_as_a_whole_is_finished(german: Catalog) -> None:
    assert not german.fuzzy, "a catalogue whose head is fuzzy, or missing, is not compiled"


def test_translations_keep_the_placeholders(german: Catalog) -> None:
    for message in german:
        placeholders = set(PLACEHOLDER.findall(" ".join(_parts(message.id))))
        for text in _strings(message):
            # The singular may omit its number.
            assert set(PLACEHOLDER.findall(text)) <= placeholders, message.id
            assert message.pluralizable or set(PLACEHOLDER.findall(text)) == placeholders, message.id


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


def _ids(catalogue: Catalog) -> set[str]:
    return {_parts(message.id)[0] for message in catalogue if message.id}


def _parts(text: str | Iterable[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _strings(message: Message) -> tuple[str, ...]:
    return _parts(message.string or "")
