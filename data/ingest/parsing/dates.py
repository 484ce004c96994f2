"""Dates as files write them. A year must have four digits: 24-1-31 is not guessed."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from data.ingest.parsing import file_vocabulary

FIRST_YEAR = date(1000, 1, 1)
DAY_ZERO = date(1899, 12, 30)
ISO = r"^\d{4}-\d{1,2}-\d{1,2}$"
COMPACT = r"^\d{8}(\.0+)?$"
SERIAL = r"^\d{5}(\.\d+)?$"
SHORT = r"^\d{5}$"
TIMED = r"^(\d{8})[T\s]?(?:([01]\d|2[0-3])([0-5]\d)([0-5]\d))$"
CLOCK = r"[T\s]+(\d{1,2}:\d{2}(:\d{2})?)(\.\d+)?$"


@dataclass(frozen=True)
class ParsedDates:
    """`impossible`: cells written as dates that do not exist; `from_serials`: cells read as day numbers."""

    values: pl.Series
    impossible: pl.Series | None = None
    from_serials: pl.Series | None = None


def parse(cells: pl.Series, serials: date | None) -> ParsedDates:
    """Dates, null where the text is not a date; `serials` is day 0 of a workbook's numeric dates."""
    values = cells.str.to_date("%Y-%m-%d", strict=False)
    lowest = values.min()
    if isinstance(lowest, date) and lowest < FIRST_YEAR:
        values = pl.select(pl.when(values >= FIRST_YEAR).then(values)).to_series()
    left = (values.is_null() & cells.is_not_null()).arg_true()
    if not len(left):
        return ParsedDates(values)
    found = _parse_irregular(cells.gather(left), serials)
    marks = (_scatter_mask(mask, left, len(cells)) for mask in (found.impossible, found.from_serials))
    return ParsedDates(values.scatter(left, found.values), *marks)


def _scatter_mask(mask: pl.Series | None, places: pl.Series, length: int) -> pl.Series | None:
    """The mask of some cells as one of all of them; None where it marks none."""
    if mask is None or not mask.any():
        return None
    return pl.repeat(False, length, dtype=pl.Boolean, eager=True).scatter(places, mask)


def parse_times(cells: pl.Series, serials: date | None) -> ParsedDates:
    """Times to the microsecond; a date alone is its midnight."""
    values = cells.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us")
    left = (values.is_null() & cells.is_not_null()).arg_true()
    if not len(left):
        return ParsedDates(values)
    rest = cells.gather(left)
    days = parse(rest, serials).values.cast(pl.Datetime("us"))
    timed = rest.str.replace(TIMED, "$1 $2:$3:$4")
    clock = timed.str.extract(CLOCK).fill_null("0:00")
    clock = clock.str.to_time("%H:%M:%S", strict=False).fill_null(clock.str.to_time("%H:%M", strict=False))
    return ParsedDates(values.scatter(left, days + clock.cast(pl.Duration("us"))))


def _parse_irregular(cells: pl.Series, serials: date | None) -> ParsedDates:
    text = cells.str.normalize("NFKC").str.strip_prefix("'").str.replace(CLOCK, "").str.replace(TIMED, "$1")
    text = text.str.replace_all(r"\s", "").str.replace_all(r"[年月/.]", "-").str.replace(r"[日号]$", "")
    frame = text.str.replace(r"^(\d{8})-0+$", "$1").rename("text").to_frame()
    is_iso, is_compact = pl.col("text").str.contains(ISO), pl.col("text").str.contains(COMPACT)
    forms = frame.select(
        value=pl.coalesce(
            pl.when(is_iso).then(pl.col("text")).str.to_date("%Y-%m-%d", strict=False),
            pl.when(is_compact).then(pl.col("text")).str.to_date("%Y%m%d", strict=False),
        ),
        has_form=is_iso | is_compact,
    )
    values = forms["value"]
    impossible = (values.is_null() & forms["has_form"]).fill_null(False)
    if serials is not None:
        return ParsedDates(values.fill_null(_convert_serials(cells, SERIAL, serials)), impossible)
    days = _parse_unmarked_serials(cells)
    numbered = None if days is None else values.is_null() & days.is_not_null()
    return ParsedDates(values if days is None else values.fill_null(days), impossible, numbered)


def _convert_serials(cells: pl.Series, form: str, day_zero: date) -> pl.Series:
    days = pl.select(pl.when(cells.str.contains(form)).then(cells)).to_series().cast(pl.Float64)
    return pl.select(pl.lit(day_zero) + pl.duration(days=pl.lit(days.cast(pl.Int64)))).to_series().cast(pl.Date)


def _parse_unmarked_serials(cells: pl.Series) -> pl.Series | None:
    """Day numbers in a text file: five digits, a plausible range, not all of them a date that lost its zero."""
    numbers = cells.filter(cells.str.contains(SHORT))
    if not len(numbers):
        return None
    days = numbers.cast(pl.Int32)
    in_range = days.is_between(
        int(file_vocabulary.read_setting("serial_first")), int(file_vocabulary.read_setting("serial_last"))
    )
    as_short_dates = ("0" + numbers).str.to_date("%y%m%d", strict=False)
    if not in_range.all() or not as_short_dates.null_count():
        return None
    return _convert_serials(cells, SHORT, DAY_ZERO)
