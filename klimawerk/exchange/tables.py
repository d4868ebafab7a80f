"""A table from the clipboard to a grid of texts: tab-separated as Excel gives it, or the HTML of Word and web pages."""

from __future__ import annotations

import csv
import html
import re

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from klimawerk.turns import breathe

MAX_SIZE, MAX_ROWS, MAX_COLUMNS, MAX_CELL = 1_000_000, 200, 30, 20_000  # characters, rows, columns, characters

Grid = list[list[str]]

_TOKEN = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]*+)([^<>]*+)>|([^<]++)|<")
_LONG_REFERENCE = re.compile(r"&#[0-9]{8,}+;?")  # no character; `html.unescape` fails at thousands of digits
_SPAN = re.compile(r"colspan\s*=\s*[\"']?(\d{1,3})", re.ASCII | re.IGNORECASE)
_UNUSUAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


class BadTable(ValueError):
    """What was pasted cannot be read as a table; `sentence` says why."""

    def __init__(self, sentence: LazyString) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def parse(pasted: str) -> Grid:
    """Rows of equal length, without empty ones. Raises BadTable. Others have their turn in between (`breathe`): the
    longest text, split into many small cells, takes a second."""
    if len(pasted) > MAX_SIZE:
        raise BadTable(_("This table is too large to be pasted."))
    found = _from_html(pasted) if re.search(r"<t(?:able|d|h)[\s>]", pasted, re.IGNORECASE) else _from_text(pasted)
    rows = [[_clean(cell) for cell in row] for row in found]
    rows = [row for row in rows if any(row)]
    if not rows:
        raise BadTable(_("There is no table here yet. Copy it in Word or Excel and paste it."))
    width = max(map(len, rows))
    if len(rows) > MAX_ROWS + 1 or width > MAX_COLUMNS:
        raise BadTable(_("At most %(rows)s rows and %(columns)s columns.", rows=MAX_ROWS, columns=MAX_COLUMNS))
    if any(len(cell) > MAX_CELL for row in rows for cell in row):
        raise BadTable(_("A cell of this table is too long."))
    return [row + [""] * (width - len(row)) for row in rows]


def written(grid: Grid) -> str:
    """The grid as tab-separated text that `parse` reads back."""
    return "\n".join("\t".join(_quoted(cell) for cell in row) for row in grid)


def _from_text(pasted: str) -> Grid:
    """Excel puts a cell with line breaks in quotation marks; a lone mark is just a mark."""
    lines = pasted.replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n")
    delimiter = "\t" if "\t" in pasted else ";" if all(";" in line for line in lines if line.strip()) else "\t"
    whole = (f"{line}\n" for line in lines)
    lone = pasted.count('"') % 2
    reader = csv.reader(whole, delimiter=delimiter, quoting=csv.QUOTE_NONE if lone else csv.QUOTE_MINIMAL)
    rows = []
    try:
        for row in reader:
            breathe()
            rows.append(row)
        return rows
    except csv.Error as error:
        raise BadTable(_("A cell of this table is too long.")) from error


def _from_html(pasted: str) -> Grid:
    reader = _TableReader()
    for token in _TOKEN.finditer(_without_comments(pasted)):
        breathe()
        end, tag, attributes, text = token.groups(default="")
        if text:
            reader.text(html.unescape(_LONG_REFERENCE.sub("\N{REPLACEMENT CHARACTER}", text)))
        elif end:
            reader.end(tag.lower())
        elif tag:
            reader.start(tag.lower(), attributes)
    return [["".join(pieces) for pieces in row] for row in reader.rows]


def _without_comments(pasted: str) -> str:
    """Word hides whole documents in comments. One that does not end hides the rest."""
    parts = pasted.split("<!--")
    return parts[0] + "".join(part.partition("-->")[2] for part in parts[1:])


class _TableReader:
    """Collects the texts of the first table, each cell in pieces; a table inside a cell counts as the cell's text.

    Python's own HTML parser takes minutes for some few kilobytes, so tokens come from one linear expression.
    """

    def __init__(self) -> None:
        self.rows: list[list[list[str]]] = []
        self._depth, self._target = 0, 0
        self._silent, self._done, self._in_cell = "", False, False

    def start(self, tag: str, attributes: str) -> None:
        if self._silent:
            return
        if tag in ("script", "style"):
            self._silent = tag
        elif tag == "table":
            self._depth += 1
        elif self._depth <= 1 and not self._done:
            self._inside(tag, attributes)
        if tag in ("br", "p", "div", "li", "tr"):
            self._say("\n")

    def end(self, tag: str) -> None:
        if self._silent:
            self._silent = "" if tag == self._silent else self._silent
        elif tag == "table" and self._depth:
            self._depth -= 1
            self._done = self._done or self._depth == 0
        elif tag in ("td", "th") and self._depth <= 1:
            self._in_cell = False

    def text(self, text: str) -> None:
        self._say(re.sub(r"\s+", " ", text))

    def _inside(self, tag: str, attributes: str) -> None:
        if tag == "tr":
            self.rows.append([])
            self._in_cell = False
        elif tag in ("td", "th"):
            self.rows = self.rows or [[]]
            span = _SPAN.search(attributes)
            self._target = len(self.rows[-1])
            room = max(MAX_COLUMNS + 1 - self._target, 1)  # one more than there may be, so that it is noticed
            width = min(max(int(span[1]), 1), MAX_COLUMNS, room) if span else 1
            self.rows[-1] += [[] for _ in range(width)]
            self._in_cell = True

    def _say(self, text: str) -> None:
        if self._in_cell and not self._silent and not self._done:
            self.rows[-1][self._target].append(text)


def _clean(cell: str) -> str:
    breathe()
    lines = [" ".join(line.split()) for line in _UNUSUAL.sub("", cell).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _quoted(cell: str) -> str:
    return f'"{cell.replace(chr(34), chr(34) * 2)}"' if re.search(r'[\t\n";]', cell) else cell
