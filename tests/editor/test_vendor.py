"""Every vendored file of the browser is the pinned one, with its licence beside it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

VENDOR = Path(__file__).resolve().parents[2] / "static" / "vendor"


def manifest() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((VENDOR / "MANIFEST.json").read_text())["files"]
    return found


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("entry", manifest(), ids=lambda entry: entry["name"])
def test_a_vendored_file_is_the_one_its_hash_names(entry: dict[str, Any]) -> None:
    content = (VENDOR / entry["file"]).read_bytes()
    assert sha256(content) == entry["sha256"]
    assert sha256(content + b" ") != entry["sha256"], "one byte more must show"


@pytest.mark.parametrize("entry", manifest(), ids=lambda entry: entry["name"])
def test_every_part_of_a_vendored_file_has_its_licence_text(entry: dict[str, Any]) -> None:
    assert entry["parts"]
    for part in entry["parts"]:
        assert part["licence"] in {"MIT", "0BSD", "MPL-2.0"}
        assert len((VENDOR / part["licence_file"]).read_text()) > 400


def test_no_vendored_file_is_missing_from_the_manifest() -> None:
    listed = {Path(entry["file"]).name for entry in manifest()}
    assert {path.name for path in VENDOR.glob("*.js")} <= listed


def test_the_lock_holds_exact_versions_and_no_address_of_a_registry() -> None:
    lock = json.loads((VENDOR / "src" / "package-lock.json").read_text())
    wanted = json.loads((VENDOR / "src" / "package.json").read_text())["devDependencies"]
    assert all(version[0].isdigit() for version in wanted.values())
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
