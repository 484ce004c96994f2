"""A query of the book as a Polars frame."""

import duckdb
import polars as pl


def fetch_frame(cursor: duckdb.DuckDBPyConnection, sql: str, **values: object) -> pl.DataFrame:
    """Run `sql` with the values bound by name ($name); decimals stay decimals, dates stay dates."""
    frame: pl.DataFrame = cursor.sql(sql, params=values).pl()
    return frame
