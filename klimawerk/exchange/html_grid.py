"""The elements of an HTML table, and the grid of texts that their spans make of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from klimawerk.cooperative import yield_if_due

MERGED = "〃"
"""Stands in a cell for the one above it, with which it is merged; people may write it, too."""


@dataclass
class StruckElement:
    """An element that is struck through. `depth`: how many of its tag are open; `counted`: it had a text."""

    tag: str
    depth: int = 1
    counted: bool = False


@dataclass
class CellElement:
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
    heading: bool = False
    hidden: bool = False
    struck: bool = False
    group: int = 0
    cells: list[CellElement] = field(default_factory=list)

    @property
    def names_columns(self) -> bool:
        return self.heading or (bool(self.cells) and all(cell.heading for cell in self.cells))


@dataclass
class TableElement:
    rows: list[RowElement] = field(default_factory=list)
    cell: CellElement | None = None
    """The one that is open."""
    heading: bool = False
    group: int = 0
    """Of the rows that come now: no cell spans rows of two groups (thead, tbody, tfoot)."""
    columns: int = 0
    hidden_columns: set[int] = field(default_factory=set)

    @property
    def cells(self) -> Iterator[CellElement]:
        return (cell for row in self.rows for cell in row.cells)


class HtmlGrid:
    """The cells of an HTML table by row and column, spans resolved, hidden rows and columns left out."""

    def __init__(self, table: TableElement, most_columns: int) -> None:
        self._table, self._most_columns = table, most_columns
        self._lines = list(self._placed())
        seen = {
            column
            for row, line in zip(table.rows, self._lines, strict=True)
            for column, cell in line.items()
            if not (row.hidden or cell.hidden or column in table.hidden_columns)
        }
        taken = {column for line in self._lines for column in line}
        self._columns = [
            column for column in range(max(taken, default=-1) + 1) if column in seen or column not in taken
        ]
        self.hidden = seen != taken or any(row.hidden for row in table.rows)

    def rows(self) -> list[list[str]]:
        lines = [line for row, line in zip(self._table.rows, self._lines, strict=True) if not row.hidden]
        count = self._headings()
        shown: set[int] = set()
        body = [self._texts(line, shown) for line in lines[count:]]
        return [self._heading(lines[:count]), *body] if count else body

    def _placed(self) -> Iterator[dict[int, CellElement]]:
        """Each row's cells by their columns; a cell stands at every column and in every row that it spans."""
        above: dict[int, tuple[CellElement, int]] = {}
        group = 0
        for row in self._table.rows:
            yield_if_due()
            above, group = (above if row.group == group else {}), row.group
            line = {column: cell for column, (cell, _left) in above.items()}
            above = {column: (cell, left - 1) for column, (cell, left) in above.items() if left > 1}
            column = 0
            for cell in row.cells:
                while column in line:
                    column += 1
                if column > self._most_columns:
                    break
                cell.column = column
                for at in range(column, min(column + cell.width, self._most_columns + 1)):
                    line.setdefault(at, cell)
                    if cell.height > 1:
                        above[at] = (cell, cell.height - 1)
                column += cell.width
            yield line

    def _texts(self, line: dict[int, CellElement], shown: set[int]) -> list[str]:
        """One row. `shown`: ids of the cells whose text stands in a row above already; it is extended."""
        texts = []
        for column in self._columns:
            cell = line.get(column)
            begins = cell is not None and not cell.hidden and (cell.column == column)
            text = cell.text if cell and begins else ""
            texts.append(MERGED if text.strip() and id(cell) in shown else text)
        shown.update(id(cell) for cell in line.values())
        return texts

    def _headings(self) -> int:
        """How many rows name the columns, where it is several; 0 where none has to be made of them."""
        rows = [row for row in self._table.rows if not row.hidden]
        count = next((number for number, row in enumerate(rows) if not row.names_columns), len(rows))
        cells = rows[0].cells if rows else []
        heights = {cell.height for cell in cells if cell.width == 1}
        if count < 2 and len(heights) == 1 and any(cell.width > 1 and cell.height == 1 for cell in cells):
            count = heights.pop()  # a group of columns, with its columns' own names below it
        return count if 1 < count < len(rows) else 0

    def _heading(self, lines: list[dict[int, CellElement]]) -> list[str]:
        """One row of several: each column's own words behind those of its groups."""
        named = []
        for column in self._columns:
            cells = {id(line[column]): line[column] for line in lines if column in line}
            named.append(" ".join(filter(None, (" ".join(cell.text.split()) for cell in cells.values()))))
        return named
