"""Rows whose key is a word where others have a number: titles of blocks, totals whatever their word, or neither."""

import re
from decimal import Decimal

import polars as pl

from data.ingest.files.sheet_reading import Sheet
from data.ingest.mapping import key_cells
from data.ingest.mapping.mapping import SheetMapping
from data.ingest.parsing import amounts

DATA, TITLE, TOTAL, ODD = "data", "title", "total", "odd"
NUMBER = re.compile(r"[-+(]?[\d.,]+\)?%?")
NUMBER_IN_KEY = re.compile(r"\d")
Row = dict[str, str | None]


class WordKeys:
    """The rows of a sheet that may be titles or totals, with the columns that tell."""

    def __init__(self, body: pl.DataFrame, sheet: Sheet, mapping: SheetMapping) -> None:
        self.body = body
        self.cells = body.select(sheet.columns)
        self.keys = key_cells.list_key_columns(mapping)
        self.has_numbers = key_cells.has_numbers_for_keys(mapping)
        self.money = list(
            dict.fromkeys(
                feed.columns[0]
                for feed in mapping.column_mappings
                if feed.target.type == "money" and feed.how == "column"
            )
        )

    def classify(self, kinds: dict[int, str]) -> dict[int, str]:
        """The kinds of the suspects (index -> kind), those that are data so far looked at again, and of the last row.

        A row that fills nothing beside its key is a title. One that fills only amounts is a total where these are the
        sum of rows beside it, and odd where they are not: it is certainly no record, and no certain total.
        """
        words = [index for index, kind in kinds.items() if kind == DATA]
        if not self.keys or not self.has_numbers or not self._are_few(words, kinds):
            return kinds
        found = kinds | {index: self._classify_row(self.cells.row(index, named=True)) for index in words}
        last = self._find_unmarked_last_row(found)
        if last is not None:
            found[last] = TOTAL
        open_rows = [index for index in (*words, last) if index is not None and found[index] == TOTAL]
        for index in self._find_unequal_totals(found, open_rows):
            found[index] = DATA if index == last or not self._read_key(index) else ODD
        return found

    def _are_few(self, words: list[int], kinds: dict[int, str]) -> bool:
        """Whether rows with a word for key are the fewer, or lack a column that all others fill."""
        records = len(self.body) - len(kinds)
        if records >= max(len(words), 1):
            return True
        rest = self.cells.select(column for column in self.cells.columns if column not in (*self.keys, *self.money))
        others = pl.Series(range(len(self.body))).is_in(list(kinds)).not_()
        always = [column.name for column in rest.filter(others).get_columns() if not column.null_count()]
        return records > 0 and any(rest[column].gather(words).null_count() == len(words) for column in always)

    def _read_key(self, index: int) -> str:
        row = self.cells.row(index, named=True)
        return next((cell for column in self.keys if (cell := (row[column] or "").strip())), "")

    def _classify_row(self, row: Row) -> str:
        key = next((cell for column in self.keys if (cell := (row[column] or "").strip())), "")
        others = {column: cell.strip() for column, cell in row.items() if cell and cell.strip()}
        others = {column: cell for column, cell in others.items() if column not in self.keys}
        if NUMBER_IN_KEY.search(key):
            return DATA
        if not others:
            return TITLE if key else DATA
        if not all(column in self.money or NUMBER.fullmatch(cell) for column, cell in others.items()):
            return DATA
        return TOTAL if any(column in self.money for column in others) else ODD if key else DATA

    def _find_unmarked_last_row(self, kinds: dict[int, str]) -> int | None:
        """The last record where it fills amounts alone, and every record above also fills a column of another kind."""
        index = next((at for at in range(len(self.body) - 1, -1, -1) if kinds.get(at, DATA) == DATA), None)
        if index is None or index < 2 or not self.money:
            return None
        row = self.cells.row(index, named=True)
        blank = [column for column, cell in row.items() if column not in (*self.keys, *self.money)]
        if any(row[column] for column in blank) or not any(row[column] for column in self.money):
            return None
        above = self.cells[:index].select(blank)
        return index if any(not column.null_count() for column in above.get_columns()) else None

    def _find_unequal_totals(self, kinds: dict[int, str], open_rows: list[int]) -> list[int]:
        """Those of the rows whose amounts are not all the sum of the records between them and another such row."""
        if not open_rows:
            return []
        edges = sorted(index for index, kind in kinds.items() if kind != DATA)
        sums = {column: self._sum_records(column, kinds, edges) for column in self.money}
        return [index for index in open_rows if not self._is_sum(index, edges, sums)]

    def _sum_records(self, column: str, kinds: dict[int, str], edges: list[int]) -> dict[int, Decimal]:
        """Edge -> the sum of the column's records above it; -1 for the first row, len(body) for the last."""
        values = self._parse_amounts(self.body[column])
        values = values.scatter([index for index in edges if kinds[index] != DATA], Decimal(0)).fill_null(Decimal(0))
        running = values.cum_sum()
        return {-1: Decimal(0), len(self.body): running[-1]} | {index: running[index] for index in edges}

    def _is_sum(self, index: int, edges: list[int], sums: dict[str, dict[int, Decimal]]) -> bool:
        own = {column: self._parse_amounts(self.body[column][index : index + 1])[0] for column in self.money}
        stated = {column: amount for column, amount in own.items() if amount is not None}
        others = [edge for edge in (-1, *edges, len(self.body)) if edge != index]
        return any(stated.values()) and any(
            all(abs(sums[column][index] - sums[column][edge]) == amount for column, amount in stated.items())
            for edge in others
        )

    def _parse_amounts(self, cells: pl.Series) -> pl.Series:
        return amounts.parse(cells.str.strip_chars(), "money", Decimal(1)).values
