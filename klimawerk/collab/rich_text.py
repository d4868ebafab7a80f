"""Rich text of live texts: the schema as an allow-list, and conversion to and from JSON, HTML and plain text.

JSON is ProseMirror's: {"type": "doc", "content": [blocks]}. Nothing here works with positions (they are UTF-8 bytes in
the library): a text is written as whole blocks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import escape
from pycrdt import Doc, XmlElement, XmlFragment, XmlText

from klimawerk.link_rule import is_allowed_link
from klimawerk.text import clean, storable_text

Node = dict[str, Any]

SCHEMA: dict[str, dict[str, dict[str, Any]]] = {
    "nodes": {
        "doc": {"content": "block+"},
        "paragraph": {"group": "block", "content": "inline*"},
        "heading": {"group": "block", "content": "inline*", "attrs": {"level": {"default": 3, "values": [3, 4]}}},
        "bullet_list": {"group": "block", "content": "list_item+"},
        "ordered_list": {
            "group": "block",
            "content": "list_item+",
            "attrs": {"order": {"default": None, "from": 0, "to": 10_000}},
        },
        "list_item": {"content": "block+"},
        "text": {"group": "inline"},
        "hard_break": {"group": "inline"},
    },
    "marks": {"link": {"attrs": {"href": {}}}, "em": {}, "strong": {}},
}
"""Nodes and marks with their attributes, in ProseMirror's notation; static/js/editor/schema.js is the browser's copy.
"order" is the number of a list's first item; without one it is 1. Marks: in the order of their nesting."""

NODES = frozenset(SCHEMA["nodes"]) - {"doc", "text"}
MARKS = frozenset(SCHEMA["marks"])
ATTRIBUTES = frozenset(name for node in SCHEMA["nodes"].values() for name in node.get("attrs", {}))
DEEPEST, MAX_CHARACTERS = 40, 400_000  # levels of nesting; characters of the text as JSON
LAST_NUMBER = int(SCHEMA["nodes"]["ordered_list"]["attrs"]["order"]["to"])  # that a list can begin with


def _children(content: str) -> frozenset[str]:
    """Node types that a content expression allows: those of a group ("block+"), or one ("list_item+")."""
    wanted = content.rstrip("+*")
    return frozenset(name for name, node in SCHEMA["nodes"].items() if wanted in (name, node.get("group")))


_ALLOWED_CHILDREN = {name: _children(node.get("content", "")) for name, node in SCHEMA["nodes"].items()}
BLOCKS = _ALLOWED_CHILDREN["doc"]
_TAGS = {"paragraph": "p", "bullet_list": "ul", "ordered_list": "ol", "list_item": "li"}


class InvalidRichText(ValueError):
    """A text outside the schema. `place`: where, as "content.2.content.0"; `problem`: what, in English."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place or 'document'}: {problem}")
        self.place, self.problem = place, problem


def empty_text() -> Node:
    """A text of one empty paragraph, the content of every new fragment."""
    return {"type": "doc", "content": [{"type": "paragraph"}]}


def check_text(text: Any) -> None:
    """Raise InvalidRichText, naming the place, unless `text` is a document of the schema within the limits."""
    if not isinstance(text, dict) or text.get("type") != "doc":
        raise InvalidRichText("", "not a document")
    waiting: list[tuple[Any, str, int]] = [(text, "", 0)]
    while waiting:
        node, place, depth = waiting.pop()
        if depth > DEEPEST:
            raise InvalidRichText(place, f"nested more than {DEEPEST} levels deep")
        for index, child in enumerate(_content(node, place)):
            inner = f"{place}.content.{index}".lstrip(".")
            _check_node(child, node["type"], inner)
            waiting.append((child, inner, depth + 1))
    if len(json.dumps(text, ensure_ascii=False)) > MAX_CHARACTERS:
        raise InvalidRichText("", f"longer than {MAX_CHARACTERS} characters")


def _content(node: Node, place: str) -> list[Any]:
    content = node.get("content", [])
    if not isinstance(content, list):
        raise InvalidRichText(place, "content is not a list")
    if node["type"] in ("bullet_list", "ordered_list", "list_item") and not content:
        raise InvalidRichText(place, f"an empty {node['type']}")
    return content


def _check_node(node: Any, parent: str, place: str) -> None:
    if not isinstance(node, dict) or not isinstance(node.get("type"), str):
        raise InvalidRichText(place, "not a node")
    if node["type"] not in _ALLOWED_CHILDREN.get(parent, frozenset()):
        raise InvalidRichText(place, f"{node['type']!r} is not allowed in {parent!r}")
    for name, allowed in SCHEMA["nodes"][node["type"]].get("attrs", {}).items():
        if not _is_allowed((node.get("attrs") or {}).get(name), allowed):
            raise InvalidRichText(place, f"{node['type']!r} with a {name!r} that is not allowed")
    if node["type"] == "text":
        _check_text(node, place)


def _is_allowed(value: Any, allowed: Mapping[str, Any]) -> bool:
    """Whether an attribute may have this value; one without a default is required."""
    if value is None:
        return allowed["default"] is None
    if type(value) is not int:
        return False
    return value in allowed["values"] if "values" in allowed else allowed["from"] <= value <= allowed["to"]


def _check_text(node: Node, place: str) -> None:
    if not isinstance(node.get("text"), str) or not node["text"]:
        raise InvalidRichText(place, "an empty text")
    for mark in node.get("marks", []):
        if not isinstance(mark, dict) or mark.get("type") not in MARKS:
            raise InvalidRichText(place, "an unknown mark")
        if mark["type"] == "link" and not is_allowed_link((mark.get("attrs") or {}).get("href")):
            raise InvalidRichText(place, "a link that is not http, https or mailto, or too long")


def drop_refused_links(text: Node) -> tuple[Node, list[str]]:
    """The text without links that are not allowed (their text stays), and the addresses of these.

    For texts that were stored under an earlier rule or come from elsewhere; `text` may be any JSON value.
    """
    refused: list[str] = []

    def is_kept(mark: Any) -> bool:
        if not isinstance(mark, dict) or mark.get("type") != "link":
            return True
        attributes = mark.get("attrs")
        href = attributes.get("href") if isinstance(attributes, dict) else None
        if is_allowed_link(href):
            return True
        refused.append(str(href))
        return False

    def cleaned(node: Any, depth: int) -> Any:
        if not isinstance(node, dict) or depth > DEEPEST:
            return node
        copy = dict(node)
        if isinstance(node.get("content"), list):
            copy["content"] = [cleaned(child, depth + 1) for child in node["content"]]
        if isinstance(node.get("marks"), list):
            copy["marks"] = [mark for mark in node["marks"] if is_kept(mark)]
        return copy

    return cleaned(text, 0), refused


def write_fragment(fragment: XmlFragment, text: Node) -> None:
    """Replace the fragment's whole content by `text`. The caller has checked it, and holds the document."""
    del fragment.children[:]
    for block in text.get("content") or [{"type": "paragraph"}]:
        fragment.children.append(element(block))


def element(node: Node) -> XmlElement:
    """A block to be inserted into a fragment."""
    attributes = {
        key: value for key, value in (node.get("attrs") or {}).items() if key in ATTRIBUTES and value is not None
    }
    return _DeferredElement(node["type"], attributes, node.get("content", []))


class _DeferredElement(XmlElement):
    """An element that writes its formatted text when it is inserted into a document."""

    def __init__(self, tag: str, attributes: dict[str, Any], content: list[Node]) -> None:
        super().__init__(tag, attributes)
        self._content = content

    def _init(self, value: Any) -> None:
        super()._init(value)
        run: XmlText | None = None
        for node in self._content:
            if node["type"] != "text":
                run = None
                self.children.append(element(node))
                continue
            if run is None:
                run = XmlText()
                self.children.append(run)
            marks = {m["type"]: dict(m.get("attrs") or {}) for m in node.get("marks", [])}
            run.insert(len(run), storable_text(node["text"]), marks)


def read_fragment(fragment: XmlFragment) -> Node:
    """The fragment as JSON within the schema; content outside of the schema is left out."""
    blocks = [node for child in fragment.children for node in _block(child)]
    return {"type": "doc", "content": blocks or [{"type": "paragraph"}]}


def read_block(child: Any) -> list[Node]:
    """A child of a fragment as JSON within the schema; content outside of the schema is left out."""
    return list(_block(child))


def _block(child: Any, depth: int = 1) -> Iterator[Node]:
    if isinstance(child, XmlText):
        runs = list(_runs(child))
        if runs:
            yield {"type": "paragraph", "content": runs}
    elif isinstance(child, XmlElement) and child.tag in NODES - {"hard_break"} and depth <= DEEPEST:
        yield _node(child, depth)


def _node(element: XmlElement, depth: int) -> Node:
    node: Node = {"type": element.tag}
    if element.tag == "heading":
        node["attrs"] = {"level": 4 if _number(element.attributes.get("level")) == 4 else 3}
    if element.tag == "ordered_list" and (order := _number(element.attributes.get("order"))) not in (None, 1):
        node["attrs"] = {"order": order}
    inline = element.tag in ("paragraph", "heading")
    content = [n for child in element.children for n in (_inline(child) if inline else _block(child, depth + 1))]
    if content:
        node["content"] = content
    return node


def _inline(child: Any) -> Iterator[Node]:
    if isinstance(child, XmlText):
        yield from _runs(child)
    elif isinstance(child, XmlElement) and child.tag == "hard_break":
        yield {"type": "hard_break"}


def _runs(text: XmlText) -> Iterator[Node]:
    for piece, attributes in text.diff():
        if isinstance(piece, str) and piece:
            marks = list(_marks(attributes or {}))
            yield {"type": "text", "text": storable_text(piece), **({"marks": marks} if marks else {})}


def _marks(attributes: Mapping[str, Any]) -> Iterator[Node]:
    """Marks in the schema's order, so that equal texts have equal JSON. Names may carry a suffix ("link--a1b2")."""
    values = {name.partition("--")[0]: value for name, value in attributes.items() if value is not None}
    href = values["link"].get("href") if isinstance(values.get("link"), Mapping) else None
    if is_allowed_link(href):
        yield {"type": "link", "attrs": {"href": href}}
    for name in ("em", "strong"):
        if name in values:
            yield {"type": name}


def _number(value: Any) -> int | None:
    """An attribute as a number from 0 to LAST_NUMBER, None for any other value that a browser may have set."""
    try:
        number = int(float(value))
    except (TypeError, ValueError, OverflowError):
        return None
    return number if 0 <= number <= LAST_NUMBER else None


def first_number(ordered_list: Node) -> int:
    """The number of a list's first item."""
    order = (ordered_list.get("attrs") or {}).get("order")
    return 1 if order is None else int(order)


def to_html(text: Node | XmlFragment) -> str:
    """Safe HTML of a text: only the schema's elements, everything else escaped; "" for an empty text."""
    text = read_fragment(text) if isinstance(text, XmlFragment) else text
    return "" if is_empty(text) else "".join(_html(node) for node in text.get("content", []))


def _html(node: Node) -> str:
    kind = node["type"]
    if kind == "text":
        return _html_text(node)
    if kind == "hard_break":
        return "<br>"
    inner = "".join(_html(child) for child in node.get("content", []))
    tag = f"h{node['attrs']['level']}" if kind == "heading" else _TAGS[kind]
    start = first_number(node)
    return f'<ol start="{start}">{inner}</ol>' if tag == "ol" and start != 1 else f"<{tag}>{inner}</{tag}>"


def _html_text(node: Node) -> str:
    html = str(escape(node["text"]))
    for mark in reversed(node.get("marks", [])):
        if mark["type"] == "link":
            href = escape(mark["attrs"]["href"])
            html = f'<a href="{href}" rel="noopener noreferrer nofollow">{html}</a>'
        else:
            html = f"<{mark['type']}>{html}</{mark['type']}>"
    return html


def to_plain_text(text: Node | XmlFragment) -> str:
    """Plain text: blocks separated by a blank line, a hard break as "\\n", each item of a list on its line."""
    text = read_fragment(text) if isinstance(text, XmlFragment) else text
    return "\n\n".join(_plain(block) for block in text.get("content", []))


def _plain(node: Node) -> str:
    kind = node["type"]
    if kind == "text":
        return str(node["text"])
    if kind == "hard_break":
        return "\n"
    between = "\n" if kind in ("bullet_list", "ordered_list", "list_item") else ""
    return between.join(_plain(child) for child in node.get("content", []))


def from_plain_text(text: str) -> Node:
    """Paragraphs of plain text: a blank line begins a new one, a single line break becomes a hard break."""
    return {"type": "doc", "content": [_paragraph(block) for block in clean(text).split("\n\n")]}


def _paragraph(block: str) -> Node:
    content: list[Node] = []
    for index, line in enumerate(block.split("\n")):
        content += [{"type": "hard_break"}] if index else []
        content += [{"type": "text", "text": line}] if line else []
    return {"type": "paragraph", "content": content} if content else {"type": "paragraph"}


def is_plain_text(text: Node) -> bool:
    """Whether plain text keeps all of it: `from_plain_text(to_plain_text(text))` gives the same text."""
    return from_plain_text(to_plain_text(text)) == normalised(text)


def normalised(text: Node) -> Node:
    """The text as a document would return it (marks in order, neighbours joined)."""
    document: Doc[XmlFragment] = Doc()
    fragment = document.get("text", type=XmlFragment)
    write_fragment(fragment, text)
    return read_fragment(fragment)


def merge_equal_runs(node: Node) -> Node:
    """The same text with neighbours of equal formatting joined: equal texts have equal JSON."""
    inner: list[Node] = []
    for child in map(merge_equal_runs, node.get("content", [])):
        last = inner[-1] if inner else {}
        if child["type"] == "text" == last.get("type") and child.get("marks") == last.get("marks"):
            inner[-1] = {**last, "text": last["text"] + child["text"]}
        else:
            inner.append(child)
    return {**node, "content": inner} if inner else {key: value for key, value in node.items() if key != "content"}


def is_empty(text: Node) -> bool:
    """Whether the text has nothing but white space."""
    return not to_plain_text(text).strip()
