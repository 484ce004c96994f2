"""Snapshots as the labels of an axis."""

import polars as pl

from pages.ui.i18n import numbers


def add_axis_dates(frame: pl.DataFrame) -> pl.DataFrame:
    """Add `month`, with its day where a month has several snapshots, `day` as people write it, and `iso`."""
    days = frame["as_of"].unique()
    crowded = days.dt.to_string("%Y-%m").n_unique() < days.len()
    return frame.with_columns(
        month=pl.col("as_of").dt.to_string("%y-%m-%d" if crowded else "%Y-%m"),
        day=numbers.format_series(frame["as_of"], numbers.format_day),
        iso=pl.col("as_of").cast(pl.String),
    )
