"""Parser of pasted tables: tab-separated text from Excel, or HTML from Word and web pages, to a grid of texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from klimawerk import text
from klimawerk.cooperative import yield_if_due
from klimawerk.exchange.html_grid import MERGED
from klimawerk.exchange.html_tables import HtmlTable, read_html_table

MAX_SIZE, MAX_ROWS, MAX_COLUMNS, MAX_CELL = 1_000_000, 200, 30, 20_000  # characters, rows, columns, characters

Grid = list[list[str]]

_TAB, _SEMICOLON = re.compile(r"[\t\n]"), re.compile(r"[;\n]")  # where a cell ends


class BadTable(ValueError):
    """The pasted text cannot be read as a table; `sentence` says why."""

    def __init__(self, sentence: LazyString) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class ParsedTable:
    """A parsed table. `notes`: what was left out."""

    grid: Grid
    notes: tuple[LazyString, ...] = ()


def parse_table(pasted: str) -> Grid:
    """Rows of equal length, without empty ones. Raises BadTable.

    It yields in between (`yield_if_due`): the longest text, split into many small cells, takes a second.
    """
    return read_table(pasted).grid


def read_table(pasted: str) -> ParsedTable:
    """As `parse_table`, with notes on what was left out. A cell `MERGED` is merged with the one above it."""
    if len(pasted) > MAX_SIZE:
        raise BadTable(_("This table is too large to be pasted."))
    is_html = re.search(r"<t(?:able|d|h)[\s>]", pasted, re.IGNORECASE) is not None
    html_table = read_html_table(pasted, MAX_ROWS + 1, MAX_COLUMNS) if is_html else HtmlTable(_from_text(pasted))
    rows = [[_clean(cell) for cell in row] for row in html_table.rows]
    rows = [row for row in rows if any(cell not in ("", MERGED) for cell in row)]
    if not rows:
        raise BadTable(_("There is no table here yet. Copy it in Word or Excel and paste it."))
    width = max(map(len, rows))
    if len(rows) > MAX_ROWS + 1 or width > MAX_COLUMNS:
        raise BadTable(_("At most %(rows)s rows and %(columns)s columns.", rows=MAX_ROWS, columns=MAX_COLUMNS))
    if any(len(cell) > MAX_CELL for row in rows for cell in row):
        raise BadTable(_("A cell of this table is too long."))
    return ParsedTable([row + [""] * (width - len(row)) for row in rows], tuple(_notes(html_table, rows)))


def _notes(html_table: HtmlTable, rows: Grid) -> Iterator[LazyString]:
    if html_table.tables > 1:
        yield _("There are %(count)s tables; only the first one was read.", count=html_table.tables)
    if html_table.outside:
        yield _("Text outside of the table was left out.")
    if html_table.hidden:
        yield _("Hidden rows and columns were left out.")
    if html_table.struck:
        several = _("%(count)s struck passages were left out.", count=html_table.struck)
        yield _("One struck passage was left out.") if html_table.struck == 1 else several
    if html_table.pictures:
        yield _("Pictures were left out: they cannot be stored here. Say in words what they show.")
    if any(MERGED in row for row in rows):
        yield _("“%(sign)s” is merged with the cell above and means the same; numbers count once.", sign=MERGED)


def to_tab_separated(grid: Grid) -> str:
    """The grid as tab-separated text that `parse_table` reads back; quotation marks only where they are needed."""
    plain = "\n".join("\t".join(row) for row in grid)
    if _from_text(plain) == grid:
        return plain
    return "\n".join("\t".join(_quoted(cell) for cell in row) for row in grid)


def _from_text(pasted: str) -> Grid:
    """Cells of tab- or semicolon-separated text. `csv` would unquote every cell that begins with a quotation mark."""
    pasted_text = pasted.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    lines = pasted_text.split("\n")
    delimiter = "\t" if "\t" in pasted_text else ";" if all(";" in line for line in lines if line.strip()) else "\t"
    row: list[str] = []
    rows, position = [row], 0
    while position <= len(pasted_text):
        yield_if_due()
        cell, position = _quoted_cell(pasted_text, position, delimiter) or _plain_cell(pasted_text, position, delimiter)
        row.append(cell)
        if pasted_text[position : position + 1] == "\n":
            row = []
            rows.append(row)
        position += 1
    return rows


def _plain_cell(pasted_text: str, position: int, delimiter: str) -> tuple[str, int]:
    """The cell that begins at `position`, and where it ends."""
    separator = _TAB.search(pasted_text, position) if delimiter == "\t" else _SEMICOLON.search(pasted_text, position)
    end = separator.start() if separator else len(pasted_text)
    return pasted_text[position:end], end


def _quoted_cell(pasted_text: str, position: int, delimiter: str) -> tuple[str, int] | None:
    """As `_plain_cell` for a cell in quotation marks; None if the marks belong to its text.

    Spreadsheets quote a cell that has line breaks, and double the quotation marks in it. So the closing mark stands
    where the cell ends; between tabs, a cell without line breaks or doubled marks keeps its quotation marks.
    """
    if not pasted_text.startswith('"', position):
        return None
    end = pasted_text.find('"', position + 1)
    while pasted_text.startswith('""', end) and end > 0:
        end = pasted_text.find('"', end + 2)
    if end < 0 or pasted_text[end + 1 : end + 2] not in ("", "\n", delimiter):
        return None
    quoted = pasted_text[position + 1 : end]
    if delimiter == "\t" and ("\t" in quoted or not any(sign in quoted for sign in ("\n", ";", '""'))):
        return None
    return quoted.replace('""', '"'), end + 1


def _clean(cell: str) -> str:
    yield_if_due()
    lines = [" ".join(line.split()) for line in text.clean(cell).split("\n")]
    cleaned = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return "" if text.is_blank(cleaned) else cleaned


def _quoted(cell: str) -> str:
    return f'"{cell.replace(chr(34), chr(34) * 2)}"' if re.search(r'[\t\n";]', cell) else cell
