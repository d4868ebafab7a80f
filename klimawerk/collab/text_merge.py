"""Merges a wanted text into a fragment with as few changes as possible, so that what is typed meanwhile stays.

Blocks that are in both stay, also when they only look the same. A paragraph or heading that replaces another one is
changed word by word; positions are bytes of UTF-8 here, as the library counts. Other blocks are replaced as a whole.
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

MAX_WORDS = 6_000  # of a paragraph; a longer paragraph is replaced as a whole
DiffStep = tuple[str, slice, slice]


def merge_text(fragment: XmlFragment, text: Node) -> None:
    """Make `text` the fragment's content by differences. The caller has checked it, and holds the document."""
    present = [rich_text.read_block(child) for child in fragment.children]
    wanted: list[Node] = text.get("content") or [{"type": "paragraph"}]
    steps = _diff_steps([_block_key(block) for block in present], [_block_key([block]) for block in wanted])
    for tag, old, new in reversed(steps):
        if tag != "equal":
            _merge_blocks(fragment, range(old.start, old.stop), wanted[new], present)


def _merge_blocks(fragment: XmlFragment, old: range, new: list[Node], present: list[list[Node]]) -> None:
    """Replace blocks by blocks, from the end on; the first ones are changed word by word where possible."""
    common = min(len(old), len(new))
    if len(old) > common:
        del fragment.children[old.start + common : old.stop]
    for offset, block in enumerate(new[common:]):
        fragment.children.insert(old.start + common + offset, rich_text.element(block))
    for offset in reversed(range(common)):
        at = old.start + offset
        if not _merge_words(fragment.children[at], present[at], new[offset]):
            del fragment.children[at]
            fragment.children.insert(at, rich_text.element(new[offset]))


def _merge_words(child: Any, present: list[Node], wanted: Node) -> bool:
    """Change a paragraph's words in place. False where that is not possible, or did not give the wanted words."""
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
    _apply_word_steps(run, before, after)
    return _block_key(rich_text.read_block(child)) == _block_key([wanted])


def _apply_word_steps(run: XmlText, old: list[tuple[str, str]], new: list[tuple[str, str]]) -> None:
    ends = [0]
    for word, _marks in old:
        ends.append(ends[-1] + len(word.encode()))
    keys = [[(visual_key(word), marks) for word, marks in words] for words in (old, new)]
    for tag, old_slice, new_slice in reversed(_diff_steps(*keys)):
        if tag == "equal":
            continue
        if old_slice.stop > old_slice.start:
            del run[ends[old_slice.start] : ends[old_slice.stop]]
        for word, marks in reversed(new[new_slice]):
            run.insert(ends[old_slice.start], storable_text(word), safe_json.loads(marks))


def _words(block: Node) -> Iterator[tuple[str, str]]:
    """Each word with its marks as JSON, in the form the library takes."""
    for node in block.get("content", []):
        marks = json.dumps({mark["type"]: mark.get("attrs") or {} for mark in node.get("marks", [])}, sort_keys=True)
        for word in word_tokens(node["text"]):
            yield word, marks


def _block_key(blocks: list[Node]) -> str:
    """Blocks as text for comparison, by how they look; neighbours of equal formatting are joined."""
    return json.dumps([_visible(rich_text.merge_equal_runs(block)) for block in blocks], sort_keys=True)


def _visible(node: Node) -> Node:
    if "text" in node:
        return {**node, "text": visual_key(node["text"])}
    return {**node, "content": list(map(_visible, node["content"]))} if "content" in node else node


def _diff_steps(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[DiffStep]:
    """Steps from `old` to `new`: ("equal" or "replace", slice of old, slice of new)."""
    numbers: dict[Hashable, int] = {}
    a, b = ([numbers.setdefault(element, len(numbers)) for element in sequence] for sequence in (old, new))
    steps: list[DiffStep] = []
    for step in diff_opcodes(a, b):
        tag = "equal" if step.tag == "equal" else "replace"
        old_slice, new_slice = slice(step.src_start, step.src_end), slice(step.dest_start, step.dest_end)
        if steps and steps[-1][0] == tag == "replace":
            old_slice, new_slice = slice(steps[-1][1].start, old_slice.stop), slice(steps[-1][2].start, new_slice.stop)
            steps.pop()
        steps.append((tag, old_slice, new_slice))
    return steps
