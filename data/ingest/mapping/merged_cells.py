"""Cells covered by a merged cell: a workbook stores the value in the first of them only."""

import polars as pl

from data.ingest.files.sheet_cells import ROW
from data.ingest.files.sheet_reading import Sheet
from data.ingest.mapping.mapping import ColumnMapping


def fill_down(rows: pl.DataFrame, sheet: Sheet, feeds: list[ColumnMapping]) -> tuple[pl.DataFrame, int]:
    """The rows with the values of merged cells in every row they cover, and the number of cells filled.

    Amounts are not filled: one amount over several rows counts once.
    """
    used = {column for feed in feeds if feed.target.type != "money" for column in feed.columns}
    filled = 0
    for column, spans in _find_spans(sheet).items():
        if column in used:
            before = rows[column].null_count()
            rows = _fill_column(rows, column, spans)
            filled += before - rows[column].null_count()
    return rows, filled


def _find_spans(sheet: Sheet) -> dict[str, pl.DataFrame]:
    """Column -> [_first, _row]: the rows below the first one of each merged cell that begins in the column.

    None for a column whose merged cells overlap, which no spreadsheet writes: they could name rows without end.
    """
    last = len(sheet.cells)
    found: dict[str, list[tuple[int, int]]] = {}
    for top, end in sheet.merges:
        if end[0] > top[0]:
            found.setdefault(f"c{top[1]}", []).append((top[0] + 1, min(end[0] + 1, last)))
    sound = {column: spans for column, spans in found.items() if sum(end - first + 1 for first, end in spans) <= last}
    return {column: _expand_spans(spans) for column, spans in sound.items()}


def _expand_spans(spans: list[tuple[int, int]]) -> pl.DataFrame:
    frame = pl.DataFrame(spans, schema={"_first": pl.UInt32, "_last": pl.UInt32}, orient="row")
    below = pl.int_ranges(pl.col("_first") + 1, pl.col("_last") + 1).cast(pl.List(pl.UInt32))
    return frame.select("_first", below.alias(ROW)).explode(ROW)


def _fill_column(rows: pl.DataFrame, column: str, spans: pl.DataFrame) -> pl.DataFrame:
    held = rows.select(pl.col(ROW).alias("_first"), pl.col(column).alias("_held"))
    below = spans.join(held, on="_first").select(ROW, "_held")
    joined = rows.join(below, on=ROW, how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce(column, "_held").alias(column)).drop("_held")
