"""Renders a compared text as safe HTML: removals in <del>, additions in <ins>, both also named for screen readers.

Headings and list items become paragraphs with a class and a sign: old and new headings side by side would have no valid
order, and a partly removed list is no valid list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup, escape

from klimawerk.link_rule import is_allowed_link
from klimawerk.versions.text_blocks import TextBlock, TextWord, inline
from klimawerk.versions.text_diff import ADDED, REMOVED, SAME, BlockChange, TextChange, WordRun

FOLD_MIN_LENGTH = 3  # number of consecutive unchanged paragraphs from which they are folded
_TAGS = {"strong": Markup("<strong>{}</strong>"), "em": Markup("<em>{}</em>")}
BOTH, OLD, NEW = "both", "old", "new"


@dataclass(frozen=True)
class DiffRenderer:
    """Renders for one reader; `reader` is the language of the labels."""

    reader: str

    def text(self, change: TextChange, side: str = BOTH) -> Markup:
        """The text with its changes (BOTH), or only the old or the new one."""
        parts = []
        for same, group in groupby(change.blocks, lambda block: block.kind == SAME and not block.only_formatting):
            blocks = list(group)
            html = Markup("").join(self._block(block, side) for block in blocks)
            folded = same and len(blocks) >= FOLD_MIN_LENGTH
            parts.append(self._fold(html, len(blocks)) if folded else html)
        return Markup("").join(parts)

    def runs(self, runs: Iterable[WordRun], side: str = BOTH) -> Markup:
        """A short text with its changes."""
        return Markup("").join(piece for run in runs for piece in self._run(run, side))

    def removed(self, html: Markup) -> Markup:
        return Markup('<del><span class="unseen" lang="{}">{} </span>{}</del>').format(
            self.reader, _("[removed:]"), html
        )

    def added(self, html: Markup) -> Markup:
        return Markup('<ins><span class="unseen" lang="{}">{} </span>{}</ins>').format(self.reader, _("[added:]"), html)

    def _fold(self, html: Markup, count: int) -> Markup:
        label = ngettext("%(num)s paragraph unchanged", "%(num)s paragraphs unchanged", count)
        return Markup('<details class="fold"><summary lang="{}">{}</summary>{}</details>').format(
            self.reader, label, html
        )

    def _block(self, change: BlockChange, side: str) -> Markup:
        block = (change.old if side == OLD else change.new) or (None if side != BOTH else change.old)
        if block is None:
            return Markup("")
        if change.kind == ADDED:
            inner = self.added(words_html(block.words))
        elif change.kind == REMOVED:
            inner = self.removed(words_html(block.words))
        else:
            inner = self.runs(change.runs, side)
        kind = "removed" if change.kind == REMOVED else "added" if change.kind == ADDED else ""
        note = self._note(_("Formatting changed")) if change.restyled and side != OLD else Markup("")
        return _paragraph(block, inner + note, kind)

    def _run(self, run: WordRun, side: str) -> Iterator[Markup]:
        if run.kind == SAME:
            html = words_html(run.old if side == OLD else run.new)
            if run.reformatted and side != OLD:
                html = Markup('<span class="reformatted">{}</span>').format(html) + self._note(_("Formatting changed"))
            yield html
            return
        if run.old and side != NEW:
            yield self.removed(words_html(run.old))
        if run.new and side != OLD:
            yield self.added(words_html(run.new))

    def _note(self, sentence: str) -> Markup:
        return Markup(' <span class="told" lang="{}">({})</span>').format(self.reader, sentence)


def words_html(words: Iterable[TextWord]) -> Markup:
    """Words with their formatting."""
    return Markup("").join(_inline(node) for node in inline(words))


def block_html(block: TextBlock) -> Markup:
    """A block without change marks."""
    return _paragraph(block, words_html(block.words), "")


def _inline(node: dict[str, object]) -> Markup:
    if node["type"] == "hard_break":
        return Markup("<br>")
    html = escape(node["text"])
    for mark in node.get("marks", []):  # type: ignore[attr-defined]
        if mark["type"] == "link":
            href = mark.get("attrs", {}).get("href")
            if is_allowed_link(href):
                html = Markup('<a href="{}" rel="noopener noreferrer nofollow">{}</a>').format(href, html)
        elif mark["type"] in _TAGS:
            html = _TAGS[mark["type"]].format(html)
    return html


def _paragraph(block: TextBlock, inner: Markup, kind: str) -> Markup:
    items = [position for position in block.path if position.kind == "list_item"]
    classes = ["block", f"depth-{min(len(items), 4)}"]
    classes += [kind] if kind else []
    classes += ["as-heading"] if block.kind == "heading" else []
    sign_html = Markup("")
    if items and items[-1].fresh:
        lists = [position for position in block.path if position.kind != "list_item"]
        marker = "•" if lists[-1].kind == "bullet_list" else f"{items[-1].number}."
        sign_html = Markup('<span class="sign">{}</span> ').format(marker)
    return Markup('<p class="{}">{}{}</p>').format(" ".join(classes), sign_html, inner)
