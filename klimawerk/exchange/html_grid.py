"""The elements of a parsed HTML table, and the grid of texts after colspan and rowspan are resolved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from klimawerk.cooperative import yield_if_due

MERGED = "〃"
"""Marks a cell that is merged with the one above it; users may type it, too."""


@dataclass
class StruckElement:
    """An element whose text is struck through. `depth`: open tags of its name; `counted`: it has contained text."""

    tag: str
    depth: int = 1
    counted: bool = False


@dataclass
class CellElement:
    """A table cell. `width`, `height`: columns and rows spanned; `pieces`: its text; `inner`: tables inside it."""

    strike: StruckElement | None = None
    width: int = 1
    height: int = 1
    heading: bool = False
    hidden: bool = False
    column: int = 0
    pieces: list[str] = field(default_factory=list)
    inner: list[TableElement] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.pieces)


@dataclass
class RowElement:
    """A table row. `heading`: in `thead`; `group`: number of its `thead`, `tbody` or `tfoot`."""

    heading: bool = False
    hidden: bool = False
    struck: bool = False
    group: int = 0
    cells: list[CellElement] = field(default_factory=list)

    @property
    def names_columns(self) -> bool:
        """Whether the row consists of column headings."""
        return self.heading or (bool(self.cells) and all(cell.heading for cell in self.cells))


@dataclass
class TableElement:
    """A table while it is parsed."""

    rows: list[RowElement] = field(default_factory=list)
    cell: CellElement | None = None
    """The open cell."""
    heading: bool = False
    group: int = 0
    """Group of the next rows: no cell spans rows of two groups (thead, tbody, tfoot)."""
    columns: int = 0
    hidden_columns: set[int] = field(default_factory=set)

    @property
    def cells(self) -> Iterator[CellElement]:
        """All cells, row by row."""
        return (cell for row in self.rows for cell in row.cells)


class HtmlGrid:
    """The cells of an HTML table by row and column: spans are resolved, hidden rows and columns left out."""

    def __init__(self, table: TableElement, max_columns: int) -> None:
        self._table, self._max_columns = table, max_columns
        self._lines = list(self._place_cells())
        visible = {
            column
            for row, line in zip(table.rows, self._lines, strict=True)
            for column, cell in line.items()
            if not (row.hidden or cell.hidden or column in table.hidden_columns)
        }
        occupied = {column for line in self._lines for column in line}
        self._columns = [
            column for column in range(max(occupied, default=-1) + 1) if column in visible or column not in occupied
        ]
        self.hidden = visible != occupied or any(row.hidden for row in table.rows)

    def rows(self) -> list[list[str]]:
        """Texts by row; several rows of headings become one."""
        lines = [line for row, line in zip(self._table.rows, self._lines, strict=True) if not row.hidden]
        count = self._heading_count()
        shown: set[int] = set()
        body = [self._texts(line, shown) for line in lines[count:]]
        return [self._joined_heading(lines[:count]), *body] if count else body

    def _place_cells(self) -> Iterator[dict[int, CellElement]]:
        """The cells of each row by column; a cell stands at every column and row that it spans."""
        above: dict[int, tuple[CellElement, int]] = {}
        group = 0
        for row in self._table.rows:
            yield_if_due()
            above, group = (above if row.group == group else {}), row.group
            line = {column: cell for column, (cell, _rows_left) in above.items()}
            above = {column: (cell, rows_left - 1) for column, (cell, rows_left) in above.items() if rows_left > 1}
            column = 0
            for cell in row.cells:
                while column in line:
                    column += 1
                if column > self._max_columns:
                    break
                cell.column = column
                for spanned in range(column, min(column + cell.width, self._max_columns + 1)):
                    line.setdefault(spanned, cell)
                    if cell.height > 1:
                        above[spanned] = (cell, cell.height - 1)
                column += cell.width
            yield line

    def _texts(self, line: dict[int, CellElement], shown: set[int]) -> list[str]:
        """The texts of one row. `shown`: ids of cells whose text stands in a row above already; it is extended."""
        texts = []
        for column in self._columns:
            cell = line.get(column)
            starts_here = cell is not None and not cell.hidden and (cell.column == column)
            text = cell.text if cell and starts_here else ""
            texts.append(MERGED if text.strip() and id(cell) in shown else text)
        shown.update(id(cell) for cell in line.values())
        return texts

    def _heading_count(self) -> int:
        """Number of heading rows if there are several to be joined, else 0."""
        rows = [row for row in self._table.rows if not row.hidden]
        count = next((index for index, row in enumerate(rows) if not row.names_columns), len(rows))
        cells = rows[0].cells if rows else []
        heights = {cell.height for cell in cells if cell.width == 1}
        if count < 2 and len(heights) == 1 and any(cell.width > 1 and cell.height == 1 for cell in cells):
            count = heights.pop()  # a heading over several columns, with the columns' names below it
        return count if 1 < count < len(rows) else 0

    def _joined_heading(self, lines: list[dict[int, CellElement]]) -> list[str]:
        """One row from several: the text of each column behind those of its groups."""
        headings = []
        for column in self._columns:
            cells = {id(line[column]): line[column] for line in lines if column in line}
            headings.append(" ".join(filter(None, (" ".join(cell.text.split()) for cell in cells.values()))))
        return headings
