"""Dates as files write them. A year must have four digits: 24-1-31 is not guessed."""

from datetime import date

import polars as pl

FIRST_YEAR = date(1000, 1, 1)
ISO = r"^\d{4}-\d{1,2}-\d{1,2}$"
COMPACT = r"^\d{8}$"
SERIAL = r"^\d{5}(\.\d+)?$"
CLOCK = r"[T\s]+(\d{1,2}:\d{2}(:\d{2})?)(\.\d+)?$"


def parse(cells: pl.Series, serials: date | None) -> pl.Series:
    """Dates, null where the text is none; `serials` is day 0 of numeric dates, where there are some."""
    values = cells.str.to_date("%Y-%m-%d", strict=False)
    values = pl.select(pl.when(values >= FIRST_YEAR).then(values)).to_series()
    left = (values.is_null() & cells.is_not_null()).arg_true()
    if len(left):
        values = values.scatter(left, _messy(cells.gather(left), serials))
    return values


def parse_times(cells: pl.Series, serials: date | None) -> pl.Series:
    """Times to the microsecond; a date alone is its midnight."""
    values = cells.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us")
    left = (values.is_null() & cells.is_not_null()).arg_true()
    if len(left):
        rest = cells.gather(left)
        days = parse(rest, serials).cast(pl.Datetime("us"))
        clock = rest.str.extract(CLOCK).fill_null("0:00")
        clock = clock.str.to_time("%H:%M:%S", strict=False).fill_null(clock.str.to_time("%H:%M", strict=False))
        values = values.scatter(left, days + clock.cast(pl.Duration("us")))
    return values


def _messy(cells: pl.Series, serials: date | None) -> pl.Series:
    text = cells.str.normalize("NFKC").str.strip_prefix("'").str.replace(CLOCK, "")
    text = text.str.replace_all(r"\s", "").str.replace_all(r"[年月/.]", "-").str.replace(r"[日号]$", "")
    forms = pl.coalesce(
        pl.when(pl.col("text").str.contains(ISO)).then(pl.col("text")).str.to_date("%Y-%m-%d", strict=False),
        pl.when(pl.col("text").str.contains(COMPACT)).then(pl.col("text")).str.to_date("%Y%m%d", strict=False),
    )
    values = text.rename("text").to_frame().select(forms).to_series()
    return values if serials is None else values.fill_null(_from_serials(cells, serials))


def _from_serials(cells: pl.Series, day_zero: date) -> pl.Series:
    days = pl.select(pl.when(cells.str.contains(SERIAL)).then(cells)).to_series().cast(pl.Float64)
    return pl.select(pl.lit(day_zero) + pl.duration(days=days.cast(pl.Int64))).to_series().cast(pl.Date)
