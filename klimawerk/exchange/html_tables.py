"""Parser of HTML tables from the clipboard (Word, Excel, web pages): rows of texts. The only one in Klimawerk.

A cell that spans columns gives its text to the first column. One that spans rows gives it to the first row, and
`MERGED` to the others. Several rows of headings become one. Struck and deleted text and pictures are left out and
counted. Superscript and subscript digits are kept ("10³", not "103").
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from klimawerk.cooperative import yield_if_due
from klimawerk.exchange.html_grid import CellElement, HtmlGrid, RowElement, StruckElement, TableElement

_MAX_NESTING = 3  # tables in tables; deeper ones are text
_LISTS = frozenset(("dd", "dl", "dt", "li", "ol", "ul"))
_HEADINGS = frozenset(f"h{level}" for level in range(1, 7))
_SECTIONS = frozenset(("address", "article", "aside", "center", "details", "div", "header", "main", "nav", "section"))
_PARAGRAPHS = frozenset(("blockquote", "figcaption", "figure", "hr", "legend", "p", "pre", "summary", "tr", "footer"))
_BLOCKS = _LISTS | _HEADINGS | _SECTIONS | _PARAGRAPHS | {"fieldset", "option"}
_STRUCK = frozenset(("del", "s", "strike"))
_SUPERSCRIPT_SUBSCRIPT = {
    "sup": str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻"),
    "sub": str.maketrans("0123456789+-−", "₀₁₂₃₄₅₆₇₈₉₊₋₋"),
}
_VOID = frozenset(("br", "col", "hr", "img", "input", "wbr"))
_ENDED_BY_NEXT = frozenset(("p", "li", "dt", "dd", "option"))
_IGNORED = frozenset(("script", "style", "title"))
_GROUPS = ("thead", "tbody", "tfoot")
_TABLE_PARTS = frozenset((*_GROUPS, "col", "tr", "td", "th"))
_TO_THE_END = 10**6  # rows: a cell of `rowspan=0` spans the rest of its group

# A tag ends at the first > outside of quoted values (Google Sheets puts cell texts there), else at the end of the text.
_TOKEN = re.compile(
    r"<(/?)([a-zA-Z][a-zA-Z0-9:]*+)((?:[^>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+')?+)*+)(?:>|\Z)|<[!?][^<>]*+>|([^<]++|<)"
)
_LONG_REFERENCE = re.compile(r"&#[0-9]{8,}+;?")  # not a character; `html.unescape` fails for thousands of digits
_SPAN = re.compile(r"(?<![\w-])(col|row)?span\s*=\s*[\"']?(\d{1,3})", re.ASCII | re.IGNORECASE)
_DISPLAY_NONE = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_STYLE = re.compile(r"(?<![\w-])style\s*=\s*(\"[^\"]*+\"|'[^']*+'|[^\s\"']++)", re.IGNORECASE)
_CLASS = re.compile(r"(?<![\w-])class\s*=\s*(\"[^\"]*+\"|'[^']*+'|[^\s\"']++)", re.IGNORECASE)
_CLASS_SELECTOR = re.compile(r"[\w-]*+\.([\w-]++)")
_TRACKING_PIXEL = re.compile(r"(?<![\w-])(?:width|height)\s*=\s*[\"']?[01](?![\d%])", re.IGNORECASE)


@dataclass
class HtmlTable:
    """A parsed table. `rows`: not cleaned, of different lengths; `tables`: number of tables.

    `outside`: there is text around them; `hidden`: rows or columns are hidden; `struck`, `pictures`: how many were left
    out.
    """

    rows: list[list[str]]
    tables: int = 0
    outside: bool = False
    hidden: bool = False
    struck: int = 0
    pictures: int = 0


def read_html_table(pasted: str, max_rows: int, max_columns: int) -> HtmlTable:
    """The first table that contains text. A table that only lays out one other table counts as that one.

    A larger table is cut one row or column above the maximum, so that the caller notices.
    """
    reader = _TableParser(max_columns, _struck_classes(pasted))
    for token in _TOKEN.finditer(_without_comments(pasted)):
        yield_if_due()
        end, tag, attributes, text = token.groups(default="")
        if text:
            reader.text(html.unescape(_LONG_REFERENCE.sub("\N{REPLACEMENT CHARACTER}", text)))
        elif end:
            reader.end(tag.lower())
        elif tag:
            reader.start(tag.lower(), attributes)
    tables = _data_tables(reader.tables)
    if not tables:
        return HtmlTable([])
    tables[0].rows = list(_first_rows(max_rows + 1, tables[0].rows))
    grid = HtmlGrid(tables[0], max_columns)
    return HtmlTable(grid.rows(), len(tables), reader.outside, grid.hidden, reader.struck, reader.pictures)


def _struck_classes(pasted: str) -> frozenset[str]:
    """Classes that style sheets strike through; Excel marks struck text only this way."""
    if "line-through" not in pasted:
        return frozenset()
    sheets = (part.partition("</")[0] for part in re.split("<style", pasted, flags=re.IGNORECASE)[1:])
    rules = (rule.partition("{") for sheet in sheets for rule in sheet.split("}") if "line-through" in rule)
    selectors = (selector.split()[-1] for rule in rules for selector in rule[0].split(",") if selector.split())
    return frozenset(match[1] for selector in selectors if (match := _CLASS_SELECTOR.fullmatch(selector)))


def _without_comments(pasted: str) -> str:
    """The text without HTML comments: Word hides whole documents there. An unclosed comment hides the rest."""
    parts = pasted.split("<!--")
    return parts[0] + "".join(part.partition("-->")[2] for part in parts[1:])


def _data_tables(tables: list[TableElement]) -> list[TableElement]:
    """Tables with text; a table that only lays out other tables is replaced by those."""
    while True:
        tables = [table for table in tables if any(cell.text.strip() for cell in table.cells)]
        cells = [cell for cell in tables[0].cells if cell.text.strip()] if tables else []
        if len(cells) != 1 or not cells[0].inner:
            return tables
        inner_text = "".join(cell.text for table in cells[0].inner for cell in table.cells)
        if _bare_text(inner_text) != _bare_text(cells[0].text):
            return tables
        tables = cells[0].inner


def _first_rows(count: int, rows: list[RowElement]) -> Iterator[RowElement]:
    """The first `count` rows that contain text, with the empty ones between them."""
    for row in rows:
        yield row
        count -= any(cell.text.strip() for cell in row.cells)
        if not count:
            return


def _bare_text(text: str) -> str:
    return "".join(text.split()).replace("|", "")


class _TableParser:
    """Collects tables with the texts of their cells. Text of a table inside a cell belongs to that cell, too.

    Python's HTML parser takes minutes for some kilobytes of hostile text, so a linear regular expression splits the
    tokens.
    """

    def __init__(self, max_columns: int, struck_classes: frozenset[str] = frozenset()) -> None:
        self.tables: list[TableElement] = []
        self.outside = False
        self.struck, self.pictures = 0, 0
        self._open: list[TableElement] = []
        self._raised_tag = ""
        self._strike: StruckElement | None = None
        self._struck_classes = struck_classes
        self._deeper_tables, self._ignored_tag, self._max_columns = 0, "", max_columns

    def start(self, tag: str, attributes: str) -> None:
        """Handle a start tag."""
        if self._ignored_tag:
            return
        if tag in _IGNORED:
            self._ignored_tag = tag
        elif tag == "table":
            self._strike = None
            self._begin_table()
        elif tag in _TABLE_PARTS and not self._deeper_tables:
            self._strike = None
            self._start_part(tag, attributes)
        else:
            self._start_inline(tag, attributes)
        if tag in _SUPERSCRIPT_SUBSCRIPT or tag in _TABLE_PARTS:
            self._raised_tag = tag if tag in _SUPERSCRIPT_SUBSCRIPT else ""
        if tag == "br":
            self._add_text("\n")
        elif tag in _BLOCKS:
            self._add_line_break()

    def end(self, tag: str) -> None:
        """Handle an end tag."""
        if self._ignored_tag:
            self._ignored_tag = "" if tag == self._ignored_tag else self._ignored_tag
            return
        self._end_strike(tag)
        self._raised_tag = "" if tag == self._raised_tag or tag in _TABLE_PARTS else self._raised_tag
        if tag == "table" and self._deeper_tables:
            self._deeper_tables -= 1
        elif tag == "table" and self._open:
            self._open.pop()
            self._add_line_break()
        elif tag in (*_GROUPS, "td", "th", "tr") and self._open and not self._deeper_tables:
            self._open[-1].cell = None
            self._open[-1].heading &= tag != "thead"
            self._open[-1].group += tag in _GROUPS
        elif tag in _BLOCKS:
            self._add_line_break()

    def text(self, text: str) -> None:
        """Handle text between tags."""
        if self._ignored_tag:
            return
        digits_map = _SUPERSCRIPT_SUBSCRIPT.get(self._raised_tag, {})
        is_number = digits_map and all(ord(character) in digits_map for character in text.strip())
        self._add_text(re.sub(r"\s+", " ", text.translate(digits_map) if is_number else text))

    def _start_inline(self, tag: str, attributes: str) -> None:
        """A start tag that is not part of a table."""
        strike = self._strike
        if strike and strike.tag == tag:
            strike.depth += tag not in _ENDED_BY_NEXT
            self._strike = None if tag in _ENDED_BY_NEXT else strike
        if not self._strike and tag not in _VOID and self._strikes(tag, attributes):
            self._strike = StruckElement(tag)
        if tag == "img" and not self._is_struck and not _TRACKING_PIXEL.search(attributes):
            self.pictures += any(table.cell for table in self._open)

    def _end_strike(self, tag: str) -> None:
        strike = self._strike
        if strike and (tag == strike.tag or tag in _TABLE_PARTS or tag == "table"):
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
        if len(self._open) == _MAX_NESTING:
            self._deeper_tables += 1
            return
        parent_cell = self._open[-1].cell if self._open else None
        self._add_line_break()
        table = TableElement()
        (self.tables if parent_cell is None else parent_cell.inner).append(table)
        self._open.append(table)

    def _start_part(self, tag: str, attributes: str) -> None:
        if not self._open:
            self._begin_table()
        table = self._open[-1]
        spans = {name.lower(): int(count) for name, count in _SPAN.findall(attributes)}
        hidden = _DISPLAY_NONE.search(attributes) is not None
        if tag == "col":
            width = min(max(spans.get("", 1), 1), self._max_columns)
            table.hidden_columns |= set(range(table.columns, table.columns + width)) if hidden else set()
            table.columns = min(table.columns + width, self._max_columns)
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
            width = min(max(spans.get("col", 1), 1), self._max_columns)
            strike = StruckElement(tag) if table.rows[-1].struck or self._strikes(tag, attributes) else None
            table.cell = CellElement(strike, width, spans.get("row", 1) or _TO_THE_END, tag == "th", hidden)
            table.rows[-1].cells.append(table.cell)
        else:
            table.heading = tag == "thead"
            table.group += 1

    def _add_text(self, text: str) -> None:
        cells = [table.cell for table in self._open if table.cell]
        self.outside = self.outside or (not cells and not text.isspace())
        if cells and (strike := self._striking):
            self.struck += not strike.counted and not text.isspace()
            strike.counted = strike.counted or not text.isspace()
            return
        for cell in cells:
            if text != " " or not self._begins_line(cell):
                cell.pieces.append(text)

    def _add_line_break(self) -> None:
        for table in self._open:
            if table.cell and not self._begins_line(table.cell):
                table.cell.pieces.append("\n")

    @staticmethod
    def _begins_line(cell: CellElement) -> bool:
        return not cell.pieces or cell.pieces[-1].endswith("\n")
