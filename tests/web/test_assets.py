"""Static files: the build is the one of these sources, addresses by content, compressed once, or source by source."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
from pathlib import Path

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient

from klimawerk import config as configuration
from klimawerk import create_app
from klimawerk.config import ROOT
from klimawerk.web import assets, compression
from tests.client import ProofReader

STATIC = ROOT / "static"
OLD = "/static/v-000000000000"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def changed_sources(static: Path) -> list[str]:
    """Sources that are not those of the build below `static`."""
    sources: dict[str, str] = json.loads((static / assets.MANIFEST).read_text())["sources"]
    return [path for path, digest in sources.items() if sha256((static / path).read_bytes()) != digest]


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A copy of the static files, to be changed."""
    copy = tmp_path / "static"
    shutil.copytree(STATIC, copy, ignore=shutil.ignore_patterns("node_modules", "licences"))
    return copy


def address(app: Flask, path: str) -> str:
    with app.test_request_context():
        return assets.asset(path)


def test_an_address_with_its_hash_may_be_kept_for_ever_and_an_old_one_not(app: Flask, client: ProofReader) -> None:
    fresh = client.get(address(app, "css/main.css"))
    assert fresh.status_code == 200
    assert "immutable" in fresh.headers["Cache-Control"]
    assert client.get(f"{OLD}/css/main.css").headers["Cache-Control"] == "no-cache"
    assert client.get(f"{OLD}/css/none.css").status_code == 404
    outside = address(app, "css/main.css").replace("main.css", "../../pyproject.toml")
    assert client.get(outside).status_code == 404


@pytest.mark.parametrize("path", ["css/page.css", "js/main.js", "img/icon.svg"])
@pytest.mark.parametrize(("accepted", "unpack"), [("gzip", gzip.decompress), ("gzip, br", brotli.decompress)])
def test_a_file_comes_packed_to_whom_takes_it_so(  # type: ignore[no-untyped-def]
    app: Flask, client: ProofReader, path: str, accepted: str, unpack
) -> None:
    url = address(app, path)
    packed = client.get(url, headers={"Accept-Encoding": accepted})
    plain = client.get(url)
    assert packed.headers["Content-Encoding"] == ("br" if "br" in accepted else "gzip")
    assert "Content-Encoding" not in plain.headers
    assert packed.mimetype == plain.mimetype
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert unpack(packed.data) == plain.data


def test_a_static_file_has_few_headers_and_is_still_not_guessed_at(app: Flask, client: ProofReader) -> None:
    headers = client.get(address(app, "js/main.js"), headers={"Accept-Encoding": "br"}).headers
    assert set(headers.keys()) == {
        "Cache-Control",
        "Content-Encoding",
        "Content-Length",
        "Content-Type",
        "Vary",
        "X-Content-Type-Options",
    }
    assert "Content-Security-Policy" in client.get("/static/v-0/none.js").headers


def test_the_build_is_the_one_of_these_sources() -> None:
    assert not changed_sources(STATIC), "run `make assets`, and commit static/built"
    listed = set(json.loads((STATIC / assets.MANIFEST).read_text())["sources"])
    own = {path.relative_to(STATIC).as_posix() for kind in ("js", "css") for path in (STATIC / kind).rglob("*")}
    assert {path for path in own if path.endswith((".js", ".css"))} <= listed, "a file that no entry needs"


def test_a_source_that_changed_without_a_build_shows(static: Path) -> None:
    (static / "js" / "dom.js").write_text("// changed")
    (static / "css" / "sheet.css").write_text("/* changed */")
    assert changed_sources(static) == ["css/sheet.css", "js/dom.js"]


def test_every_built_file_is_named_and_each_is_what_the_manifest_says(static: Path) -> None:
    files = json.loads((static / assets.MANIFEST).read_text())["files"]
    on_disk = {path.relative_to(static).as_posix() for path in (static / "built").rglob("*.*s")}
    assert on_disk == {entry["file"] for entry in files.values() if entry["file"].startswith("built/")}
    assert set(assets.load_manifest(static).files) == set(files)
    (static / "built" / "js" / "later.js").write_text("half a file")
    with pytest.raises(assets.DamagedBuild, match=r"static/built/js/later\.js"):
        assets.load_manifest(static)


def test_modules_that_import_each_other_have_one_version_and_know_where_the_libraries_are() -> None:
    files = assets.load_manifest(STATIC).files
    pages = {"js/main.js", "js/later.js", "js/editor.js", "js/seldom.js"}
    assert len({files[path].version for path in pages}) == 1
    code = {path: file.content.decode() for path, file in files.items() if path.startswith("js/")}
    for path, text in code.items():
        named = set(re.findall(r"""["'](\.{1,2}/[^"']+\.js)["']""", text))
        beside = {f"./{other.removeprefix('js/')}" for other in pages}
        libraries = {f"../../v-{file.version}/{other}" for other, file in files.items() if other.startswith("vendor/")}
        assert named <= beside | libraries, path
    assert "klimawerk-editor" not in re.sub(r"\w+=\"[^\"]*\"", "", code["js/later.js"] + code["js/seldom.js"])


def test_a_page_of_the_build_before_gets_no_script_of_this_one_but_styles(app: Flask, client: ProofReader) -> None:
    """They may not fit together; tests/thin/test_next_build.py shows what the page does then."""
    for path in ("js/main.js", "js/later.js", "vendor/klimawerk-editor.yjs-13.6.33.js"):
        assert client.get(address(app, path)).status_code == 200
        assert client.get(f"{OLD}/{path}").status_code == 404
    style = client.get(f"{OLD}/css/page.css")
    assert (style.status_code, style.headers["Cache-Control"]) == (200, "no-cache")


def test_newer_files_are_not_served_under_the_hash_of_the_old(static: Path) -> None:
    served = assets.load_manifest(static)
    before = served.files["css/page.css"].content
    (static / "built" / "css" / "page.css").write_text("new")
    assert served.files["css/page.css"].content == before


@pytest.mark.parametrize(
    "name",
    ["js/dom.js", "css/sheet.css", "built/manifest.json", "vendor/src/package.json", "css//page.css", "../wsgi.py"],
)
def test_nothing_is_served_that_the_manifest_does_not_name(client: ProofReader, name: str) -> None:
    assert client.get(f"{OLD}/{name}").status_code == 404
    assert client.get(f"/static/{name}").status_code == 404


def test_no_module_is_loaded_but_by_load_js() -> None:
    """esbuild would bundle what `import("./x.js")` names into the same file."""
    found = [path.name for path in (STATIC / "js").rglob("*.js") if re.search(r"\bimport\([\"'`]", path.read_text())]
    assert found == []


def test_what_a_page_needs_at_once_is_loaded_ahead_and_nothing_else(app: Flask) -> None:
    at_once = ("js/main.js", "vendor/klimawerk-page.htmx-4.0.1.socket.io-4.8.4.js")
    with app.test_request_context():
        assert assets.modules() == [assets.asset(path) for path in at_once]
        assert assets.styles() == [assets.asset("css/page.css")]


def test_whoever_changes_modules_gets_them_one_by_one_as_they_are(tmp_path: Path, database_address: str) -> None:
    settings = configuration.load(instance=tmp_path, database_url=database_address, secret_key="x", join=False)
    app = create_app(settings)
    client: FlaskClient = app.test_client()
    url = address(app, "js/main.js")
    answer = client.get(url)
    assert answer.data == Path("static/js/main.js").read_bytes()
    assert answer.headers["Cache-Control"] == "no-cache"
    assert client.get(url.replace("main.js", "messages.js")).status_code == 200
    assert b'@import "main.css"' in client.get(address(app, "css/page.css")).data
    with app.test_request_context():
        assert assets.modules() == [url], "a browser finds the others by itself"


def test_what_was_packed_is_found_again_and_a_folder_is_not_needed(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    packed = compression.CompressedCache(tmp_path / "packed").packed(b"words " * 999, "br")
    monkeypatch.setattr(compression, "compress_fully", lambda body, encoding: b"made anew")
    assert compression.CompressedCache(tmp_path / "packed").packed(b"words " * 999, "br") == packed
    assert compression.CompressedCache(tmp_path / "packed").packed(b"other words", "br") == b"made anew"
    (tmp_path / "file").write_text("")
    assert compression.CompressedCache(tmp_path / "file" / "below").packed(b"words", "gzip") == b"made anew"
