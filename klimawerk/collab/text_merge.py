"""Makes a text another one by as little as possible: what stays is not touched, so words typed meanwhile stay too.
What looks the same stays.

Blocks that are in both stay. A paragraph or heading that stands for another one is changed word by word; positions are
bytes of UTF-8 here, as the library counts. Everything else is replaced as whole blocks.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

from pycrdt import XmlElement, XmlFragment, XmlText

from klimawerk import safe_json
from klimawerk.collab import rich_text
from klimawerk.collab.rich_text import Node
from klimawerk.collab.sequence_diff import diff_opcodes
from klimawerk.text import storable_text, visual_key, word_tokens

MAX_WORDS = 6_000  # of a paragraph; a longer one is replaced as a whole
DiffStep = tuple[str, slice, slice]


def merge_text(fragment: XmlFragment, text: Node) -> None:
    """Make `text` the fragment's content by differences. The caller has checked it, and holds the document."""
    present = [rich_text.read_block(child) for child in fragment.children]
    wanted: list[Node] = text.get("content") or [{"type": "paragraph"}]
    steps = _steps([_block_key(block) for block in present], [_block_key([block]) for block in wanted])
    for tag, old, new in reversed(steps):
        if tag != "equal":
            _merge_blocks(fragment, range(old.start, old.stop), wanted[new], present)


def _merge_blocks(fragment: XmlFragment, old: range, new: list[Node], present: list[list[Node]]) -> None:
    """Blocks for blocks: the first ones become each other word by word where they can, from the end on."""
    both = min(len(old), len(new))
    if len(old) > both:
        del fragment.children[old.start + both : old.stop]
    for offset, block in enumerate(new[both:]):
        fragment.children.insert(old.start + both + offset, rich_text.element(block))
    for offset in reversed(range(both)):
        at = old.start + offset
        if not _merge_words(fragment.children[at], present[at], new[offset]):
            del fragment.children[at]
            fragment.children.insert(at, rich_text.element(new[offset]))


def _merge_words(child: Any, present: list[Node], wanted: Node) -> bool:
    """Change a paragraph's words in place. False where that is not possible, or did not give the words wanted."""
    if not isinstance(child, XmlElement) or len(present) != 1 or len(child.children) != 1:
        return False
    old, run = present[0], child.children[0]
    alike = old["type"] == wanted["type"] and old.get("attrs") == wanted.get("attrs")
    runs = [*old.get("content", []), *wanted.get("content", [])]
    if not alike or not isinstance(run, XmlText) or not wanted.get("content"):
        return False
    if any(node["type"] != "text" for node in runs):
        return False
    before, after = list(_words(old)), list(_words(wanted))
    if max(len(before), len(after)) > MAX_WORDS:
        return False
    _change(run, before, after)
    return _block_key(rich_text.read_block(child)) == _block_key([wanted])


def _change(run: XmlText, old: list[tuple[str, str]], new: list[tuple[str, str]]) -> None:
    ends = [0]
    for word, _marks in old:
        ends.append(ends[-1] + len(word.encode()))
    seen = [[(visual_key(word), marks) for word, marks in side] for side in (old, new)]
    for tag, was, now in reversed(_steps(*seen)):
        if tag == "equal":
            continue
        if was.stop > was.start:
            del run[ends[was.start] : ends[was.stop]]
        for word, marks in reversed(new[now]):
            run.insert(ends[was.start], storable_text(word), safe_json.loads(marks))


def _words(block: Node) -> Iterator[tuple[str, str]]:
    """Each word with its formatting as JSON, in the form the library takes."""
    for node in block.get("content", []):
        marks = json.dumps({mark["type"]: mark.get("attrs") or {} for mark in node.get("marks", [])}, sort_keys=True)
        for word in word_tokens(node["text"]):
            yield word, marks


def _block_key(blocks: list[Node]) -> str:
    """Blocks as text to be told apart by, as they look; neighbours of equal formatting count as one."""
    return json.dumps([_visible(rich_text.merge_equal_runs(block)) for block in blocks], sort_keys=True)


def _visible(node: Node) -> Node:
    if "text" in node:
        return {**node, "text": visual_key(node["text"])}
    return {**node, "content": list(map(_visible, node["content"]))} if "content" in node else node


def _steps(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[DiffStep]:
    """How to come from one to the other: ("equal" or "replace", where in old, where in new)."""
    numbers: dict[Hashable, int] = {}
    a, b = ([numbers.setdefault(one, len(numbers)) for one in side] for side in (old, new))
    steps: list[DiffStep] = []
    for step in diff_opcodes(a, b):
        tag = "equal" if step.tag == "equal" else "replace"
        was, now = slice(step.src_start, step.src_end), slice(step.dest_start, step.dest_end)
        if steps and steps[-1][0] == tag == "replace":
            was, now = slice(steps[-1][1].start, was.stop), slice(steps[-1][2].start, now.stop)
            steps.pop()
        steps.append((tag, was, now))
    return steps
