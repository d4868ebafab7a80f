"""Modules are joined into few files that do what the modules did, and what is not understood is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from klimawerk.config import ROOT
from klimawerk.web import compression
from klimawerk.web.bundling import Bundle, bundle
from klimawerk.web.js_modules import CannotBundle, strip_comments
from klimawerk.web.minify import minify
from tests import node

HOUSE = {
    "js/main.js": """// The entry.
import { log } from "./log.js"
import { Counter as Box } from "./deep/counter.js"
import * as wire from "./wire.js"
import { lib } from "../vendor/lib.js"

log("main", wire.ONE, new Box().next(), lib)
export const done = import("./later.js").then(({ say }) => say())
  .then(() => import("./deep/heavy.js"))
  .then(({ heavy }) => heavy())
""",
    "js/log.js": """/** Keeps what is said,
 *  in order. */
export function log(...words) {
  globalThis.said = [...(globalThis.said ?? []), ...words]
}

log("log once")
""",
    "js/wire.js": 'export const ONE = 1\nexport const NONE = "// no comment"\n',
    "js/deep/counter.js": """import {
  ONE,
} from "../wire.js"

export class Counter {
  #n = 0

  next() {
    return (this.#n += ONE)
  }
}
""",
    "js/later.js": """import { log } from "./log.js"
import { NONE as none } from "./wire.js"
import "./effect.js"

export async function say() {
  log("later", none)
}
""",
    "js/effect.js": 'import { log } from "./log.js"\n\nlog(`an ${"effect"}`)\n',
    "js/deep/heavy.js": """import { lib } from "../../vendor/heavy.js"
import { log } from "../log.js"
import "../effect.js"

export const heavy = () => log("heavy", lib)
""",
}
# Files that a browser would fetch are on disk here.
FETCH = "globalThis.fetch = async () => ({ ok: true, blob() {} })"
VENDOR = {"vendor/lib.js": 'export const lib = "lib"\n', "vendor/heavy.js": 'export const lib = "heavy lib"\n'}
SAID = ["log once", "main", 1, 1, "lib", "an effect", "later", "// no comment", "heavy", "heavy lib"]


def joined(house: dict[str, str], entry: str = "js/main.js") -> dict[str, Bundle]:
    return bundle(house.__getitem__, entry, lambda path: f"../{path}")


def run(files: dict[str, str], folder: Path, entry: str = "js/main.js") -> list[object]:
    """What the modules say when the entry is loaded."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "run.js").write_text(
        f"{FETCH}\n"
        f'const {{ done, m }} = await import("./{entry}")\n'
        f"for (const end = Date.now() + 20_000; globalThis.said?.length < {len(SAID)} && Date.now() < end; )\n"
        "  await new Promise((go) => setTimeout(go, 10))\n"
        "for (let i = 0; i < 5; i++) await new Promise((go) => setTimeout(go))\n"
        "console.log(JSON.stringify(globalThis.said))\n"
    )
    return list(json.loads(node.run("run.js", cwd=folder)))


def test_joined_files_say_what_the_modules_say_each_once(tmp_path: Path) -> None:
    files = {path: file.code for path, file in joined(HOUSE).items()}
    assert run({**HOUSE, **VENDOR}, tmp_path / "one by one") == SAID
    assert run({**files, **VENDOR}, tmp_path / "joined") == SAID
    small = {path: minify(code, compression.CompressedCache(tmp_path / "shelf")) for path, code in files.items()}
    assert sum(map(len, small.values())) < sum(map(len, files.values()))
    assert run({**small, **VENDOR}, tmp_path / "minified") == SAID


def test_there_are_few_files_and_the_heavy_ones_stand_apart() -> None:
    files = joined(HOUSE)
    assert list(files) == ["js/main.js", "js/later.js", "js/with-heavy.js"]
    assert files["js/main.js"].needs == ["vendor/lib.js"]
    assert "heavy lib" not in files["js/main.js"].code
    assert "vendor/heavy.js" not in files["js/later.js"].needs
    assert set(files["js/with-heavy.js"].needs) == {"js/main.js", "js/later.js", "vendor/heavy.js"}


def test_what_comes_later_is_asked_for_all_at_once() -> None:
    """Else each file would be a round trip after the one that imports it."""
    code = joined(HOUSE)["js/main.js"].code
    assert '$load("./with-heavy.js", "./later.js", "../vendor/heavy.js")' in code


def test_what_needs_no_library_does_not_wait_for_one() -> None:
    """A page asks for what comes later before its libraries are here."""
    code = joined(HOUSE)["js/main.js"].code
    assert code.index('"log once"') < code.index('await $surely("../vendor/lib.js")') < code.index('"main"')
    assert 'from "../vendor/heavy.js"' in joined(HOUSE)["js/with-heavy.js"].code, "nothing is gained there"


def test_comments_and_indentation_go_and_texts_stay() -> None:
    code = joined(HOUSE)["js/main.js"].code
    assert "The entry" not in code
    assert "in order" not in code
    assert '"// no comment"' in code
    assert strip_comments("  if (a) {\n    // why\n\n    b()\n  }\n") == "if (a) {\nb()\n}\n"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("export default 1", "form that joining does not know"),
        ("export let changing = 1", "form that joining does not know"),
        ("export { a }", "form that joining does not know"),
        ('export * from "./log.js"', "form that joining does not know"),
        ('import a, { b } from "./log.js"', "form that joining does not know"),
        ('import { a } from "./log.js"; a()', "form that joining does not know"),
        ('import { a } from "somewhere"', "form that joining does not know"),
        ("const a = import(name)", "does not name its file"),
        ("const a = import.meta.url", "import.meta"),
        ("a() /* why */", "a comment"),
        ("const a = `one\n  two`", "several lines"),
        ('import { nothing } from "./log.js"', "does not export nothing"),
        ('import { done } from "./main.js"\nexport const a = done', "in a circle"),
    ],
)
def test_what_joining_does_not_know_is_refused_with_the_place(code: str, why: str) -> None:
    house = {**HOUSE, "js/effect.js": code + "\n", "js/main.js": 'import "./effect.js"\nexport const done = 1\n'}
    with pytest.raises(CannotBundle, match=why) as refused:
        joined(house)
    assert "js/effect.js" in str(refused.value)


def test_our_own_modules_can_be_joined() -> None:
    files = bundle(lambda path: (ROOT / "static" / path).read_text(), "js/main.js", lambda path: f"/static/{path}")
    assert set(files) == {"js/main.js", "js/later.js", "js/seldom.js", "js/with-klimawerk-editor.js"}
    assert not any("klimawerk-editor" in needed for needed in files["js/main.js"].needs + files["js/later.js"].needs)
