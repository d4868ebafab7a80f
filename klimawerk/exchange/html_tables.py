"""HTML tables, as Word, Excel and web pages put them into the clipboard, to rows of texts. The only reader of them.

A cell that spans columns gives its text to the first of them. One that spans rows gives it to the first, and `MERGED`
to the others. Several rows of headings become one. Struck and deleted words and pictures are left out and counted.
Raised and lowered digits stay so ("10³", not "103").
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from klimawerk.cooperative import yield_if_due
from klimawerk.exchange.html_grid import CellElement, HtmlGrid, RowElement, StruckElement, TableElement

_LEVELS = 3  # tables in tables; deeper ones are text
_LISTS = frozenset(("dd", "dl", "dt", "li", "ol", "ul"))
_HEADINGS = frozenset(f"h{level}" for level in range(1, 7))
_SECTIONS = frozenset(("address", "article", "aside", "center", "details", "div", "header", "main", "nav", "section"))
_PARAGRAPHS = frozenset(("blockquote", "figcaption", "figure", "hr", "legend", "p", "pre", "summary", "tr", "footer"))
_BLOCKS = _LISTS | _HEADINGS | _SECTIONS | _PARAGRAPHS | {"fieldset", "option"}
_STRUCK = frozenset(("del", "s", "strike"))
_LEVEL = {
    "sup": str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻"),
    "sub": str.maketrans("0123456789+-−", "₀₁₂₃₄₅₆₇₈₉₊₋₋"),
}
_EMPTY = frozenset(("br", "col", "hr", "img", "input", "wbr"))
_ENDED_BY_NEXT = frozenset(("p", "li", "dt", "dd", "option"))
_SILENT = frozenset(("script", "style", "title"))
_GROUPS = ("thead", "tbody", "tfoot")
_PARTS = frozenset((*_GROUPS, "col", "tr", "td", "th"))
_TO_THE_END = 10**6  # rows: a cell of `rowspan=0` spans the rest of its group

# A tag ends at the first > that is in no quoted value (Google Sheets has the text of cells there), else with the text.
_TOKEN = re.compile(
    r"<(/?)([a-zA-Z][a-zA-Z0-9:]*+)((?:[^>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+')?+)*+)(?:>|\Z)|<[!?][^<>]*+>|([^<]++|<)"
)
_LONG_REFERENCE = re.compile(r"&#[0-9]{8,}+;?")  # no character; `html.unescape` fails at thousands of digits
_SPAN = re.compile(r"(?<![\w-])(col|row)?span\s*=\s*[\"']?(\d{1,3})", re.ASCII | re.IGNORECASE)
_NOT_SHOWN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_STYLE = re.compile(r"(?<![\w-])style\s*=\s*(\"[^\"]*+\"|'[^']*+'|[^\s\"']++)", re.IGNORECASE)
_CLASS = re.compile(r"(?<![\w-])class\s*=\s*(\"[^\"]*+\"|'[^']*+'|[^\s\"']++)", re.IGNORECASE)
_CLASS_SELECTOR = re.compile(r"[\w-]*+\.([\w-]++)")
_POINT = re.compile(r"(?<![\w-])(?:width|height)\s*=\s*[\"']?[01](?![\d%])", re.IGNORECASE)


@dataclass
class HtmlTable:
    """`rows`: not cleaned, of different lengths. `tables`: how many there were; `outside`: with text around them;
    `struck`, `pictures`: how many were left out in cells."""

    rows: list[list[str]]
    tables: int = 0
    outside: bool = False
    hidden: bool = False
    struck: int = 0
    pictures: int = 0


def read_html_table(pasted: str, most_rows: int, most_columns: int) -> HtmlTable:
    """The first table that has a text; a table that is the only content of another one's only cell stands for that.

    Of larger tables one row or column more than there may be, so that the caller notices."""
    reader = _TableParser(most_columns, _struck_classes(pasted))
    for token in _TOKEN.finditer(_without_comments(pasted)):
        yield_if_due()
        end, tag, attributes, text = token.groups(default="")
        if text:
            reader.text(html.unescape(_LONG_REFERENCE.sub("\N{REPLACEMENT CHARACTER}", text)))
        elif end:
            reader.end(tag.lower())
        elif tag:
            reader.start(tag.lower(), attributes)
    tables = _content(reader.tables)
    if not tables:
        return HtmlTable([])
    tables[0].rows = list(_up_to(most_rows + 1, tables[0].rows))
    grid = HtmlGrid(tables[0], most_columns)
    return HtmlTable(grid.rows(), len(tables), reader.outside, grid.hidden, reader.struck, reader.pictures)


def _struck_classes(pasted: str) -> frozenset[str]:
    """Classes that style sheets strike through; Excel says it in no other way."""
    if "line-through" not in pasted:
        return frozenset()
    sheets = (part.partition("</")[0] for part in re.split("<style", pasted, flags=re.IGNORECASE)[1:])
    rules = (rule.partition("{") for sheet in sheets for rule in sheet.split("}") if "line-through" in rule)
    selectors = (one.split()[-1] for rule in rules for one in rule[0].split(",") if one.split())
    return frozenset(found[1] for one in selectors if (found := _CLASS_SELECTOR.fullmatch(one)))


def _without_comments(pasted: str) -> str:
    """Word hides whole documents in comments. One that does not end hides the rest."""
    parts = pasted.split("<!--")
    return parts[0] + "".join(part.partition("-->")[2] for part in parts[1:])


def _content(tables: list[TableElement]) -> list[TableElement]:
    """Those with a text; of a table that only lays out others, those."""
    while True:
        tables = [table for table in tables if any(cell.text.strip() for cell in table.cells)]
        cells = [cell for cell in tables[0].cells if cell.text.strip()] if tables else []
        if len(cells) != 1 or not cells[0].inner:
            return tables
        within = "".join(cell.text for table in cells[0].inner for cell in table.cells)
        if _letters(within) != _letters(cells[0].text):
            return tables
        tables = cells[0].inner


def _up_to(most: int, rows: list[RowElement]) -> Iterator[RowElement]:
    """So many rows that have a text, and the empty ones between them."""
    for row in rows:
        yield row
        most -= any(cell.text.strip() for cell in row.cells)
        if not most:
            return


def _letters(text: str) -> str:
    return "".join(text.split()).replace("|", "")


class _TableParser:
    """Collects tables with their cells' texts. What stands in a table inside a cell is text of that cell, too.

    Python's own HTML parser takes minutes for some few kilobytes, so tokens come from one linear expression.
    """

    def __init__(self, most_columns: int, struck_classes: frozenset[str] = frozenset()) -> None:
        self.tables: list[TableElement] = []
        self.outside = False
        self.struck, self.pictures = 0, 0
        self._open: list[TableElement] = []
        self._level = ""
        self._strike: StruckElement | None = None
        self._struck_classes = struck_classes
        self._deeper, self._silent, self._most_columns = 0, "", most_columns

    def start(self, tag: str, attributes: str) -> None:
        if self._silent:
            return
        if tag in _SILENT:
            self._silent = tag
        elif tag == "table":
            self._strike = None
            self._begin_table()
        elif tag in _PARTS and not self._deeper:
            self._strike = None
            self._part(tag, attributes)
        else:
            self._inside(tag, attributes)
        if tag in _LEVEL or tag in _PARTS:
            self._level = tag if tag in _LEVEL else ""
        if tag == "br":
            self._say("\n")
        elif tag in _BLOCKS:
            self._break()

    def end(self, tag: str) -> None:
        if self._silent:
            self._silent = "" if tag == self._silent else self._silent
            return
        self._end_strike(tag)
        self._level = "" if tag == self._level or tag in _PARTS else self._level
        if tag == "table" and self._deeper:
            self._deeper -= 1
        elif tag == "table" and self._open:
            self._open.pop()
            self._break()
        elif tag in (*_GROUPS, "td", "th", "tr") and self._open and not self._deeper:
            self._open[-1].cell = None
            self._open[-1].heading &= tag != "thead"
            self._open[-1].group += tag in _GROUPS
        elif tag in _BLOCKS:
            self._break()

    def text(self, text: str) -> None:
        if self._silent:
            return
        level = _LEVEL.get(self._level, {})
        digits = level and all(ord(letter) in level for letter in text.strip())
        self._say(re.sub(r"\s+", " ", text.translate(level) if digits else text))

    def _inside(self, tag: str, attributes: str) -> None:
        """An element that is no part of a table."""
        strike = self._strike
        if strike and strike.tag == tag:
            strike.depth += tag not in _ENDED_BY_NEXT
            self._strike = None if tag in _ENDED_BY_NEXT else strike
        if not self._strike and tag not in _EMPTY and self._strikes(tag, attributes):
            self._strike = StruckElement(tag)
        if tag == "img" and not self._is_struck and not _POINT.search(attributes):
            self.pictures += any(table.cell for table in self._open)

    def _end_strike(self, tag: str) -> None:
        strike = self._strike
        if strike and (tag == strike.tag or tag in _PARTS or tag == "table"):
            strike.depth -= 1
            self._strike = strike if strike.depth and tag == strike.tag else None

    def _strikes(self, tag: str, attributes: str) -> bool:
        style, names = _STYLE.search(attributes), _CLASS.search(attributes)
        classes = names[1].strip("\"'").split() if names else []
        return (
            tag in _STRUCK
            or (style is not None and "line-through" in style[1].lower())
            or any(name in self._struck_classes or name.lower() == "msodel" for name in classes)
        )

    @property
    def _is_struck(self) -> bool:
        return self._striking is not None

    @property
    def _striking(self) -> StruckElement | None:
        cells = (table.cell for table in self._open if table.cell)
        return self._strike or next((cell.strike for cell in cells if cell.strike), None)

    def _begin_table(self) -> None:
        if len(self._open) == _LEVELS:
            self._deeper += 1
            return
        around = self._open[-1].cell if self._open else None
        self._break()
        table = TableElement()
        (self.tables if around is None else around.inner).append(table)
        self._open.append(table)

    def _part(self, tag: str, attributes: str) -> None:
        if not self._open:
            self._begin_table()
        table = self._open[-1]
        spans = {name.lower(): int(count) for name, count in _SPAN.findall(attributes)}
        hidden = _NOT_SHOWN.search(attributes) is not None
        if tag == "col":
            width = min(max(spans.get("", 1), 1), self._most_columns)
            table.hidden_columns |= set(range(table.columns, table.columns + width)) if hidden else set()
            table.columns = min(table.columns + width, self._most_columns)
        elif tag == "tr":
            table.rows.append(RowElement(table.heading, hidden, self._strikes(tag, attributes), table.group))
            table.cell = None
        elif tag in ("td", "th"):
            if not table.rows:
                table.rows.append(RowElement(table.heading, group=table.group))
            if table.rows[-1].cells and len(self._open) > 1:
                for outer in self._open[:-1]:
                    if outer.cell:
                        outer.cell.pieces.append(" | ")
            width = min(max(spans.get("col", 1), 1), self._most_columns)
            strike = StruckElement(tag) if table.rows[-1].struck or self._strikes(tag, attributes) else None
            table.cell = CellElement(strike, width, spans.get("row", 1) or _TO_THE_END, tag == "th", hidden)
            table.rows[-1].cells.append(table.cell)
        else:
            table.heading = tag == "thead"
            table.group += 1

    def _say(self, text: str) -> None:
        cells = [table.cell for table in self._open if table.cell]
        self.outside = self.outside or (not cells and not text.isspace())
        if cells and (strike := self._striking):
            self.struck += not strike.counted and not text.isspace()
            strike.counted = strike.counted or not text.isspace()
            return
        for cell in cells:
            if text != " " or not self._begins_line(cell):
                cell.pieces.append(text)

    def _break(self) -> None:
        for table in self._open:
            if table.cell and not self._begins_line(table.cell):
                table.cell.pieces.append("\n")

    @staticmethod
    def _begins_line(cell: CellElement) -> bool:
        return not cell.pieces or cell.pieces[-1].endswith("\n")
