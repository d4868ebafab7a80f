"""A rich text as a sequence of blocks (paragraphs, headings, list items), each a sequence of words; and the inverse.

Texts are compared in this form. A block knows the lists that contain it, outermost first. `fresh` marks the first block
of a list or list item, so that the text can be rebuilt exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import regex

from klimawerk.collab.rich_text import Node, first_number
from klimawerk.text import JOINERS, SIGN, UNUSUAL, visual_key

Marks = tuple[tuple[str, str], ...]
_LISTS = ("bullet_list", "ordered_list", "list_item")

_USUAL_WORD = re.compile(r"\d++(?:[.,]\d++)++|\s+|\w+|[^\w\s]")
_WORD = regex.compile(
    rf"[{JOINERS}]*+(?:\d++(?:[.,]\d++)++[{JOINERS}]*+|\s[\s{JOINERS}]*+|[\w\p{{N}}][\w\p{{N}}{JOINERS}]*+|{SIGN})|[{JOINERS}]++"
)


@dataclass(frozen=True, slots=True)
class TextWord:
    """A word, the space between two, or a sign; "" is a hard break. `marks`: (name, URL of a link or "")."""

    text: str
    marks: Marks = ()

    @property
    def look(self) -> str:
        return visual_key(self.text)


@dataclass(frozen=True, slots=True)
class ListPosition:
    """A list or list item that contains a block. `number`: of an item; it is ignored when blocks are compared."""

    kind: str
    order: int = 1
    fresh: bool = True
    number: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class TextBlock:
    """`kind`: "paragraph", "heading", or "" for an empty list or list item."""

    kind: str
    words: tuple[TextWord, ...] = ()
    level: int = 0
    path: tuple[ListPosition, ...] = ()

    @property
    def text(self) -> str:
        return "".join(word.text or "\n" for word in self.words)

    @property
    def shape(self) -> tuple[Any, ...]:
        """Kind, level and enclosing lists, without its words or where its list begins."""
        return self.kind, self.level, tuple((position.kind, position.order) for position in self.path)


def text_words(text: str, marks: Marks = ()) -> Iterator[TextWord]:
    """The words of a plain text; joined they are the text again."""
    words: list[str] = (_WORD if UNUSUAL.search(text) else _USUAL_WORD).findall(text)
    return (TextWord(word, marks) for word in words)


def text_blocks(text: Node) -> list[TextBlock]:
    """The text's blocks in reading order."""
    return [block for node in text.get("content", []) for block in _blocks(node, ())]


def text_from_blocks(blocks: Iterable[TextBlock]) -> Node:
    """The text that consists of these blocks."""
    document: Node = {"type": "doc", "content": []}
    open_: list[Node] = []
    for block in blocks:
        depth = 0
        while depth < min(len(open_), len(block.path)) and not block.path[depth].fresh:
            depth += 1
        del open_[depth:]
        for position in block.path[depth:]:
            node: Node = {"type": position.kind, "content": []}
            if position.order != 1:
                node["attrs"] = {"order": position.order}
            (open_[-1] if open_ else document)["content"].append(node)
            open_.append(node)
        if block.kind:
            (open_[-1] if open_ else document)["content"].append(_leaf_node(block))
    return _without_empty_contents(document)


def _blocks(node: Node, path: tuple[ListPosition, ...], number: int = 0) -> Iterator[TextBlock]:
    if node["type"] not in _LISTS:
        level = (node.get("attrs") or {}).get("level", 0)
        yield TextBlock(node["type"], tuple(_words(node)), int(level), path)
        return
    first = first_number(node)
    positions = (*path, ListPosition(node["type"], first, number=number))
    if not node.get("content"):
        yield TextBlock("", path=positions)
    for count, child in enumerate(node.get("content", []), first):
        for block in _blocks(child, positions, count):
            yield block
            positions = tuple(replace(position, fresh=False) for position in positions)


def _words(node: Node) -> Iterator[TextWord]:
    for child in node.get("content", []):
        if child["type"] == "hard_break":
            yield TextWord("")
        else:
            marks = tuple((m["type"], (m.get("attrs") or {}).get("href", "")) for m in child.get("marks", []))
            yield from text_words(child["text"], marks)


def _leaf_node(block: TextBlock) -> Node:
    node: Node = {"type": block.kind}
    if block.level:
        node["attrs"] = {"level": block.level}
    content = inline(block.words)
    return {**node, "content": content} if content else node


def inline(words: Iterable[TextWord]) -> list[Node]:
    """The words as nodes inside a paragraph."""
    content: list[Node] = []
    for word in words:
        if not word.text:
            content.append({"type": "hard_break"})
            continue
        marks = [{"type": name, **({"attrs": {"href": href}} if href else {})} for name, href in word.marks]
        last = content[-1] if content else {}
        if last.get("type") == "text" and last.get("marks", []) == marks:
            last["text"] += word.text
        else:
            content.append({"type": "text", "text": word.text, **({"marks": marks} if marks else {})})
    return content


def _without_empty_contents(node: Node) -> Node:
    content = [_without_empty_contents(child) for child in node.get("content", [])]
    other_keys = {key: value for key, value in node.items() if key != "content"}
    return {**other_keys, "content": content} if content else other_keys
