"""A table from the clipboard to a grid of texts: tab-separated as Excel gives it, or the HTML of Word and web pages."""

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
    """What was pasted cannot be read as a table; `sentence` says why."""

    def __init__(self, sentence: LazyString) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class ParsedTable:
    """A table as it was read. `notes`: what was left out of it."""

    grid: Grid
    notes: tuple[LazyString, ...] = ()


def parse_table(pasted: str) -> Grid:
    """Rows of equal length, without empty ones. Raises BadTable. Others have their turn in between (`breathe`): the
    longest text, split into many small cells, takes a second."""
    return read_table(pasted).grid


def read_table(pasted: str) -> ParsedTable:
    """The same, with what was left out. A cell `MERGED` belongs to the one above it."""
    if len(pasted) > MAX_SIZE:
        raise BadTable(_("This table is too large to be pasted."))
    is_html = re.search(r"<t(?:able|d|h)[\s>]", pasted, re.IGNORECASE) is not None
    found = read_html_table(pasted, MAX_ROWS + 1, MAX_COLUMNS) if is_html else HtmlTable(_from_text(pasted))
    rows = [[_clean(cell) for cell in row] for row in found.rows]
    rows = [row for row in rows if any(cell not in ("", MERGED) for cell in row)]
    if not rows:
        raise BadTable(_("There is no table here yet. Copy it in Word or Excel and paste it."))
    width = max(map(len, rows))
    if len(rows) > MAX_ROWS + 1 or width > MAX_COLUMNS:
        raise BadTable(_("At most %(rows)s rows and %(columns)s columns.", rows=MAX_ROWS, columns=MAX_COLUMNS))
    if any(len(cell) > MAX_CELL for row in rows for cell in row):
        raise BadTable(_("A cell of this table is too long."))
    return ParsedTable([row + [""] * (width - len(row)) for row in rows], tuple(_notes(found, rows)))


def _notes(found: HtmlTable, rows: Grid) -> Iterator[LazyString]:
    if found.tables > 1:
        yield _("There are %(count)s tables; only the first one was read.", count=found.tables)
    if found.outside:
        yield _("Text outside of the table was left out.")
    if found.hidden:
        yield _("Hidden rows and columns were left out.")
    if found.struck:
        many = _("%(count)s struck passages were left out.", count=found.struck)
        yield _("One struck passage was left out.") if found.struck == 1 else many
    if found.pictures:
        yield _("Pictures were left out: they cannot be stored here. Say in words what they show.")
    if any(MERGED in row for row in rows):
        yield _("“%(sign)s” is merged with the cell above and means the same; numbers count once.", sign=MERGED)


def to_tab_separated(grid: Grid) -> str:
    """The grid as tab-separated text that `parse` reads back: without marks of its own where it can do without."""
    plain = "\n".join("\t".join(row) for row in grid)
    if _from_text(plain) == grid:
        return plain
    return "\n".join("\t".join(_quoted(cell) for cell in row) for row in grid)


def _from_text(pasted: str) -> Grid:
    """Each cell is judged by itself: see `_quoted_cell`. csv would take the marks of any cell that begins with one."""
    given = pasted.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    lines = given.split("\n")
    delimiter = "\t" if "\t" in given else ";" if all(";" in line for line in lines if line.strip()) else "\t"
    row: list[str] = []
    rows, at = [row], 0
    while at <= len(given):
        yield_if_due()
        cell, at = _quoted_cell(given, at, delimiter) or _plain_cell(given, at, delimiter)
        row.append(cell)
        if given[at : at + 1] == "\n":
            row = []
            rows.append(row)
        at += 1
    return rows


def _plain_cell(given: str, at: int, delimiter: str) -> tuple[str, int]:
    """The cell that begins at `at`, and where it ends."""
    end = _TAB.search(given, at) if delimiter == "\t" else _SEMICOLON.search(given, at)
    found = end.start() if end else len(given)
    return given[at:found], found


def _quoted_cell(given: str, at: int, delimiter: str) -> tuple[str, int] | None:
    """The same for a cell in quotation marks, or None where they belong to its text.

    Spreadsheets put a cell in marks when it has line breaks, and then double those that it has itself. So the closing
    mark stands where the cell ends; between tabs, a cell without line breaks or doubled marks keeps those it has.
    """
    if not given.startswith('"', at):
        return None
    end = given.find('"', at + 1)
    while given.startswith('""', end) and end > 0:
        end = given.find('"', end + 2)
    if end < 0 or given[end + 1 : end + 2] not in ("", "\n", delimiter):
        return None
    inside = given[at + 1 : end]
    if delimiter == "\t" and ("\t" in inside or not any(sign in inside for sign in ("\n", ";", '""'))):
        return None
    return inside.replace('""', '"'), end + 1


def _clean(cell: str) -> str:
    yield_if_due()
    lines = [" ".join(line.split()) for line in text.clean(cell).split("\n")]
    cleaned = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return "" if text.is_blank(cleaned) else cleaned


def _quoted(cell: str) -> str:
    return f'"{cell.replace(chr(34), chr(34) * 2)}"' if re.search(r'[\t\n";]', cell) else cell
