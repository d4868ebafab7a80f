"""The messages, event names and constants of the browser modules agree with the server's."""

from __future__ import annotations

import re
from pathlib import Path

from klimawerk.live import events
from klimawerk.web.browser_messages import MESSAGES

JS = Path(__file__).resolve().parents[2] / "static" / "js"
# Message keys whose last part is computed, with all possible values.
FAMILIES = {
    "field": ["saved", "waiting", "refused"],
    "note": ["revoked", "deleted", "outdated"],
    "offer": ["swept", "locked", "forbidden", "invalid", "too_large", "revoked", "deleted", "restored", "outdated"],
    "paste": [f"{what}.{n}" for what in ("struck", "pictures", "links") for n in ("one", "many")],
    "short": [
        *("saved", "connecting", "offline", "refused"),
        *(f"{state}.{n}" for state in ("waiting", "conflict") for n in ("one", "many")),
    ],
    "toolbar": ["paragraph", "heading3", "heading4", "bullets", "numbers", "bold", "italic", "link", "undo", "redo"],
}

PLAIN = (
    r'\bmessageText\(\s*"([^"]+)"',
    r'"((?:note|people|field|writing)\.[a-z.]+)"',
    r'messageText\([^")]*\? "([^"]+)"',
    r'messageText\([^")]*"[^"]+" : "([^"]+)"',
)


def sources() -> str:
    return "\n".join(path.read_text() for path in sorted(JS.rglob("*.js")))


def asked() -> set[str]:
    """Every message key that a module uses."""
    text = sources().replace('${n === 1 ? "one" : "many"}', "")
    plain = {key for pattern in PLAIN for key in re.findall(pattern, text)}
    counted = {f"{key}.{n}" for key in re.findall(r'\bcountedMessage\("([^"]+)"', text) for n in ("one", "many")}
    return plain | counted | {f"{family}.{one}" for family, some in FAMILIES.items() for one in some}


def test_every_sentence_a_module_asks_for_exists() -> None:
    assert asked() - set(MESSAGES) == set()
    assert "saved" in asked(), "the search finds nothing at all"


def test_no_sentence_is_kept_that_nobody_asks_for() -> None:
    assert set(MESSAGES) - asked() == set()


def test_names_on_the_wire_are_the_same_on_both_sides() -> None:
    text = (JS / "wire.js").read_text()
    in_browser = dict(re.findall(r'^export const (\w+) = "([^"]+)"', text, re.MULTILINE))
    on_server = {name: value for name, value in vars(events).items() if name.isupper() and isinstance(value, str)}
    assert in_browser == on_server
    numbers = dict(re.findall(r"^export const (PROTOCOL|SCHEMA) = (\d+)", text, re.MULTILINE))
    assert {name: int(value) for name, value in numbers.items()} == {
        "PROTOCOL": events.PROTOCOL,
        "SCHEMA": events.SCHEMA,
    }


def test_modules_are_small_and_evaluate_no_text() -> None:
    for path in JS.rglob("*.js"):
        text = path.read_text()
        assert len(text.splitlines()) <= 200, path.name
        assert not re.search(r"\beval\(|new Function|outerHTML =|insertAdjacentHTML|document\.write", text), path.name
