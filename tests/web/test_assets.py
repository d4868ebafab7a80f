"""Static files: addresses by content, packed once, joined, or one by one for whoever changes them."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient

from klimawerk import config as configuration
from klimawerk import create_app
from klimawerk.web import assets, compression, minify
from tests.client import ProofReader


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small static folder."""
    for path, content in {
        "js/main.js": 'import { a } from "./a.js"\na()\nconst later = () => import("./later.js")\n',
        "js/a.js": 'import { lib } from "../vendor/lib.js"\nexport function a() {\n  // says it\n  return lib\n}\n',
        "js/later.js": 'import { a } from "./a.js"\nexport const b = a\n',
        "vendor/lib.js": "export const lib = 1\n",
        "css/main.css": "a  {\n  color : red;\n}\n/* said */\n",
        "css/editor.css": "",
        "css/sheet.css": 'b > c { content: "–" ; }\n',
    }.items():
        (tmp_path / "static" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "static" / path).write_text(content)
    return tmp_path / "static"


def tree(folder: Path, *, joined: bool = True) -> assets.StaticFiles:
    return assets.StaticFiles(folder, compression.CompressedCache(folder.parent / "packed"), joined)


def address(app: Flask, path: str) -> str:
    with app.test_request_context():
        return assets.asset(path)


def test_an_address_with_its_hash_may_be_kept_for_ever_and_an_old_one_not(app: Flask, client: ProofReader) -> None:
    fresh = client.get(address(app, "css/main.css"))
    assert fresh.status_code == 200
    assert "immutable" in fresh.headers["Cache-Control"]
    assert client.get("/static/v-000000000000/css/main.css").headers["Cache-Control"] == "no-cache"
    assert client.get("/static/v-000000000000/css/none.css").status_code == 404
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


def test_a_page_of_before_an_update_is_not_given_modules_of_after_it(app: Flask, client: ProofReader) -> None:
    assert client.get(address(app, "js/main.js")).status_code == 200
    assert client.get("/static/v-000000000000/js/main.js").status_code == 404


def test_the_hash_is_that_of_the_content_and_of_all_that_import_each_other(folder: Path) -> None:
    before = tree(folder)
    assert tree(folder).version("js/main.js") == before.version("js/main.js")
    (folder / "js" / "later.js").write_text("export const b = 2\n")
    after = tree(folder)
    assert after.version("js/main.js") != before.version("js/main.js")
    assert after.version("css/page.css") == before.version("css/page.css"), "what has not changed stays in the cache"
    (folder / "vendor" / "lib.js").write_text("export const lib = 2\n")
    assert tree(folder).version("js/main.js") != after.version("js/main.js"), "it names the library's address"


def test_newer_files_are_not_served_under_the_hash_of_the_old(folder: Path) -> None:
    served = tree(folder)
    before = served.version("css/page.css"), served.content("css/page.css")
    (folder / "css" / "main.css").write_text("new")
    assert (served.version("css/page.css"), served.content("css/page.css")) == before
    assert tree(folder).content("css/page.css") != before[1]


def test_requests_for_made_up_names_leave_nothing_behind(folder: Path) -> None:
    served = tree(folder)
    for name in ("none.css", "css/../css/main.css", "css//main.css", "../pyproject.toml", "/etc/passwd"):
        assert served.content(name) is None
    assert set(served._contents) == {"vendor/lib.js"}, "only what the joined files name"
    assert served.content("css/main.css")


def test_style_sheets_are_one_without_comments(folder: Path) -> None:
    assert assets.compact_css("a  {\n  b : c;\n}\n/* said */ d > e { f: g }") == "a{b : c;}d > e{f: g}"
    assert tree(folder).content("css/page.css") == b'a{color:red}b>c{content:"\xe2\x80\x93"}'


def test_what_a_page_needs_at_once_is_loaded_ahead_and_nothing_else(folder: Path) -> None:
    assert tree(folder).at_once("js/main.js") == ["js/main.js", "vendor/lib.js"]
    assert tree(folder, joined=False).at_once("js/main.js") == ["js/main.js", "js/a.js", "vendor/lib.js"]


def test_whoever_changes_modules_gets_them_one_by_one_as_they_are(tmp_path: Path, database_address: str) -> None:
    settings = configuration.load(instance=tmp_path, database_url=database_address, secret_key="x", join=False)
    app = create_app(settings)
    client: FlaskClient = app.test_client()
    url = address(app, "js/main.js")
    answer = client.get(url)
    assert answer.data == Path("static/js/main.js").read_bytes()
    assert answer.headers["Cache-Control"] == "no-cache"
    assert client.get(url.replace("main.js", "messages.js")).status_code == 200
    assert "css/main.css" in client.get("/login").text


def test_modules_are_minified_and_go_out_as_they_are_where_that_fails(folder: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    minified = tree(folder).content("js/main.js") or b""
    shutil.rmtree(folder.parent / "packed")
    monkeypatch.setattr(minify, "_PROGRAM", "import nothing_of_this_name")
    plain = tree(folder).content("js/main.js") or b""
    assert b"\n" in plain.strip()
    assert len(minified) < len(plain)
    monkeypatch.undo()
    assert tree(folder).content("js/main.js") == minified, "a failure is not kept"


def test_what_was_packed_is_found_again_and_a_folder_is_not_needed(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    packed = compression.CompressedCache(tmp_path / "packed").packed(b"words " * 999, "br")
    monkeypatch.setattr(compression, "compress_fully", lambda body, encoding: b"made anew")
    assert compression.CompressedCache(tmp_path / "packed").packed(b"words " * 999, "br") == packed
    assert compression.CompressedCache(tmp_path / "packed").packed(b"other words", "br") == b"made anew"
    (tmp_path / "file").write_text("")
    assert compression.CompressedCache(tmp_path / "file" / "below").packed(b"words", "gzip") == b"made anew"
