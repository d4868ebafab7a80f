"""The hashes of an imported file are recomputed; a file that was changed after it was written is refused."""

import json
from collections.abc import Callable
from datetime import datetime

import pytest

from klimawerk.exchange.import_problems import ImportRefused
from klimawerk.exchange.service import export_bytes, import_programme, preview
from klimawerk.extensions import db
from klimawerk.sheets.rows import rows_of
from klimawerk.versions.hash_chain import canonical_json, sha256_hex, version_hash
from tests.client import ProofReader
from tests.editions.conftest import EditionsScene
from tests.exchange.conftest import Census, Json, as_bytes
from tests.exchange.history.conftest import file_with_history
from tests.exchange.test_pages import upload


def _measure(file: Json) -> Json:
    return next(item for item in file["history"]["items"] if item["code"] == "WA-01")


def _forge(file: Json, name: str, part: object, version: int = 0) -> None:
    """Replace a part of a version and recompute all hashes."""
    item = _measure(file)
    file["history"]["editions"] = []
    previous = ""
    key = sha256_hex(canonical_json(part))
    file["history"]["parts"][key] = part
    item["versions"][version]["manifest"]["parts"][name] = key
    for each_version in item["versions"]:
        content = sha256_hex(canonical_json(each_version["manifest"]))
        at = datetime.fromisoformat(each_version["at"])
        each_version["hash"] = version_hash(
            content=content, previous=previous, number=each_version["number"], at=at, reason=each_version["reason"]
        )
        previous = each_version["hash"]


CORRUPTIONS: dict[str, Callable[[Json], object]] = {
    "a word in a part": lambda f: (
        next(iter(f["history"]["parts"].values())).update(x=1)
        if isinstance(next(iter(f["history"]["parts"].values())), dict)
        else next(iter(f["history"]["parts"].values())).append({})
    ),
    "a part that is missing": lambda f: f["history"]["parts"].pop(
        _measure(f)["versions"][0]["manifest"]["parts"]["values"]
    ),
    "a version's time": lambda f: _measure(f)["versions"][0].update(at="2026-01-01T00:00:00+00:00"),
    "a version's reason": lambda f: _measure(f)["versions"][0].update(reason="restore"),
    "an unknown reason": lambda f: _measure(f)["versions"][0].update(reason="<b>"),
    "a version left out": lambda f: _measure(f)["versions"].pop(0),
    "a manifest": lambda f: _measure(f)["versions"][0]["manifest"].update(code="XX-01"),
    "another item": lambda f: _measure(f).update(key="11111111-1111-4111-8111-111111111111"),
    "an item that is not there": lambda f: _measure(f).update(code="XX-09"),
    "an edition's time": lambda f: f["history"]["editions"][0].update(at="2026-01-01T00:00:00+00:00"),
    "an edition's versions": lambda f: f["history"]["editions"][0]["manifest"]["versions"].pop(),
    "an edition left out": lambda f: f["history"]["editions"].pop(0),
    "another programme": lambda f: f["history"].update(programme="11111111-1111-4111-8111-111111111111"),
    "a format to come": lambda f: f["history"].update(format=99),
    "no list": lambda f: f["history"].update(items={}),
    "a forged script": lambda f: _forge(f, "text:description.en", {"type": "doc", "content": [{"type": "script"}]}),
    "a forged choice": lambda f: _forge(f, "values", {"priority": {"a": 1}}),
    "a forged code": lambda f: _forge(f, "values", {"priority": "immense"}),
    "a forged amount": lambda f: _forge(
        f, "rows:costs", [{"id": "x", "cells": {"amount": {"amount": "1e9", "currency": "EUR"}}}]
    ),
    "a forged field": lambda f: _forge(f, "values", {"colour": "green"}),
    "a forged kind of part": lambda f: _forge(f, "rows:colours", []),
    "a fraction": lambda f: _forge(f, "values", {"ghg_t_co2e_a": 1.5}),
}


@pytest.mark.parametrize("corrupt", CORRUPTIONS.values(), ids=CORRUPTIONS)
def test_what_was_changed_after_it_was_written_is_refused_whole(
    scene: EditionsScene, census: Census, corrupt: Callable[[Json], object]
) -> None:
    file = json.loads(file_with_history(scene))
    before = census()
    corrupt(file)
    with pytest.raises(ImportRefused) as refused:
        preview(as_bytes(file))
    assert str(refused.value).startswith("history")
    assert census() == before


def test_the_same_files_unspoilt_are_taken(scene: EditionsScene) -> None:
    file = json.loads(file_with_history(scene))
    assert preview(as_bytes(file)).draft.history
    _forge(file, "values", {"priority": "low"})
    assert preview(as_bytes(file)).draft.history, "what fits may well be forged: only hashes and forms are proved"


@pytest.mark.parametrize(
    ("language", "sentence"), [("en", "not where all of it comes from"), ("de", "nicht woher das Ganze stammt")]
)
def test_pages_say_what_check_sums_show_and_what_not(
    scene: EditionsScene, client: ProofReader, language: str, sentence: str
) -> None:
    """A file whose hashes were all recomputed is accepted; the user who decides on it is told so before."""
    version, edition, without_history = scene.keep(), scene.fix(), export_bytes(scene.programme, history=False)
    file = json.loads(export_bytes(scene.programme))
    person = scene.team.de["coordinator"]
    person.language = language
    db.session.commit()
    client.login(person)
    assert sentence in client.get(f"/items/{scene.measure.id}/history/{version.number}").text
    assert sentence in client.get(f"{scene.address}/{edition.number}").text
    _forge(file, "values", {"priority": "low"})
    assert sentence in client.get(upload(client, as_bytes(file))).text
    assert sentence not in client.get(upload(client, without_history)).text, "no versions, no check sums"


def test_a_stranger_with_the_same_rows_is_refused(scene: EditionsScene) -> None:
    """A file cannot take over rows that belong to another programme here."""
    scene.keep()
    file = json.loads(export_bytes(scene.programme))
    text = json.dumps(file["history"])
    assert scene.programme.key in text
    other = json.loads(export_bytes(scene.programme, history=False))
    key = "11111111-1111-4111-8111-111111111111"
    rows = {kind: [row.id for row in rows] for kind, rows in rows_of(scene.programme).items()}
    item = {"kind": "programme", "code": "", "key": key, "rows": rows, "versions": []}
    other["history"] = {"format": 1, "programme": key, "items": [item], "editions": [], "parts": {}}
    with pytest.raises(ImportRefused, match="here already"):
        import_programme(as_bytes(other), by=None)
