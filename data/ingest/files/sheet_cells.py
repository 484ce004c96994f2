"""Cells of a sheet as a frame of texts, with the number and the width of each row."""

import polars as pl

from data.ingest.files import size_checks

ROW, WIDTH, MISREAD = "_row", "_width", "_misread"
"""Bookkeeping columns of a sheet: row number in the file (the first is 1), number of cells of the row, and, where
some rows are not in the file's encoding, whether the row is one of them."""


def build_cells_from_rows(name: str, rows: list[list[str]]) -> pl.DataFrame:
    """Rows of texts as a sheet's cells. Raises InputError for too many columns."""
    width = max(map(len, rows), default=0)
    size_checks.check_column_count(name, width)
    columns = [[row[i] if i < len(row) else "" for row in rows] for i in range(width)]
    cells = build_cells_from_columns([pl.Series(column, dtype=pl.String) for column in columns])
    return cells.with_columns(pl.Series(WIDTH, list(map(len, rows)), dtype=pl.UInt32))


def build_cells_from_columns(columns: list[pl.Series]) -> pl.DataFrame:
    """Columns of texts as a sheet's cells, with one column more to detect rows that are too long."""
    cells = pl.DataFrame(
        {f"c{i}": pl.select(pl.when(text != "").then(text)).to_series() for i, text in enumerate(columns)}
    )
    beyond = pl.lit(None, pl.String).alias(f"c{len(columns)}")
    return cells.with_columns(beyond, pl.lit(len(columns), pl.UInt32).alias(WIDTH)).with_row_index(ROW, 1)


def select_filled_rows(cells: pl.DataFrame, header_row: int, columns: list[str]) -> pl.DataFrame:
    """The rows below the header (-1 for none) that fill at least one of the columns."""
    rows = cells[header_row + 1 :]
    return rows.filter(~pl.all_horizontal(pl.col(columns).is_null()))
