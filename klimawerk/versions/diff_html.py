"""A compared text as safe HTML: what went in <del>, what came in <ins>, both also said in words.

Headings and lists of the text become paragraphs with a class and a sign: a page that shows old and new things side by
side would have no sound order of headings, and a list that is half gone is no list.
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

FOLD_MIN_LENGTH = 3  # so many unchanged paragraphs in a row are folded
_TAGS = {"strong": Markup("<strong>{}</strong>"), "em": Markup("<em>{}</em>")}
BOTH, OLD, NEW = "both", "old", "new"


@dataclass(frozen=True)
class DiffRenderer:
    """Writes for one reader: `reader` is the language of the words that tell what was done."""

    reader: str

    def text(self, change: TextChange, side: str = BOTH) -> Markup:
        """The text with its changes; or only what it was, or what it is."""
        parts = []
        for same, some in groupby(change.blocks, lambda block: block.kind == SAME and not block.only_formatting):
            blocks = list(some)
            html = Markup("").join(self._block(block, side) for block in blocks)
            folded = same and len(blocks) >= FOLD_MIN_LENGTH
            parts.append(self._fold(html, len(blocks)) if folded else html)
        return Markup("").join(parts)

    def runs(self, runs: Iterable[WordRun], side: str = BOTH) -> Markup:
        """A short text with its changes."""
        return Markup("").join(piece for run in runs for piece in self._run(run, side))

    def gone(self, html: Markup) -> Markup:
        return Markup('<del><span class="unseen" lang="{}">{} </span>{}</del>').format(
            self.reader, _("[removed:]"), html
        )

    def come(self, html: Markup) -> Markup:
        return Markup('<ins><span class="unseen" lang="{}">{} </span>{}</ins>').format(self.reader, _("[added:]"), html)

    def _fold(self, html: Markup, count: int) -> Markup:
        said = ngettext("%(num)s paragraph unchanged", "%(num)s paragraphs unchanged", count)
        return Markup('<details class="fold"><summary lang="{}">{}</summary>{}</details>').format(
            self.reader, said, html
        )

    def _block(self, change: BlockChange, side: str) -> Markup:
        block = (change.old if side == OLD else change.new) or (None if side != BOTH else change.old)
        if block is None:
            return Markup("")
        if change.kind == ADDED:
            inner = self.come(words_html(block.words))
        elif change.kind == REMOVED:
            inner = self.gone(words_html(block.words))
        else:
            inner = self.runs(change.runs, side)
        kind = "removed" if change.kind == REMOVED else "added" if change.kind == ADDED else ""
        said = self._told(_("Formatting changed")) if change.restyled and side != OLD else Markup("")
        return _paragraph(block, inner + said, kind)

    def _run(self, run: WordRun, side: str) -> Iterator[Markup]:
        if run.kind == SAME:
            html = words_html(run.old if side == OLD else run.new)
            if run.reformatted and side != OLD:
                html = Markup('<span class="reformatted">{}</span>').format(html) + self._told(_("Formatting changed"))
            yield html
            return
        if run.old and side != NEW:
            yield self.gone(words_html(run.old))
        if run.new and side != OLD:
            yield self.come(words_html(run.new))

    def _told(self, sentence: str) -> Markup:
        return Markup(' <span class="told" lang="{}">({})</span>').format(self.reader, sentence)


def words_html(words: Iterable[TextWord]) -> Markup:
    """Words with their formatting."""
    return Markup("").join(_inline(node) for node in inline(words))


def block_html(block: TextBlock) -> Markup:
    """A block without any change."""
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
    items = [inside for inside in block.path if inside.kind == "list_item"]
    classes = ["block", f"depth-{min(len(items), 4)}"]
    classes += [kind] if kind else []
    classes += ["as-heading"] if block.kind == "heading" else []
    sign = Markup("")
    if items and items[-1].fresh:
        lists = [inside for inside in block.path if inside.kind != "list_item"]
        said = "•" if lists[-1].kind == "bullet_list" else f"{items[-1].number}."
        sign = Markup('<span class="sign">{}</span> ').format(said)
    return Markup('<p class="{}">{}{}</p>').format(" ".join(classes), sign, inner)
