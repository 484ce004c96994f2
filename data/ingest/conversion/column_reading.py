"""One field of a sheet read: from a column, several columns, a constant, or a date and a number of months."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import polars as pl

from data import dictionary
from data.ingest.conversion.computed_columns import compute_columns
from data.ingest.files.sheet_cells import ROW
from data.ingest.mapping.mapping import ColumnMapping
from data.ingest.parsing.cell_parsing import ParsedColumn, parse_cells

THREADS = 2


Settle = Callable[[ColumnMapping, ParsedColumn], ParsedColumn]
"""What is made of a column once all of its cells are known."""


def read_columns(rows: pl.DataFrame, feeds: list[ColumnMapping], table: str, settle: Settle) -> list[ParsedColumn]:
    """The values of all feeds of a table's file; the computed ones after those that they are made from."""
    plain = [feed for feed in feeds if feed.how != "compute"]
    with ThreadPoolExecutor(THREADS) as pool:
        parsed = list(pool.map(lambda feed: read_column(rows, feed), plain))
    found = {feed.name: settle(feed, column) for feed, column in zip(plain, parsed, strict=True)}
    if len(plain) < len(feeds):
        typed = pl.DataFrame({name: column.values for name, column in found.items()}).with_columns(rows[ROW])
        found |= compute_columns(table, feeds, typed, rows)
    return [found[feed.name] for feed in feeds]


def read_column(rows: pl.DataFrame, feed: ColumnMapping) -> ParsedColumn:
    """The values of one feed that is not computed; with `when` only on rows that fill that column."""
    if feed.when:
        rows = rows.with_columns(pl.when(pl.col(feed.when).is_not_null()).then(pl.col(c)) for c in feed.columns)
    if feed.how == "constant":
        text = rows.select(pl.when(pl.col(feed.when or ROW).is_not_null()).then(pl.lit(feed.text))).to_series()
        return parse_cells(text, feed.target, feed.reading)
    if feed.how == "join":
        return _join_columns(rows, feed)
    if feed.how == "add_months":
        return _add_months(rows, feed)
    if feed.how == "first":
        return _coalesce_columns(rows, feed)
    return parse_cells(rows[feed.columns[0]], feed.target, feed.reading)


def _join_columns(rows: pl.DataFrame, feed: ColumnMapping) -> ParsedColumn:
    """The filled ones joined; as the key of its table all of them must be filled, or two keys could look alike."""
    parts = [
        pl.when(pl.col(column).str.strip_chars() != "").then(pl.col(column).str.strip_chars())
        for column in feed.columns
    ]
    frame = rows.select(
        pl.concat_str(parts, separator=feed.separator, ignore_nulls=True).alias("text"),
        pl.all_horizontal(part.is_null() for part in parts).alias("empty"),
        pl.any_horizontal(part.is_null() for part in parts).alias("partial"),
    )
    read = parse_cells(frame.select(pl.when(~pl.col("empty")).then("text")).to_series(), feed.target, feed.reading)
    table = dictionary.load_tables().get(feed.table)
    if table is None or feed.field not in table.key:
        return read
    incomplete = frame.select(pl.col("partial") & ~pl.col("empty")).to_series()
    values = pl.select(pl.when(~incomplete).then(read.values)).to_series()
    if not incomplete.any():
        return read
    return ParsedColumn(values, read.bad | incomplete, "incomplete_key", read.notes)


def _coalesce_columns(rows: pl.DataFrame, feed: ColumnMapping) -> ParsedColumn:
    """The first filled one of several columns; a cell unreadable in any of them is an error."""
    parts = [parse_cells(rows[column], feed.target, feed.reading) for column in feed.columns]
    value = pl.select(pl.coalesce(part.values for part in parts)).to_series()
    bad = pl.select(pl.any_horizontal(part.bad for part in parts)).to_series()
    return ParsedColumn(value, bad, parts[0].reason, tuple(note for part in parts for note in part.notes))


def _add_months(rows: pl.DataFrame, feed: ColumnMapping) -> ParsedColumn:
    """A date and a number of months: the same day of a later month, clipped at its end."""
    start = parse_cells(rows[feed.columns[0]], feed.target, feed.reading)
    months = rows[feed.columns[1]].str.strip_chars().cast(pl.Int32, strict=False)
    by = pl.concat_str(months.cast(pl.String), pl.lit("mo"))
    values = pl.select(pl.lit(start.values).dt.offset_by(by)).to_series()
    no_end = values.is_null() & start.values.is_not_null() & rows[feed.columns[1]].is_not_null()
    return ParsedColumn(values, start.bad | no_end, start.reason, start.notes)
