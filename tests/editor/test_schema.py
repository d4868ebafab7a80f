"""The editor and the server have the same schema and the same rule for links."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Doc, XmlElement, XmlFragment

from klimawerk import link_rule
from klimawerk.collab import rich_text
from klimawerk.collab.rich_text import InvalidRichText, Node
from tests.node import NODE

SCRIPT = Path(__file__).with_name("schema.mjs")

LINKS = {
    "https://example.org": True,
    "http://example.org/a?b=c&d='e'#f": True,
    "HTTPS://EXAMPLE.ORG/": True,
    "https://example.org:8080/x": True,
    "https://user:word@example.org/": True,
    "https://[2001:db8::1]:443/": True,
    "https://münchen.example/straße": True,
    "https://xn--mnchen-3ya.example/": True,
    "https://例え.example/道": True,
    "https://de.wikipedia.org/wiki/Wa_(Ghana)": True,
    "https://example.org/a\\b": True,
    "https://example.org?q": True,
    "https://localhost/": True,
    "mailto:office@example.org": True,
    "MailTo:a@example.org,b@example.org?subject=Bins%20and%20more": True,
    "mailto:?subject=x": True,
    "https://example.org/" + "a" * (link_rule.LONGEST - 20): True,
    "https://example.org/" + "😀" * (link_rule.LONGEST - 20): True,
    "https://example.org/" + "a" * (link_rule.LONGEST - 19): False,
    "https://example.org/" + "😀" * (link_rule.LONGEST - 19): False,
    "https:example.org": False,
    "https:/example.org": False,
    "https:": False,
    "https://": False,
    "https:///example.org": False,
    "https://?q": False,
    "https://#x": False,
    "https://user@": False,
    "https://:80/": False,
    "https:\\\\example.org": False,
    "https://example.org\\@elsewhere.example": False,
    "https://example.org:port/": False,
    "https://[nonsense/": False,
    "//example.org": False,
    "/measures/7": False,
    "example.org": False,
    "": False,
    "mailto:": False,
    "mailto:a b@example.org": False,
    "https://exa mple.org": False,
    "https://example.org/a b": False,
    "https://example.org/a\u00a0b": False,
    "https://example.org/a\u3000b": False,
    "https://example.org/a\ufeffb": False,
    "https://example.org/a\tb": False,
    "https://example.org/a\nb": False,
    "https://example.org/\x02": False,
    "https://example.org/\x85": False,
    "https://example.org/\u2028": False,
    " https://example.org/": False,
    "https://example.org/ ": False,
    "https://example.org/\ufffe": False,
    "https://example.org/\ud83d": False,
    "https://example.org/\u202egro.elpmaxe": False,
    'https://x" onclick="y': False,
    "https://example.org/<b>": False,
    "javascript:alert(1)": False,
    "data:text/html,x": False,
    "file:///C:/plan.docx": False,
    "ftp://example.org/": False,
    "tel:+491234": False,
    "http\u017f://example.org": False,
    "\uff48ttps://example.org": False,
}

LEVELS: list[Any] = [None, 1, 3, 4, 5, "4", 4.0, "x"]
ORDERS: list[Any] = [None, -1, 0, 1, 2, 3, 10_000, 10_001, 3.0, 3.7, "3", "x", ""]


def nested(lists: int) -> Node:
    node: Node = {"type": "paragraph", "content": [{"type": "text", "text": "x"}]}
    for _ in range(lists):
        node = {"type": "bullet_list", "content": [{"type": "list_item", "content": [node]}]}
    return {"type": "doc", "content": [node]}


DOCUMENTS = [
    *map(nested, (1, 18, 19, 20, 25)),
    {"type": "doc", "content": [{"type": "list_item", "content": [{"type": "paragraph"}]}]},
    {"type": "doc", "content": [{"type": "bullet_list", "content": [{"type": "paragraph"}]}]},
    {"type": "doc", "content": [{"type": "bullet_list"}]},
    {"type": "doc", "content": [{"type": "heading", "attrs": {"level": 3}, "content": [{"type": "hard_break"}]}]},
    {"type": "doc", "content": [{"type": "paragraph", "content": [{"type": "paragraph"}]}]},
    {"type": "doc", "content": [{"type": "image"}]},
]


@cache
def browser() -> dict[str, Any]:
    """The result of the browser's modules, run by node."""
    asked = json.dumps({"links": list(LINKS), "documents": DOCUMENTS, "levels": LEVELS, "orders": ORDERS})
    said = subprocess.run([NODE, SCRIPT], input=asked.encode(), capture_output=True, check=True)
    found: dict[str, Any] = json.loads(said.stdout)
    return found


def server() -> dict[str, Any]:
    """The server's table in the same form. The order counts: for marks it is the order of nesting."""
    return {kind: [[name, spec] for name, spec in types.items()] for kind, types in rich_text.SCHEMA.items()}


def test_browser_and_server_hold_the_same_schema() -> None:
    assert browser()["schema"]["nodes"] == server()["nodes"]
    assert browser()["schema"]["marks"] == server()["marks"]


def test_one_attribute_or_mark_more_on_either_side_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, more in (("nodes", "quote"), ("marks", "code")):
        monkeypatch.setitem(rich_text.SCHEMA, kind, {**rich_text.SCHEMA[kind], more: {}})
        assert browser()["schema"][kind] != server()[kind]
    listed = {**rich_text.SCHEMA["nodes"]["ordered_list"], "attrs": {}}
    monkeypatch.setitem(rich_text.SCHEMA, "nodes", {**rich_text.SCHEMA["nodes"], "ordered_list": listed})
    assert browser()["schema"]["nodes"] != server()["nodes"]


@pytest.mark.parametrize("place", range(len(DOCUMENTS)))
def test_browser_and_server_take_the_same_documents(place: int) -> None:
    try:
        rich_text.check_text(DOCUMENTS[place])
        fits = True
    except InvalidRichText:
        fits = False
    assert browser()["fits"][place] == fits, DOCUMENTS[place]


def read_by_server(kind: str, name: str, value: Any) -> Node:
    held: Doc[XmlFragment] = Doc()
    fragment = held.get("x.en", type=XmlFragment)
    attributes = {} if value is None else {name: value}
    fragment.children.append(XmlElement(kind, attributes, [XmlElement("list_item", {}, [XmlElement("paragraph")])]))
    node: Node = rich_text.read_fragment(fragment)["content"][0]
    return node


def test_browser_and_server_read_levels_and_first_numbers_alike() -> None:
    """Any value may stand in a document: another program may have written it."""
    levels = [read_by_server("heading", "level", value)["attrs"]["level"] for value in LEVELS]
    orders = [rich_text.first_number(read_by_server("ordered_list", "order", value)) for value in ORDERS]
    assert browser()["levels"] == levels == [3, 3, 3, 4, 3, 4, 4, 3]
    assert browser()["orders"] == orders == [1, 1, 0, 1, 2, 3, 10_000, 1, 3, 3, 3, 1, 1]


@pytest.mark.parametrize(
    ("value", "allowed"), [(None, True), (0, True), (3, True), (-1, False), ("3", False), (3.5, False)]
)
def test_a_file_gives_first_numbers_as_whole_numbers(value: Any, allowed: bool) -> None:
    item = {"type": "list_item", "content": [{"type": "paragraph"}]}
    text = {"type": "doc", "content": [{"type": "ordered_list", "attrs": {"order": value}, "content": [item]}]}
    if not allowed:
        with pytest.raises(InvalidRichText, match="order"):
            rich_text.check_text(text)
    else:
        rich_text.check_text(text)
        assert rich_text.first_number(rich_text.normalised(text)["content"][0]) == (1 if value is None else value)


def test_browser_and_server_allow_the_same_links() -> None:
    assert browser()["longest"] == link_rule.LONGEST
    in_browser = dict(zip(LINKS, browser()["links"], strict=True))
    on_server = {address: link_rule.is_allowed_link(address) for address in LINKS}
    assert on_server == LINKS
    assert in_browser == LINKS
