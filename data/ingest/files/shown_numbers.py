"""Numbers of a workbook as their cells show them, where that is not their value: percentages, 万元, leading zeros."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from data.ingest.files.excel_marks import SheetMarks
from data.ingest.formats import number_formats


@dataclass(frozen=True)
class ScaledCells:
    """Cells of a column (c0 …) that show their number divided by 10 to the `power`, and name no unit.

    `row`: the first of them in the file, `value` and `shown`: its number and what it shows.
    """

    column: str
    power: int
    row: int
    value: str
    shown: str


@dataclass
class ShownNumbers:
    """How many cells are read as shown, by kind; the first of the scaled cells of each column and power."""

    counts: dict[str, int] = field(default_factory=dict)
    scaled: dict[tuple[int, int], ScaledCells] = field(default_factory=dict)

    def show_cells(self, rows: Iterator[list[Any]], marks: SheetMarks) -> Iterator[list[Any]]:
        """The rows with such numbers as texts; the counts are whole once all rows are read."""
        if not marks.formats:
            return rows
        places: dict[int, list[tuple[int, str]]] = {}
        for number, column, code in marks.formats:
            places.setdefault(number, []).append((column, code))
        return (self._show_row(number, row, places.get(number, ())) for number, row in enumerate(rows))

    def _show_row(self, number: int, row: list[Any], formats: Iterable[tuple[int, str]]) -> list[Any]:
        for column, code in formats:
            value = row[column] if column < len(row) else None
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                continue
            shown = number_formats.show_number(code, value)
            if shown:
                kind, row[column], power = shown
                self.counts[kind] = self.counts.get(kind, 0) + 1
                if power and row[column][-1:].isdigit():
                    cells = ScaledCells(f"c{column}", power, number + 1, f"{value:.15g}", row[column])
                    self.scaled.setdefault((column, power), cells)
        return row
